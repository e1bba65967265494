"""Fields that others have set and keep: they are left out of what is sent, so that the server leaves them alone.

* where nobody else owns the field any more (their tool was removed, or the object was made anew), leaving it out would
  reset it: then what lives there is sent
* a field is named as the API server names it in a conflict: ``.spec.replicas``,
  ``.spec.template.spec.containers[name="web"].env[name="MODE"].value``; it is looked up in the object itself, since
  names may hold dots
* what is not in an object cannot be left out of it: such a field is simply not there
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from changeover.objects import KubeObject
from changeover.plan import ownership

Field = tuple[str, str]
"""(field, manager who keeps it)"""

_KEYS = re.compile(r'(\w*)=("(?:[^"\\]|\\.)*"|[^,\]]+)')
_BRACKET = re.compile(r'\[(?:\w*=(?:"(?:[^"\\]|\\.)*"|[^,\]]+),?)+\]')
_DEFAULTS = {"protocol": "TCP"}


@dataclass(frozen=True, slots=True)
class Theirs:
    """What is kept so far, by `Ref.key`, and whether conflicts that are found now are kept as well."""

    kept: Mapping[str, tuple[Field, ...]] = field(default_factory=dict)
    keeps_new: bool = False


def as_theirs(obj: KubeObject, live: KubeObject, fields: Iterable[str]) -> KubeObject:
    """The object as it is sent to where `live` is: without what others own, else with what lives there."""
    fields, owned = tuple(fields), ownership.others(live)
    kept = filled(obj, values(live, (name for name in fields if name not in owned)))
    return without(kept, (name for name in fields if name in owned and has(live, name)))


def without(obj: KubeObject, fields: Iterable[str]) -> KubeObject:
    """The object without these fields."""
    raw = copy.deepcopy(dict(obj.raw))
    for name in fields:
        place = _place(raw, name)
        if place is not None:
            parent, key = place
            del parent[key]
    return KubeObject(raw)


def values(obj: KubeObject, fields: Iterable[str]) -> dict[str, Any]:
    """What stands in these fields; those that are not there are left out."""
    places = ((name, _place(obj.raw, name)) for name in fields)
    return {name: copy.deepcopy(place[0][place[1]]) for name, place in places if place is not None}


def filled(obj: KubeObject, found: Mapping[str, Any]) -> KubeObject:
    """The object with these values where it has the fields."""
    raw = copy.deepcopy(dict(obj.raw))
    for name, value in found.items():
        place = _place(raw, name)
        if place is not None:
            parent, key = place
            parent[key] = copy.deepcopy(value)
    return KubeObject(raw)


def has(obj: KubeObject, name: str) -> bool:
    """Whether there is such a field."""
    return _place(obj.raw, name) is not None


def _place(raw: Any, name: str) -> tuple[Any, Any] | None:
    """The map or list that holds the field, and under what."""
    found = next(_places(raw, name if name.startswith((".", "[")) else f".{name}"), None)
    return found if found is None or found[0] is not None else None


def _places(here: Any, rest: str) -> Iterator[tuple[Any, Any]]:
    for key, left in _inside(here, rest):
        if not left:
            yield here, key
        else:
            yield from _places(here[key], left)


def _inside(here: Any, rest: str) -> Iterator[tuple[Any, str]]:
    if isinstance(here, Mapping) and rest.startswith("."):
        for key in sorted((str(key) for key in here), key=len, reverse=True):
            left = rest[1 + len(key) :]
            if rest[1:].startswith(key) and (not left or left[0] in ".["):
                yield key, left
    elif isinstance(here, list) and (match := _BRACKET.match(rest)):
        index = _index(here, match.group())
        if index is not None:
            yield index, rest[match.end() :]


def _index(items: Sequence[Any], bracket: str) -> int | None:
    wanted = {name: _value(text) for name, text in _KEYS.findall(bracket)}
    for index, item in enumerate(items):
        if "" in wanted:
            if item == wanted[""]:
                return index
        elif isinstance(item, Mapping) and all(
            item.get(name, _DEFAULTS.get(name)) == value for name, value in wanted.items()
        ):
            return index
    return None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
