"""Decides what YAML text means: exactly what Kubernetes' own loader (sigs.k8s.io/yaml, strict) makes of it.

* YAML 1.1 booleans: y, n, yes, no, on, off, true, false (three spellings each); null, ~ and nothing are null.
* numbers as Go reads them: ``08`` is 8, ``010`` and ``0o10`` are 8, ``0b11`` is 3, ``1_000`` is 1000, ``1.0`` is 1;
  ``12:30`` and dates are text.
* keys become text; a key given twice is an error; ``<<`` merges, explicit keys win.
* aliases may repeat what was written at most `ALIAS_BUDGET` nodes in all, nesting ends at `DEPTH`.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from changeover.errors import Problem

ALIAS_BUDGET = 100_000
DEPTH = 250

_PARSER: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_WRITER: Any = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper
_TAG = "tag:yaml.org,2002:"
_WORDS: dict[str, object] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([Tt ]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d{2}:\d{2})?)?")
_SEPARATOR = re.compile(r"^---[ \t]*(?:#.*)?\r?$", re.MULTILINE)


class BrokenYaml(Problem):
    """Text that is not the YAML that Kubernetes would accept; says the file, line and column."""

    reference = "broken-yaml"

    def __init__(self, message: str, *, file: str, line: int, column: int, hint: str | None = None) -> None:
        where = f"{file or 'the text'} line {line}, column {column}"
        super().__init__(f"{where}: {message}", hint=hint)
        self.reason, self.file, self.line, self.column = message, file, line, column


class DuplicateKey(BrokenYaml):
    """A key that is given twice in one mapping."""

    reference = "duplicate-key"


def load(text: str, *, file: str = "", first_line: int = 1, last_key_wins: bool = False) -> Any:
    """The one document in a text; nothing but comments is None. `first_line` is the text's place in its file.

    Raises BrokenYaml, also for a second document; DuplicateKey, unless the last one is to win.
    """
    reader = _Reader(text, file=file, first_line=first_line)
    reader.last_key_wins = last_key_wins
    found = list(reader.documents())
    if len(found) > 1:
        raise BrokenYaml(
            "a second document begins here, one was expected",
            file=file,
            line=found[1][0],
            column=1,
        )
    return found[0][1] if found else None


def load_stream(text: str, *, file: str = "", first_line: int = 1) -> Iterator[tuple[int, Any]]:
    """Every document of a text with the line on which it begins; a mistake anywhere raises BrokenYaml."""
    reader = _Reader(text, file=file, first_line=first_line)
    yield from reader.documents()


def split_documents(text: str) -> list[tuple[int, str]]:
    """Cut at ``---`` lines: (first line, text) of each part that holds more than blanks and comments."""
    parts: list[tuple[int, str]] = []
    begin, line = 0, 1
    for mark in [*_SEPARATOR.finditer(text), None]:
        part = text[begin : mark.start() if mark else len(text)]
        if _says_something(part):
            parts.append((line, part))
        if mark:
            line += part.count("\n")
            begin = mark.end()
    return parts


def scalar(text: str) -> Any:
    """What an unquoted scalar means."""
    if text and text[0] not in "yYnNtTfFoO~.+-0123456789":
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "+-0123456789":
        return text if _DATE.fullmatch(text) else _number(text.replace("_", ""), text)
    if text[0] == "." and _FLOAT.fullmatch(text):
        return _whole(float(text))
    return text


def dump(value: Any, *, sort: bool = False) -> str:
    """YAML that every loader reads back as the same value: long texts as blocks, doubtful words in quotes."""
    return str(
        yaml.dump(value, Dumper=_Writer, sort_keys=sort, default_flow_style=False, allow_unicode=True, width=1_000_000)
    )


def dump_all(values: list[Any], *, sort: bool = False) -> str:
    """The documents as one stream, separated by ``---``."""
    return "---\n".join(dump(value, sort=sort) for value in values)


def _says_something(text: str) -> bool:
    return any(line and not line.startswith("#") for raw in text.splitlines() if (line := raw.strip()))


def _number(plain: str, text: str) -> Any:
    match = _INTEGER.fullmatch(plain)
    if match:
        sign, digits = match.groups()
        octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
        value = int(sign + ("0o" + digits[1:] if octal else digits), 0)
        return value if -(2**63) <= value < 2**64 else float(value)
    return _whole(float(plain)) if _FLOAT.fullmatch(plain) and math.isfinite(float(plain)) else text


def _whole(value: float) -> int | float:
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


class _Reader:
    """Builds values from libyaml's events."""

    def __init__(self, text: str, *, file: str, first_line: int) -> None:
        self._file = file
        self._first_line = first_line
        self._lines = text
        self._anchors: dict[str, tuple[Any, int]] = {}
        self.last_key_wins = False
        self._nodes = 0
        self._repeated = 0
        try:
            self._parser: Any = _PARSER(text)
        except UnicodeEncodeError as error:
            line = text.count("\n", 0, error.start) + first_line
            raise BrokenYaml("bytes that are no text (UTF-8)", file=file, line=line, column=1) from None
        except yaml.YAMLError as error:
            raise self._broken(error) from None

    def documents(self) -> Iterator[tuple[int, Any]]:
        while True:
            event = self._next()
            if isinstance(event, yaml.StreamEndEvent):
                return
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors = {}
                first = self._next()
                value = self._node(first, 0)
                if not isinstance(self._next(), yaml.DocumentEndEvent):  # pragma: no cover - libyaml guarantees it
                    raise self._problem("the document does not end", first)
                if value is not None:
                    yield first.start_mark.line + self._first_line, value

    def _next(self) -> Any:
        try:
            return self._parser.get_event()
        except yaml.YAMLError as error:
            raise self._broken(error) from None

    def _node(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if depth > DEPTH:
            raise self._problem(f"nested deeper than {DEPTH}", event)
        before = self._nodes
        self._nodes += 1
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = []
            while not isinstance(item := self._next(), yaml.SequenceEndEvent):
                value.append(self._node(item, depth + 1))
        else:
            value = self._mapping(depth)
        if event.anchor:
            self._anchors[event.anchor] = (value, self._nodes - before)
        return value

    def _mapping(self, depth: int) -> dict[str, Any]:
        value: dict[str, Any] = {}
        merged: list[dict[str, Any]] = []
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
                merged += self._merged(event, self._node(self._next(), depth + 1))
                continue
            key = self._key(event, self._node(event, depth + 1))
            if key in value and not self.last_key_wins:
                raise self._duplicate(key, event)
            value[key] = self._node(self._next(), depth + 1)
        for other in merged:
            for key, item in other.items():
                value.setdefault(key, item)
        return value

    def _merged(self, event: Any, value: Any) -> list[dict[str, Any]]:
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(item, dict) for item in found):
            raise self._problem("<< needs a mapping or a list of mappings", event)
        return found

    def _key(self, event: Any, value: Any) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        lines = self._lines.splitlines()[event.start_mark.line :][:1]
        raise self._problem("a key must be text", event, hint=_hint(lines, ""))

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise self._problem(f"there is no finished anchor &{event.anchor} before this alias", event)
        value, size = self._anchors[event.anchor]
        self._repeated += size
        self._nodes += size
        if self._repeated > ALIAS_BUDGET:
            raise self._problem(f"aliases repeat more than {ALIAS_BUDGET} values", event, hint="write them out")
        return value

    def _scalar(self, event: Any) -> Any:
        tag = event.tag
        if tag is None:
            value = scalar(event.value) if event.implicit[0] else event.value
        else:
            value = self._tagged(event, tag.removeprefix(_TAG))
        if isinstance(value, float) and not math.isfinite(value):
            raise self._problem(f"{event.value} has no form in JSON", event, hint="put it in quotes if it is text")
        return value

    def _tagged(self, event: Any, tag: str) -> Any:
        if tag == "binary":
            try:
                return base64.b64decode(event.value, validate=False).decode()
            except (binascii.Error, UnicodeDecodeError):
                raise self._problem("!!binary is not base64 of text", event) from None
        if tag not in {"bool", "int", "float", "null"}:
            return event.value
        value = scalar(event.value)
        fits = {
            "bool": isinstance(value, bool),
            "int": isinstance(value, int) and not isinstance(value, bool),
            "float": isinstance(value, int | float) and not isinstance(value, bool),
            "null": value is None,
        }
        if not fits[tag]:
            raise self._problem(f"{event.value!r} is not a {tag}", event)
        return value

    def _duplicate(self, key: str, event: Any) -> DuplicateKey:
        line, column = event.start_mark.line + self._first_line, event.start_mark.column + 1
        message = f"key {key!r} is given twice"
        return DuplicateKey(message, file=self._file, line=line, column=column, hint="remove one of the two")

    def _problem(self, message: str, event: Any, *, hint: str | None = None) -> BrokenYaml:
        mark = event.start_mark
        return BrokenYaml(
            message, file=self._file, line=mark.line + self._first_line, column=mark.column + 1, hint=hint
        )

    def _broken(self, error: yaml.YAMLError) -> BrokenYaml:
        mark = getattr(error, "problem_mark", None)
        lines = self._lines.splitlines()
        line = min(mark.line, max(len(lines) - 1, 0)) if mark else 0
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        return BrokenYaml(
            str(reason),
            file=self._file,
            line=line + self._first_line,
            column=(mark.column if mark else 0) + 1,
            hint=_hint(lines[line : line + 1], str(reason)),
        )


def _hint(at: list[str], reason: str) -> str | None:
    line = at[0] if at else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces: YAML knows no tabs there"
    if "{{" in line:
        return "a template that begins a value must stand in quotes, or be written repl{{ … }}"
    if "mapping values are not allowed" in reason:
        return "a text with ': ' in it needs quotes"
    return None


class _Writer(_WRITER):  # type: ignore[misc]
    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _represent_text(writer: Any, text: str) -> Any:
    style = None
    if "\n" in text and not any(line.endswith(" ") for line in text.split("\n")):
        style = "|"
    elif scalar(text) is not text or text.startswith(("=", "<<")):
        style = "'"
    return writer.represent_scalar(_TAG + "str", text, style=style)


_Writer.add_representer(str, _represent_text)
