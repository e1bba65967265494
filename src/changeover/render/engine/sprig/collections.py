"""Sprig: lists, dictionaries, defaults, types."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from changeover.render.engine import values
from changeover.render.engine.sprig import texts
from changeover.render.engine.values import ValueProblem


def empty(value: Any) -> bool:
    """Sprig's empty: nil, zero, false, and what has no length."""
    return not values.truth(value)


def merge(target: dict[str, Any], *sources: Mapping[str, Any], over: bool = False) -> dict[str, Any]:
    """mergo: fills gaps of the target, or overwrites it."""
    for source in sources:
        for key, value in source.items():
            before = target.get(key)
            if isinstance(before, dict) and isinstance(value, Mapping):
                merge(before, value, over=over)
            elif key not in target or empty(before) or (over and not empty(value)):
                target[key] = copy.deepcopy(value)
    return target


def dictionary(*items: Any) -> dict[str, Any]:
    """Pairs of keys and values; a key without a value gets an empty text."""
    padded = [*items, ""] if len(items) % 2 else [*items]
    return {texts.text_of(key): value for key, value in zip(padded[::2], padded[1::2], strict=True)}


def kind_of(value: Any) -> str:
    """Reflect's Kind of a value."""
    if value is None:
        return "invalid"
    if isinstance(value, Mapping):
        return "map"
    return {"[]interface {}": "slice"}.get(values.go_type(value), values.go_type(value))


def dig(*path: Any) -> Any:
    """Walk keys down a dictionary, with a default before it."""
    *keys, default, here = path
    for key in keys:
        if not isinstance(here, Mapping) or key not in here:
            return default
        here = here[key]
    return here


def _set(target: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    target[key] = value
    return target


def _unset(target: dict[str, Any], key: str) -> dict[str, Any]:
    target.pop(key, None)
    return target


def _fail(message: str) -> str:
    raise ValueProblem(message)


def _ternary(yes: Any, no: Any, value: Any) -> Any:
    return yes if value else no


def _items(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise ValueProblem(f"Cannot find a list in type {kind_of(value)}")
    return list(value)


def _unique(items: Any) -> list[Any]:
    found: list[Any] = []
    for item in _items(items):
        if item not in found:
            found.append(item)
    return found


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "all": lambda *items: all(not empty(item) for item in items),
    "any": lambda *items: any(not empty(item) for item in items),
    "append": lambda items, item: [*_items(items), item],
    "chunk": lambda size, items: [_items(items)[at : at + size] for at in range(0, len(items), size)],
    "coalesce": lambda *items: next((item for item in items if not empty(item)), None),
    "compact": lambda items: [item for item in _items(items) if not empty(item)],
    "concat": lambda *lists: [item for items in lists for item in _items(items)],
    "deepCopy": copy.deepcopy,
    "deepEqual": lambda one, other: one == other,
    "default": lambda fallback, *given: fallback if not given or empty(given[0]) else given[0],
    "dict": dictionary,
    "dig": dig,
    "empty": empty,
    "fail": _fail,
    "first": lambda items: next(iter(_items(items)), None),
    "get": lambda found, key: found.get(key, ""),
    "has": lambda item, items: item in _items(items) if items is not None else False,
    "hasKey": lambda found, key: key in found,
    "initial": lambda items: _items(items)[:-1],
    "keys": lambda *found: [key for one in found for key in one],
    "kindIs": lambda kind, value: kind_of(value) == kind,
    "kindOf": kind_of,
    "last": lambda items: _items(items)[-1] if items else None,
    "list": lambda *items: list(items),
    "merge": merge,
    "mergeOverwrite": lambda target, *sources: merge(target, *sources, over=True),
    "mustMerge": merge,
    "omit": lambda found, *keys: {key: value for key, value in found.items() if key not in keys},
    "pick": lambda found, *keys: {key: found[key] for key in keys if key in found},
    "pluck": lambda key, *found: [one[key] for one in found if key in one],
    "prepend": lambda items, item: [item, *_items(items)],
    "push": lambda items, item: [*_items(items), item],
    "rest": lambda items: _items(items)[1:],
    "reverse": lambda items: _items(items)[::-1],
    "set": _set,
    "ternary": _ternary,
    "tuple": lambda *items: list(items),
    "typeIs": lambda name, value: values.go_type(value) == name,
    "typeIsLike": lambda name, value: values.go_type(value) in {name, f"*{name}"},
    "typeOf": values.go_type,
    "uniq": _unique,
    "unset": _unset,
    "values": lambda found: list(found.values()),
    "without": lambda items, *left: [item for item in _items(items) if item not in left],
}
