"""JSON as Go's encoding/json writes and reads it: sorted keys, ``<>&`` escaped, all numbers read as float64."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

from changeover.gotemplate import floats
from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.values import Struct, encode

_DEEPEST = 200
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL = re.compile(r"[\x00-\x1f\"\\\u2028\u2029\ud800-\udfff]")
_SPECIAL_HTML = re.compile(r"[\x00-\x1f\"\\\u2028\u2029\ud800-\udfff<>&]")


class NotJson(CallFailed):
    """A value that JSON cannot say, or a text that is not JSON."""


def dumps(value: Any, *, html: bool = True, indent: str = "") -> str:
    """A value as JSON text; `html` escapes ``<>&``. Raises NotJson."""
    return _Writer(html=html, indent=indent).text(value, 0)


def loads(text: str) -> Any:
    """The value of a JSON text. Raises NotJson."""
    return _loads(text, _number)


def loads_what_fits(text: str) -> Any:
    """The value of a JSON text, in which a number too large for a float64 is nil. Raises NotJson."""
    return _loads(text, _number_or_nil)


def _loads(text: str, number: Callable[[str], float | None]) -> Any:
    try:
        return json.loads(text, parse_int=number, parse_float=number, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotJson(_reason(text, error)) from None


def _number(text: str) -> float:
    value = float(text)
    if value - value != 0:
        raise ValueError(f"json: cannot unmarshal number {text} into Go value of type float64")
    return value


def _number_or_nil(text: str) -> float | None:
    value = float(text)
    return None if value - value != 0 else value


def _refuse(word: str) -> Any:
    raise ValueError(f"invalid character '{word[0]}' looking for beginning of value")


def _reason(text: str, error: Exception) -> str:
    if not text.strip():
        return "unexpected end of JSON input"
    if isinstance(error, json.JSONDecodeError):
        if error.pos >= len(text):
            return "unexpected end of JSON input"
        return f"invalid character {text[error.pos]!r} looking for beginning of value"
    return str(error)


class _Writer:
    def __init__(self, *, html: bool, indent: str) -> None:
        self._special = _SPECIAL_HTML if html else _SPECIAL
        self._indent = indent

    def text(self, value: Any, depth: int) -> str:
        if depth > _DEEPEST:
            raise NotJson("json: the value is nested too deeply")
        if isinstance(value, list | dict):
            return self._container(value, depth)
        if isinstance(value, Struct):
            return self._struct(value, depth)
        return self._scalar(value)

    def _scalar(self, value: Any) -> str:
        if value is None:
            return "null"
        if isinstance(value, str):
            return f'"{self._special.sub(_escaped, value)}"'
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(int(value))
        if isinstance(value, float):
            if value - value != 0:
                raise NotJson(f"json: unsupported value: {floats.to_text(value)}")
            return floats.to_json(value)
        if isinstance(value, bytes):
            return f'"{base64.b64encode(value).decode()}"'
        raise NotJson("json: unsupported type: func()")

    def _struct(self, value: Struct, depth: int) -> str:
        return self._scalar(value.go_json()) if value.is_stringer else self._container(dict(value.go_fields()), depth)

    def _container(self, value: list[Any] | dict[str, Any], depth: int) -> str:
        if isinstance(value, list):
            if getattr(value, "is_nil", False):
                return "null"
            marks, parts = "[]", [self.text(item, depth + 1) for item in value]
        else:
            space = " " if self._indent else ""
            marks = "{}"
            parts = [
                f"{self._scalar(key)}:{space}{self.text(value[key], depth + 1)}" for key in sorted(value, key=encode)
            ]
        if not parts:
            return marks
        if not self._indent:
            return marks[0] + ",".join(parts) + marks[1]
        inner = "\n" + self._indent * (depth + 1)
        return marks[0] + inner + ("," + inner).join(parts) + "\n" + self._indent * depth + marks[1]


def _escaped(match: re.Match[str]) -> str:
    sign = match.group()
    if sign in _SHORT:
        return _SHORT[sign]
    return "\\ufffd" if "\ud800" <= sign <= "\udfff" else f"\\u{ord(sign):04x}"
