"""Takes secrets out of collected files as Troubleshoot does: its own redactors first, then a vendor's. Pure.

Line by line; what stood between lines stays. The lines to look at are found in the whole text at once, by the pattern
itself: nearly all of a file is never cut up. A file selector is a glob in which ``*`` stays within a folder. A path
into YAML that is found writes the whole document anew; one that is not, or a file that is no YAML, changes nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from changeover.checks.redactor_rules import KURL, MULTI, SINGLE
from changeover.errors import Problem
from changeover.gotemplate.sprig.re2 import BadPattern, Match, Pattern, compile_pattern, line_pattern
from changeover.package import yaml_text
from changeover.package.application import mapping, mappings, text, texts

MASK = "***HIDDEN***"
LONGEST_LINE = 10 * 1024 * 1024
"""Characters; a longer line is left as it is."""
_BEGIN, _TOGETHER = 64, 100
"""Characters of a value, and values, that are looked for at once."""
_CLASS_OR_GROUP = re.compile(r"\\.|\[(?:\\.|\[:|[^\]\\])*\]|\((?:\?P?<(?P<name>\w+)>|(?P<other>\?))?", re.DOTALL)


class BadRedactor(Problem):
    """A redactor whose pattern cannot be used."""

    reference = "bad-redactor"


@dataclass(frozen=True, slots=True)
class Redaction:
    """One change of one line; `characters_removed` are bytes and may be negative. Line 0 = the whole file."""

    name: str
    characters_removed: int
    line: int
    file: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class Redacted:
    """A file's content afterwards, and what was done to it."""

    output: str
    redactions: tuple[Redaction, ...]


_Changes = list[tuple[int, int]]
"""(line from 1, bytes removed) of each change."""
_Act = Callable[[str], tuple[str, _Changes]]


@dataclass(frozen=True, slots=True)
class _Step:
    """One redactor at work: gives the new text and its changes."""

    name: str
    is_default: bool
    act: _Act


def redact(content: str, path: str, redactors: Sequence[Mapping[str, Any]] = ()) -> Redacted:
    """The content of a file without secrets; `redactors` are the entries of Redactor specs. Raises BadRedactor."""
    done: list[Redaction] = []
    for step in (*_default(), *_custom(redactors, path)):
        content, changes = step.act(content)
        done += [Redaction(step.name, removed, line, path, step.is_default) for line, removed in changes]
    return Redacted(content, tuple(done))


@lru_cache(maxsize=1)
def _default() -> tuple[_Step, ...]:
    single = [_Step(rule.name, True, _one_line(_pattern(rule.redactor, rule.name), rule.scan)) for rule in SINGLE]
    multi = [
        _Step(
            rule.name,
            True,
            _two_lines(_pattern(rule.selector, rule.name), _pattern(rule.redactor, rule.name), rule.scan),
        )
        for rule in MULTI
    ]
    return (*single, *multi)


def _custom(redactors: Sequence[Mapping[str, Any]], path: str) -> Iterator[_Step]:
    for number, one in enumerate((KURL, *redactors), -1):
        if not _selects(mapping(one.get("fileSelector")), path):
            continue
        removals = mapping(one.get("removals"))
        own = text(one.get("name"))
        values = texts(removals.get("values"))
        for at, act in enumerate(_literals(values)):
            yield _Step(_name(own, number, at, "literal"), False, act)
        for at, entry in enumerate(mappings(removals.get("regex"))):
            name = _name(own, number, at, "regex")
            pattern = _pattern(text(entry.get("redactor")), name)
            selector = text(entry.get("selector"))
            act = _two_lines(_pattern(selector, name), pattern, "") if selector else _one_line(pattern, "")
            yield _Step(name, False, act)
        for at, place in enumerate(texts(removals.get("yamlPath"))):
            yield _Step(_name(own, number, at, "yaml"), False, _yaml(place))


def _name(own: str, number: int, at: int, kind: str) -> str:
    return f"{own or f'unnamed-{number}'}.{kind}.{at}"


def _selects(selector: Mapping[str, Any], path: str) -> bool:
    globs = [*([text(selector.get("file"))] if selector.get("file") else []), *texts(selector.get("files"))]
    return not globs or any(path_pattern(one).fullmatch(path) for one in globs)


@lru_cache(maxsize=256)
def path_pattern(pattern: str) -> re.Pattern[str]:
    """A glob over paths, in which one star stays within a folder."""
    parts = re.split(r"(\*\*|\*|\?)", pattern)
    known = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(known.get(part, re.escape(part)) for part in parts), re.DOTALL)


def _pattern(source: str, name: str) -> Pattern:
    try:
        return compile_pattern(source)
    except BadPattern as error:
        raise BadRedactor(f"The redactor {name} has no usable pattern.", found=str(error)) from None


def _literals(values: Sequence[str]) -> Iterator[_Act]:
    """One after the other, in the lines in which any of them stands: a mask that the first left may be masked again."""
    lines: list[int] | None = None

    def act(content: str, value: str) -> tuple[str, _Changes]:
        nonlocal lines
        if lines is None:
            lines = _lines_with(values, content)
        return _by_line(content, lines, lambda line: line.replace(value, MASK)) if value else (content, [])

    for value in values:
        yield partial(act, value=value)


