"""Sprig's functions on maps. `keys` and `values` come in the order of the keys (Go's order is random)."""

from __future__ import annotations

import copy
from typing import Any

from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.sprig.casting import to_text
from changeover.gotemplate.sprig.flow import is_empty
from changeover.gotemplate.values import NilMap, StringList, encode, type_name

_DEEPEST = 200
_MAP = "map[string]interface {}"


def _dict(*pairs: Any) -> dict[str, Any]:
    values = [*pairs, ""] if len(pairs) % 2 else list(pairs)
    return {to_text(key): value for key, value in zip(values[::2], values[1::2], strict=True)}


def _get(mapping: dict[str, Any], key: str) -> Any:
    return mapping.get(key, "")


def _set(mapping: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    if isinstance(mapping, NilMap):
        raise CallFailed("assignment to entry in nil map")
    mapping[key] = value
    return mapping


def _unset(mapping: dict[str, Any], key: str) -> dict[str, Any]:
    mapping.pop(key, None)
    return mapping


def _has_key(mapping: dict[str, Any], key: str) -> bool:
    return key in mapping


def _pluck(key: str, *mappings: dict[str, Any]) -> list[Any]:
    return [mapping[key] for mapping in mappings if key in mapping]


def _keys(*mappings: dict[str, Any]) -> StringList:
    return StringList(key for mapping in mappings for key in sorted(mapping, key=encode))


def _values(mapping: dict[str, Any]) -> list[Any]:
    return [mapping[key] for key in sorted(mapping, key=encode)]


def _pick(mapping: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: mapping[key] for key in keys if key in mapping}


def _omit(mapping: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}


def _merge(target: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    for other in others:
        _merge_into(target, other, overwrite=False)
    return target


def _merge_overwrite(target: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    for other in others:
        _merge_into(target, other, overwrite=True)
    return target


def _merge_into(target: dict[str, Any], other: dict[str, Any], *, overwrite: bool, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise CallFailed("the maps are nested too deeply to be merged")
    if target is other:
        return
    for key, value in other.items():
        if value is None:
            if overwrite:
                target[key] = None
        elif isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge_into(target[key], value, overwrite=overwrite, depth=depth + 1)
        elif overwrite or is_empty(target.get(key)):
            target[key] = value


def _dig(*path: Any) -> Any:
    if len(path) < 3:
        raise CallFailed("dig needs at least three arguments")
    *keys, otherwise, value = path
    for key in keys:
        if not isinstance(value, dict):
            raise CallFailed(f"interface conversion: interface {{}} is {_shown(value)}, not {_MAP}")
        if not isinstance(key, str):
            raise CallFailed(f"interface conversion: interface {{}} is {_shown(key)}, not string")
        if key not in value:
            return otherwise
        value = value[key]
    return value


def _deep_copy(value: Any) -> Any:
    if value is None:
        raise CallFailed("reflect: call of reflect.Value.Type on zero Value")
    return copy.deepcopy(value)


def _shown(value: Any) -> str:
    return "nil" if value is None else type_name(value)


FUNCTIONS: dict[str, Function] = table(
    {
        "dict": (_dict, "...any"),
        "get": (_get, "map string"),
        "set": (_set, "map string any"),
        "unset": (_unset, "map string"),
        "hasKey": (_has_key, "map string"),
        "pluck": (_pluck, "string ...map"),
        "keys": (_keys, "...map"),
        "values": (_values, "map"),
        "pick": (_pick, "map ...string"),
        "omit": (_omit, "map ...string"),
        "merge": (_merge, "map ...map"),
        "mustMerge": (_merge, "map ...map"),
        "mergeOverwrite": (_merge_overwrite, "map ...map"),
        "mustMergeOverwrite": (_merge_overwrite, "map ...map"),
        "dig": (_dig, "...any"),
        "deepCopy": (_deep_copy, "any"),
        "mustDeepCopy": (_deep_copy, "any"),
    }
)
