r"""Decides what a JSONPath of a spec finds, as Kubernetes reads it: ``{.items[?(@.kind=="Pod")].metadata.name}``. Pure.

* names, also quoted or with ``\\.`` for a dot in them; ``*``; ``..`` for everything below
* of lists an index, ``[first:end:step]``, several of them as ``[0,2]``; of documents several paths as ``['a','b.c']``
* ``[?(@.path <op> value)]`` with ``== != < <= > >= =~``, or ``[?(@.path)]`` for those that have it
* an index outside its list cannot be judged, a name that is not there finds nothing: both as the reference says
* texts between braces, ``range`` and functions are refused: nothing in an analyzer could be compared with them

The standard's dialect (RFC 9535) gives other answers for quoted paths and for indexes, so no library of it serves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from changeover.checks.finding import CannotJudge
from changeover.checks.outcomes import compare
from changeover.checks.texts import pattern_of

MOST = 100_000
"""Values that a path may reach; more is refused."""
_NAME = r"(?:\\.|[^\s.\[\]{}()'\",:@$*?=<>!|&\\])+"
_DOT = re.compile(rf"(\.\.|\.)?(\*|{_NAME})")
_QUOTED = re.compile(r"\s*(?:'((?:\\.|[^'\\])*)'|\"((?:\\.|[^\"\\])*)\")\s*")
_SLICE = re.compile(r"\s*(-?\d+)?\s*(:)?\s*(-?\d+)?\s*(?::\s*(-?\d+)?)?\s*")
_FILTER = re.compile(
    r"\?\(\s*(?P<path>@[^\s=<>!~]*)\s*(?:(?P<op>==|!=|<=|>=|=~|<|>)\s*(?P<value>.+?))?\s*\)", re.DOTALL
)
_MISSING = object()

Step = Callable[[Sequence[Any]], list[Any]]
"""From the values so far to the next ones."""


def select(document: Any, path: str) -> Any:
    """What the path finds: the value, or the list of them when there is not exactly one. Raises CannotJudge."""
    written = path.strip()
    inner = written[1:-1] if written.startswith("{") and written.endswith("}") else written
    found = _find([document], inner.strip().removeprefix("$"), path)
    return found[0] if len(found) == 1 else found


def _find(values: Sequence[Any], steps: str, path: str) -> list[Any]:
    found = list(values)
    for step in _steps(steps, path):
        found = step(found)
        if len(found) > MOST:
            raise CannotJudge(f"the JSONPath {path} finds too much")
    return found


def _steps(written: str, path: str) -> Iterator[Step]:
    where = 0
    while where < len(written):
        if written.startswith("..[", where):
            yield _everywhere
            where += 2
        if written[where] == "[":
            end = _closing(written, where, path)
            yield _bracket(written[where + 1 : end].strip(), path)
            where = end + 1
            continue
        read = _DOT.match(written, where)
        if read is None or (read[1] is None and where):
            raise CannotJudge(f"the JSONPath {path} cannot be read from {written[where:]!r}")
        if read[1] == "..":
            yield _everywhere
        yield _all if read[2] == "*" else _named(_plain(read[2]))
        where = read.end()


def _closing(written: str, where: int, path: str) -> int:
    """Where the bracket that opens at `where` is closed, quotes and inner brackets aside."""
    depth, quote, at = 0, "", where
    while at < len(written):
        char = written[at]
        if char == "\\":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "[]":
            depth += 1 if char == "[" else -1
            if not depth:
                return at
        at += 1
    raise CannotJudge(f"the JSONPath {path} has a bracket that is not closed")


def _bracket(inner: str, path: str) -> Step:
    if inner == "*":
        return _all
    if inner.startswith("?"):
        return _filter(inner, path)
    parts = _parts(inner)
    quoted = [_QUOTED.fullmatch(one) for one in parts]
    if all(quoted):
        texts = [one[1] if one[1] is not None else one[2] for one in quoted if one]
        return lambda values: [found for one in texts for found in _find(values, _relative(one), path)]
    slices = [_SLICE.fullmatch(one) for one in parts]
    if not all(slices) or not all(one.strip() for one in parts):
        raise CannotJudge(f"the JSONPath {path} cannot be read at [{inner}]")
    return lambda values: [found for one in slices if one for value in values for found in _sliced(value, one, path)]


def _parts(inner: str) -> list[str]:
    """What commas divide outside quotes."""
    return re.findall(r"(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^,'\"])+", inner) or [inner]


def _relative(quoted: str) -> str:
    return quoted if quoted.startswith((".", "[")) else f".{quoted}"


def _plain(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name)


def _everywhere(values: Sequence[Any]) -> list[Any]:
    found, left = [], list(reversed(values))
    while left:
        value = left.pop()
        found.append(value)
        inside = _inside(value)
        left += reversed(inside)
        if len(found) > MOST:
            raise CannotJudge("a JSONPath with .. finds too much")
    return found


def _inside(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []


def _all(values: Sequence[Any]) -> list[Any]:
    return [one for value in values for one in _inside(value)]


def _named(name: str) -> Step:
    return lambda values: [one[name] for one in values if isinstance(one, Mapping) and name in one]


def _sliced(value: Any, read: re.Match[str], path: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise CannotJudge(f"what the JSONPath {path} takes a part of is no list")
    first, end, step = (int(one) if one else None for one in (read[1], read[3], read[4]))
    begin = _from_the_end(first or 0, value)
    stop = len(value) if end is None else _from_the_end(end, value)
    if not read[2]:
        stop = begin + 1
    if begin == stop:
        return []
    if not 0 <= begin < len(value) or not begin <= stop <= len(value):
        raise CannotJudge(f"the JSONPath {path} asks for more than the {len(value)} that are there")
    if step is not None and step <= 0:
        raise CannotJudge(f"the JSONPath {path} has a step of {step}")
    return value[begin:stop:step]


def _from_the_end(index: int, value: Sequence[Any]) -> int:
    return index + len(value) if index < 0 else index


def _filter(inner: str, path: str) -> Step:
    read = _FILTER.fullmatch(inner)
    if read is None:
        raise CannotJudge(f"the filter {inner} of the JSONPath {path} cannot be read")

    def passes(one: Any) -> bool:
        left = _find([one], read["path"][1:], path)
        if not read["op"]:
            return bool(left)
        right = _value(one, read["value"], path)
        if len(left) > 1:
            raise CannotJudge(f"the filter {inner} compares several values")
        return bool(left) and right is not _MISSING and _compared(read["op"], left[0], right)

    def filtered(values: Sequence[Any]) -> list[Any]:
        if any(not isinstance(value, list) for value in values):
            raise CannotJudge(f"what the JSONPath {path} filters is no list")
        return [one for value in values for one in value if passes(one)]

    return filtered


def _value(one: Any, written: str, path: str) -> Any:
    """The right side of a filter: a text, a number, true or false, or a path of its own."""
    quoted = _QUOTED.fullmatch(written)
    if quoted:
        return _plain(quoted[1] if quoted[1] is not None else quoted[2])
    if written in {"true", "false"}:
        return written == "true"
    if written.startswith("@"):
        found = _find([one], written[1:], path)
        return found[0] if len(found) == 1 else _MISSING
    try:
        return float(written)
    except ValueError:
        raise CannotJudge(f"{written} in the JSONPath {path} is neither text nor number") from None


def _compared(operator: str, left: Any, right: Any) -> bool:
    if operator == "=~":
        return isinstance(left, str) and isinstance(right, str) and pattern_of(right).is_in(left)
    if isinstance(left, str) and isinstance(right, str):
        return compare(operator, (left > right) - (left < right), 0)
    if isinstance(left, bool) or isinstance(right, bool):
        if left not in (True, False) or right not in (True, False) or operator not in {"==", "!="}:
            raise CannotJudge(f"{left!r} {operator} {right!r} compares what cannot be compared")
        return (left is right) is (operator == "==")
    if isinstance(left, int | float) and isinstance(right, int | float):
        return compare(operator, left, right)
    raise CannotJudge(f"{left!r} {operator} {right!r} compares what cannot be compared")
