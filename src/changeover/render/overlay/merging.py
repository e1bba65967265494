"""Strategic merge, as kustomize does it: a patch says what shall be different, the rest of the object stays.

* a mapping is merged field by field; null takes a field away
* a list that Kubernetes keeps by key (`schema`) is merged element by element: of lists with one key the patch's
  elements come first, in the patch's order; of lists with two, new ones come first and the others stay in place
* any other list is replaced
* ``$patch: delete | replace | merge`` in a mapping, in an element, or as an element of its own for a whole list
* where kustomize loses something silently, a problem is raised (an element without its key, directives that it does not
  know) or Kubernetes' meaning holds (a port without protocol is TCP's)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from changeover.render.overlay.schema import DEFAULTS, PLAIN, Shape

GONE = object()
"""The result of a patch that takes its value away."""
_DIRECTIVE = "$patch"
_DELETE, _REPLACE, _MERGE = "delete", "replace", "merge"
_Path = tuple[str, ...]


class Unmergeable(Exception):
    """Why a patch does not fit, in words; callers say which patch and which object."""


def merge(dest: Any, patch: Any, shape: Shape, path: _Path = ()) -> Any:
    """The value with the patch on it, or GONE. Neither argument is changed. Raises Unmergeable."""
    if patch is None:
        return GONE
    if isinstance(patch, Mapping):
        return _mapping(_fitting(dest, Mapping, path), patch, shape, path)
    if isinstance(patch, list):
        return _list(_fitting(dest, list, path), patch, shape, path)
    if isinstance(dest, Mapping | list):
        raise Unmergeable(f"{_words(path)} is a {_kind(dest)} in the release and a single value in the patch")
    return patch


def _fitting(dest: Any, wanted: type, path: _Path) -> Any:
    if dest is None or dest is GONE or isinstance(dest, wanted):
        return None if dest is GONE else dest
    kind = "mapping" if wanted is Mapping else "list"
    raise Unmergeable(f"{_words(path)} is a {_kind(dest)} in the release and a {kind} in the patch")


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "mapping"
    return "list" if isinstance(value, list) else "single value"


def _words(path: _Path) -> str:
    return ".".join(path) or "the object"


def _mapping(dest: Mapping[str, Any] | None, patch: Mapping[str, Any], shape: Shape, path: _Path) -> Any:
    what = _directive(patch, path)
    if what == _DELETE:
        return GONE
    asked = {name: value for name, value in patch.items() if name != _DIRECTIVE}
    if what == _REPLACE:
        return asked
    done = dict(dest or {})
    for name, value in asked.items():
        inside = shape.fields.get(name, PLAIN)
        merged = merge(done.get(name), value, inside, (*path, name))
        if merged is GONE:
            done.pop(name, None)
        else:
            done[name] = merged
    return done


def _directive(patch: Mapping[str, Any], path: _Path) -> str:
    others = [name for name in patch if name.startswith("$") and name != _DIRECTIVE]
    if others:
        raise Unmergeable(f"{_words(path)} has the directive {others[0]}, which is not understood")
    what = str(patch.get(_DIRECTIVE, _MERGE))
    if what not in {_DELETE, _REPLACE, _MERGE}:
        raise Unmergeable(f"{_words(path)} has `$patch: {what}`; delete, replace and merge are understood")
    return what


def _list(dest: Sequence[Any] | None, patch: Sequence[Any], shape: Shape, path: _Path) -> Any:
    if shape.united:
        return [*patch, *(one for one in dest or () if one not in patch)]
    if not shape.keys:
        return _replaced(patch, path)
    alone = [one for one in patch if isinstance(one, Mapping) and set(one) == {_DIRECTIVE}]
    for one in alone:
        what = _directive(one, path)
        if what == _DELETE:
            return GONE
        dest = () if what == _REPLACE else dest
    return _by_key(dest or (), [one for one in patch if one not in alone], shape, path)


def _replaced(patch: Sequence[Any], path: _Path) -> list[Any]:
    for one in patch:
        if isinstance(one, Mapping) and any(name.startswith("$") for name in one):
            raise Unmergeable(f"{_words(path)} is no list that is merged by key: give it whole, without directives")
    return list(patch)


def _by_key(dest: Sequence[Any], patch: Sequence[Any], shape: Shape, path: _Path) -> list[Any]:
    inside = Shape(shape.fields)
    before = {_key(one, shape, path, of="release"): one for one in dest}
    wanted = {_key(one, shape, path, of="patch"): one for one in patch}
    merged = {key: merge(before.get(key), one, inside, (*path, "/".join(map(str, key)))) for key, one in wanted.items()}
    if len(shape.keys) > 1:
        order = [*(key for key in wanted if key not in before), *before]
    else:
        order = [*wanted, *(key for key in before if key not in wanted)]
    done = (merged[key] if key in merged else before[key] for key in order)
    return [one for one in done if one is not GONE]


def _key(element: Any, shape: Shape, path: _Path, *, of: str) -> tuple[Any, ...]:
    found = element if isinstance(element, Mapping) else {}
    key = tuple(found.get(name, DEFAULTS.get(name)) for name in shape.keys)
    if any(part is None or isinstance(part, Mapping | list) for part in key):
        names = " and ".join(shape.keys)
        raise Unmergeable(f"an element of {_words(path)} in the {of} has no {names}, by which it would be found")
    return key
