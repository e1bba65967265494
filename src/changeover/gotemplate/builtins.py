"""The functions that Go's text/template brings itself. ``and`` and ``or`` are carried out by the engine."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

from changeover.gotemplate import comparing, formatting
from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.values import (
    NO_VALUE,
    StringMap,
    Uint8,
    decode,
    encode,
    is_integer,
    length,
    truth,
    type_name,
)

_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "\0": "\ufffd"}
_JS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}


def evaluated(values: tuple[Any, ...]) -> str:
    """The text that html, js and urlquery work on."""
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return formatting.sprint(*(NO_VALUE if value is None else value for value in values))


def _and(*values: Any) -> Any:
    return next((value for value in values if not truth(value)), values[-1])


def _or(*values: Any) -> Any:
    return next((value for value in values if truth(value)), values[-1])


def _not(value: Any) -> bool:
    return not truth(value)


def _len(value: Any) -> int:
    if value is None:
        raise CallFailed("len of nil pointer")
    found = length(value)
    if found is None:
        raise CallFailed(f"len of type {type_name(value)}")
    return found


def _index(value: Any, *keys: Any) -> Any:
    if value is None:
        raise CallFailed("index of untyped nil")
    for key in keys:
        value = _entry(value, key)
    return value


def _entry(value: Any, key: Any) -> Any:
    if value is None:
        raise CallFailed("index of nil pointer")
    if isinstance(value, dict):
        if not isinstance(key, str):
            shown = "nil" if key is None else type_name(key)
            raise CallFailed(
                f"value has type {shown}; should be string" if key is not None else "value is nil; should be string"
            )
        return value.get(key, "" if isinstance(value, StringMap) else None)
    size = length(value)
    if size is None:
        raise CallFailed(f"can't index item of type {type_name(value)}")
    place = _place(key, size, inclusive=False)
    if isinstance(value, str):
        return Uint8(encode(value)[place])
    return Uint8(value[place]) if isinstance(value, bytes) else value[place]


def _place(key: Any, size: int, *, inclusive: bool) -> int:
    if key is None:
        raise CallFailed("cannot index slice/array with nil")
    if not is_integer(key):
        raise CallFailed(f"cannot index slice/array with type {type_name(key)}")
    if not 0 <= key < size + inclusive:
        raise CallFailed(f"index out of range: {int(key)}")
    return int(key)


def slice_of(value: Any, *places: Any) -> Any:
    """Go's slice: part of a text or list by two or three places."""
    if value is None:
        raise CallFailed("slice of untyped nil")
    if len(places) > 3:
        raise CallFailed(f"too many slice indexes: {len(places)}")
    if not isinstance(value, str | list | bytes):
        raise CallFailed(f"can't slice item of type {type_name(value)}")
    if isinstance(value, str) and len(places) == 3:
        raise CallFailed("cannot 3-index slice a string")
    size = length(value) or 0
    bounds = [_place(place, size, inclusive=True) for place in places]
    begin = bounds[0] if bounds else 0
    end = bounds[1] if len(bounds) > 1 else size
    if begin > end:
        raise CallFailed(f"invalid slice index: {begin} > {end}")
    if isinstance(value, str):
        return decode(encode(value)[begin:end])
    return type(value)(value[begin:end])


def _html(*values: Any) -> str:
    return "".join(_HTML.get(sign, sign) for sign in evaluated(values))


def _js(*values: Any) -> str:
    return "".join(_js_sign(sign) for sign in evaluated(values))


def _js_sign(sign: str) -> str:
    if sign in _JS:
        return _JS[sign]
    code = ord(sign)
    if code < 0x20:
        return f"\\u{code:04X}"
    return sign if code < 0x80 or sign.isprintable() else f"\\u{code:04X}"


def _urlquery(*values: Any) -> str:
    return query_escape(evaluated(values))


def query_escape(text: str) -> str:
    """Go's url.QueryEscape."""
    return quote_plus(encode(text), safe="~")


def _call(function: Any, *values: Any) -> Any:
    raise CallFailed(
        "call of nil"
        if function is None
        else f"non-function {formatting.to_text(function)} of type {type_name(function)}",
        values,
    )


BUILTINS: dict[str, Function] = table(
    {
        "and": (_and, "any ...any"),
        "or": (_or, "any ...any"),
        "not": (_not, "any"),
        "len": (_len, "any"),
        "index": (_index, "any ...any"),
        "slice": (slice_of, "any ...any"),
        "print": (formatting.sprint, "...any"),
        "printf": (formatting.sprintf, "string ...any"),
        "println": (formatting.sprintln, "...any"),
        "html": (_html, "...any"),
        "js": (_js, "...any"),
        "urlquery": (_urlquery, "...any"),
        "call": (_call, "any ...any"),
        "eq": (comparing.equal, "any ...any"),
        "ne": (comparing.not_equal, "any any"),
        "lt": (comparing.less, "any any"),
        "le": (comparing.less_or_equal, "any any"),
        "gt": (comparing.greater, "any any"),
        "ge": (comparing.greater_or_equal, "any any"),
    }
)