def _lines_with(values: Sequence[str], content: str) -> list[int]:
    """The lines (from 0) in which the beginning of any value stands."""
    found: set[int] = set()
    for source in _alternatives(tuple(values)):
        pattern = line_pattern(source)
        found.update(range(content.count("\n") + 1) if pattern is None else _at(content, pattern.starts(content)))
    return sorted(found)


@lru_cache(maxsize=4)
def _alternatives(values: tuple[str, ...]) -> tuple[str, ...]:
    begins = sorted({re.escape(value[:_BEGIN]) for value in values if value})
    return tuple("|".join(begins[at : at + _TOGETHER]) for at in range(0, len(begins), _TOGETHER))


def _one_line(pattern: Pattern, scan: str) -> _Act:
    names = _group_names(pattern.source)

    def act(content: str) -> tuple[str, _Changes]:
        return _by_line(content, _candidates(content, pattern, scan), lambda line: _substituted(pattern, names, line))

    return act


@lru_cache(maxsize=2)
def _lowered(content: str) -> str:
    return content.lower()


@lru_cache(maxsize=2)
def _ends(content: str) -> tuple[int, ...]:
    """Where each line ends."""
    return tuple(found.start() for found in re.finditer("\n", content))


def _at(content: str, places: Iterable[int]) -> set[int]:
    """The lines (from 0) of these places."""
    ends = _ends(content)
    return {bisect_left(ends, place) for place in places}


def _candidates(content: str, pattern: Pattern, scan: str) -> Sequence[int]:
    """The lines (from 0) in which a pattern is found, and in small letters the word that must be there."""
    gate = compile_pattern(scan) if scan else None
    if gate is not None and not gate.is_in(_lowered(content)):
        return ()
    whole = line_pattern(pattern.source)
    places = range(content.count("\n") + 1) if whole is None else sorted(_at(content, whole.starts(content)))
    if gate is None or not places:
        return places
    lines = content.split("\n")
    return [at for at in places if gate.is_in(lines[at].lower())]


def _by_line(content: str, candidates: Sequence[int], change: Callable[[str], str]) -> tuple[str, _Changes]:
    changes: _Changes = []
    if not candidates:
        return content, changes
    lines = content.split("\n")
    for at in candidates:
        line = lines[at]
        new = change(line) if line and len(line) <= LONGEST_LINE else line
        if new != line:
            changes.append((at + 1, _bytes(line) - _bytes(new)))
            lines[at] = new
    return ("\n".join(lines) if changes else content), changes


def _two_lines(selector: Pattern, pattern: Pattern, scan: str) -> _Act:
    """Lines are numbered as the reference does: a pair that was looked at together counts once."""
    names = _group_names(pattern.source)

    def act(content: str) -> tuple[str, _Changes]:
        changes: _Changes = []
        candidates = _candidates(content, selector, scan)
        if not candidates:
            return content, changes
        lines = content.split("\n")
        taken, pairs = -1, 0
        for at in candidates:
            if at <= taken or at + 1 >= len(lines) or not selector.is_in(lines[at]):
                continue
            new = _substituted(pattern, names, lines[at + 1])
            if new != lines[at + 1]:
                changes.append((at + 2 - pairs, _bytes(lines[at + 1]) - _bytes(new)))
                lines[at + 1] = new
            taken, pairs = at + 1, pairs + 1
        return ("\n".join(lines) if changes else content), changes

    return act


def _substituted(pattern: Pattern, names: Sequence[str], line: str) -> str:
    if not pattern.is_in(line):
        return line
    parts: list[str] = []
    end = 0
    for match in pattern.matches(line):
        parts += [line[end : match.start()], _instead(match, names)]
        end = match.end()
    return "".join(parts) + line[end:]


def _instead(match: Match, names: Sequence[str]) -> str:
    """All groups in their order: what stands outside of groups goes."""
    known = {"mask": MASK, "drop": ""}
    return "".join(known[name] if name in known else match.group(number) for number, name in enumerate(names, 1))


def _group_names(source: str) -> list[str]:
    """The name of each capturing group, empty for none; a name may come twice."""
    found = [one for one in _CLASS_OR_GROUP.finditer(source) if one.group().startswith("(")]
    return [one["name"] or "" for one in found if not one["other"]]


def _yaml(path: str) -> _Act:
    keys = path.split(".")

    def act(content: str) -> tuple[str, _Changes]:
        try:
            data = yaml_text.load(content)
        except Problem:
            return content, []
        new, found = _masked(data, keys)
        if not found:
            return content, []
        output = yaml_text.dump(new, sort=True)
        return output, [(0, _bytes(content) - _bytes(output))]

    return act


def _masked(value: Any, keys: Sequence[str]) -> tuple[Any, bool]:
    if not keys:
        return MASK, True
    key, rest = keys[0], keys[1:]
    if isinstance(value, list):
        wanted = range(len(value)) if key == "*" else [int(key)] if key.isdigit() and int(key) < len(value) else []
        inside = {at: _masked(value[at], rest) for at in wanted}
        changed = [inside[at][0] if at in inside and inside[at][1] else item for at, item in enumerate(value)]
        return changed, any(found for _, found in inside.values())
    if isinstance(value, Mapping):
        chosen = [name for name in value if key in ("*", name)]
        within = {name: _masked(value[name], rest) for name in chosen}
        new = {name: within[name][0] if name in within and within[name][1] else item for name, item in value.items()}
        return new, any(found for _, found in within.values())
    return value, False


def _bytes(line: str) -> int:
    return len(line.encode("utf-8", "surrogateescape"))
