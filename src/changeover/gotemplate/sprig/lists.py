"""Sprig's functions on lists. None changes the list it is given."""

from __future__ import annotations

from typing import Any

from changeover.gotemplate.comparing import deep_equal
from changeover.gotemplate.limits import check_entries
from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.sprig.casting import to_int
from changeover.gotemplate.sprig.flow import is_empty
from changeover.gotemplate.values import Chunks, NilList, Uint8, kind_of


def _items(value: Any, complaint: str) -> list[Any]:
    if isinstance(value, list):
        return list(value)
    if isinstance(value, bytes):
        return [Uint8(byte) for byte in value]
    if value is None:
        raise CallFailed("runtime error: invalid memory address or nil pointer dereference")
    raise CallFailed(f"{complaint} {kind_of(value)}")


def _push(value: Any, item: Any) -> list[Any]:
    return [*_items(value, "Cannot push on type"), item]


def _prepend(value: Any, item: Any) -> list[Any]:
    return [item, *_items(value, "Cannot prepend on type")]


def _first(value: Any) -> Any:
    return next(iter(_items(value, "Cannot find first on type")), None)


def _last(value: Any) -> Any:
    return next(iter(reversed(_items(value, "Cannot find last on type"))), None)


def _rest(value: Any) -> list[Any]:
    items = _items(value, "Cannot find rest on type")
    return items[1:] if items else NilList()


def _initial(value: Any) -> list[Any]:
    items = _items(value, "Cannot find initial on type")
    return items[:-1] if items else NilList()


def _reverse(value: Any) -> list[Any]:
    return _items(value, "Cannot find reverse on type")[::-1]


def _compact(value: Any) -> list[Any]:
    return [item for item in _items(value, "Cannot compact on type") if not is_empty(item)]


def _uniq(value: Any) -> list[Any]:
    found: list[Any] = []
    for item in _items(value, "Cannot find uniq on type"):
        if not _holds(found, item):
            found.append(item)
    return found


def _without(value: Any, *left_out: Any) -> list[Any]:
    return [item for item in _items(value, "Cannot find without on type") if not _holds(list(left_out), item)]


def _has(needle: Any, value: Any) -> bool:
    return value is not None and _holds(_items(value, "Cannot find has on type"), needle)


def _holds(items: list[Any], needle: Any) -> bool:
    return any(deep_equal(needle, item) for item in items)


def _slice(value: Any, *bounds: Any) -> Any:
    items = _items(value, "list should be type of slice or array but")
    if not items:
        return None
    start = to_int(bounds[0]) if bounds else 0
    end = to_int(bounds[1]) if len(bounds) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise CallFailed("reflect.Value.Slice: slice index out of bounds")
    return type(value)(value[start:end])


def _concat(*lists: Any) -> list[Any]:
    result: list[Any] = []
    for value in lists:
        if value is not None and not isinstance(value, list | bytes):
            raise CallFailed(f"Cannot concat type {kind_of(value)} as list")
        result += _items(value, "")
    check_entries(len(result))
    return result or NilList()


def _chunk(size: int, value: Any) -> Chunks:
    items = _items(value, "Cannot chunk type")
    if size <= 0:
        if size and (len(items) - 1) // size == -1:
            return Chunks()
        raise CallFailed("runtime error: makeslice: len out of range")
    return Chunks(items[begin : begin + size] for begin in range(0, len(items), size))


FUNCTIONS: dict[str, Function] = table(
    {
        "list": (lambda *items: list(items), "...any"),
        "tuple": (lambda *items: list(items), "...any"),
        "slice": (_slice, "any ...any"),
        "mustSlice": (_slice, "any ...any"),
        "has": (_has, "any any"),
        "mustHas": (_has, "any any"),
        "without": (_without, "any ...any"),
        "mustWithout": (_without, "any ...any"),
        "concat": (_concat, "...any"),
        "chunk": (_chunk, "int any"),
        "mustChunk": (_chunk, "int any"),
        **dict.fromkeys(("append", "push", "mustAppend", "mustPush"), (_push, "any any")),
        **dict.fromkeys(("prepend", "mustPrepend"), (_prepend, "any any")),
        **dict.fromkeys(("first", "mustFirst"), (_first, "any")),
        **dict.fromkeys(("last", "mustLast"), (_last, "any")),
        **dict.fromkeys(("rest", "mustRest"), (_rest, "any")),
        **dict.fromkeys(("initial", "mustInitial"), (_initial, "any")),
        **dict.fromkeys(("reverse", "mustReverse"), (_reverse, "any")),
        **dict.fromkeys(("compact", "mustCompact"), (_compact, "any")),
        **dict.fromkeys(("uniq", "mustUniq"), (_uniq, "any")),
    }
)
