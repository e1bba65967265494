"""Merging for the API server in memory: server-side apply (lists of named things by name), merge and JSON patches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from changeover.ports import Conflict

_KEYS = ("name", "containerPort", "port", "mountPath", "type", "uid")
Path = tuple[str, ...]


def _key(items: Sequence[Any]) -> str:
    if items and all(isinstance(item, Mapping) for item in items):
        for key in _KEYS:
            if all(key in item for item in items):
                return key
    return ""


def merged(live: Any, wanted: Any, *, nulls_remove: bool = False, lists_merge: bool = True) -> Any:
    """What was there, with what is wanted on top."""
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        result = dict(live)
        for name, value in wanted.items():
            if value is None and nulls_remove:
                result.pop(name, None)
            else:
                result[name] = merged(result.get(name), value, nulls_remove=nulls_remove, lists_merge=lists_merge)
        return result
    if isinstance(wanted, Mapping):
        there = {key: value for key, value in wanted.items() if value is not None or not nulls_remove}
        return {key: merged(None, value, nulls_remove=nulls_remove) for key, value in there.items()}
    if lists_merge and isinstance(live, list) and isinstance(wanted, list) and (key := _key([*live, *wanted])):
        here = {item[key]: item for item in live}
        there = {item[key]: merged(here.get(item[key]), item) for item in wanted}
        return [there.get(item[key], item) for item in live] + [v for k, v in there.items() if k not in here]
    return wanted


def owned(wanted: Any, at: Path = ()) -> frozenset[Path]:
    """The paths of all leaves and named list items."""
    if isinstance(wanted, Mapping) and wanted:
        return frozenset().union(*(owned(value, (*at, str(name))) for name, value in wanted.items()))
    if isinstance(wanted, list) and (key := _key(wanted)):
        return frozenset().union(*(owned(item, (*at, f"[{item[key]}]")) for item in wanted))
    return frozenset({at})


def without(live: Any, before: frozenset[Path], after: frozenset[Path]) -> Any:
    """`live` less the paths that were applied before and are not any more."""
    prefixes = {path[:n] for path in after for n in range(len(path) + 1)}
    return _pruned(live, {path for path in before if path not in prefixes}, ())


def _pruned(value: Any, gone: set[Path], at: Path) -> Any:
    if isinstance(value, Mapping):
        kept = {}
        for name, inside in value.items():
            path = (*at, str(name))
            if path not in gone:
                left = _pruned(inside, gone, path)
                if left not in ({}, []) or inside in ({}, []):
                    kept[name] = left
        return kept
    if isinstance(value, list) and (key := _key(value)):
        items = [(item, _pruned(item, gone, (*at, f"[{item[key]}]"))) for item in value]
        return [left for item, left in items if left or not item]
    return value


def kept(applied: Any, now: Any) -> Any:
    """What of an applied form is still owned by apply after somebody patched: what has the same value."""
    if isinstance(applied, Mapping) and isinstance(now, Mapping):
        return {k: kept(v, now[k]) for k, v in applied.items() if k in now and _leaf_equal(v, now[k])}
    return applied


def _leaf_equal(applied: Any, now: Any) -> bool:
    return isinstance(applied, Mapping | list) or applied == now


def json_patched(value: Any, operations: Sequence[Mapping[str, Any]]) -> Any:
    """RFC 6902: test, add, replace, remove; a failed test is a Conflict."""
    for operation in operations:
        path = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        here = value
        for part in path[:-1]:
            here = here[int(part)] if isinstance(here, list) else here.get(part)
            if here is None:
                raise Conflict(f"there is no {operation['path']}")
        _operate(here, path[-1], operation)
    return value


def _operate(here: Any, last: str, operation: Mapping[str, Any]) -> None:
    do = operation["op"]
    if isinstance(here, list):
        index = len(here) if last == "-" else int(last)
        present = here[index] if index < len(here) else None
    else:
        index, present = last, here.get(last)  # type: ignore[assignment]
    if do == "test" and present != operation.get("value"):
        raise Conflict(f"{operation['path']} is {present!r}, not {operation.get('value')!r}")
    if do in {"replace", "remove"} and present is None:
        raise Conflict(f"there is no {operation['path']}")
    if do == "remove":
        del here[index]
    elif do == "add" and isinstance(here, list):
        here.insert(index, operation["value"])
    elif do in {"add", "replace"}:
        here[index] = operation["value"]
