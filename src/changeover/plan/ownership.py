"""Who owns which fields of a live object, and how they change hands when Changeover takes over or leaves.

Server-side apply removes a field that a release drops only when its applier was the field's last owner. What `kubectl
apply` and Helm 3 wrote is owned by them as an *Update*, so it would stay for ever (kubectl's own csaupgrade solves the
same for kubectl). Rules:

* what client-side appliers and Helm own becomes ours, as one *Apply* entry; their entries go
* what people set by hand (``kubectl edit``, ``scale``, ``patch`` …), controllers and subresources own stays theirs
* marks of those tools (kubectl's last-applied annotation, Helm's and KOTS's own) are owned by nobody afterwards: they
  stay, so that leaving again is complete and no pod restarts for the loss of one
* leaving gives every field back to whom it was taken from; what came since goes to the first of them
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.objects import FIELD_MANAGER, GROUP, KubeObject
from changeover.settings import APPLYSET_PART_OF

Fields = frozenset[tuple[str, ...]]
"""A set of fields, each as the path that FieldsV1 nests: ``("f:spec", "f:replicas")``."""

Entry = Mapping[str, Any]
"""One entry of ``metadata.managedFields``."""

APPLIERS: frozenset[tuple[str, str]] = frozenset(
    {
        ("kubectl-client-side-apply", "Update"),
        ("kubectl-create", "Update"),
        ("kubectl-replace", "Update"),
        ("kubectl", "Update"),  # before 1.18
        ("kubectl", "Apply"),
        ("before-first-apply", "Update"),
        ("helm", "Update"),
        ("Helm", "Update"),
        ("helm", "Apply"),
        ("kots", "Update"),
        ("kotsadm", "Update"),
    }
)
"""(manager, operation) of tools that apply whole manifests: whom a takeover replaces."""

_US = (FIELD_MANAGER, "Apply")
_OURS_BY_PATCH = (FIELD_MANAGER, "Update")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_THEIR_MARKS = (f"f:{_LAST_APPLIED}", "f:meta.helm.sh/", "f:kots.io/")


@dataclass(frozen=True, slots=True)
class Handover:
    """The new ``managedFields`` of one object, and the entries that went into ours."""

    entries: tuple[Entry, ...]
    taken: tuple[Entry, ...]


def take_over(obj: KubeObject, managers: Iterable[str] = ()) -> Handover:
    """Make ours what appliers own (and what these further managers set); entries of subresources stay."""
    further = frozenset(managers)
    taken = [entry for entry in _entries(obj) if _is_taken(entry, further)]
    given = [entry for entry in taken if _who(entry) != _OURS_BY_PATCH]
    mine = [entry for entry in _entries(obj) if _is_ours(entry)]
    left = [entry for entry in _entries(obj) if entry not in taken and entry not in mine]
    fields = frozenset(path for entry in (*mine, *taken) for path in _read(entry) if not _is_theirs(path))
    ours = [_entry(FIELD_MANAGER, "Apply", fields, like=(*mine, *taken), obj=obj)] if fields else []
    return Handover((*left, *ours), tuple(given))


def others(obj: KubeObject) -> dict[str, str]:
    """Who else owns which field, as the API server names fields in a conflict; subresources count as well."""
    found: dict[str, str] = {}
    for entry in _entries(obj):
        if entry.get("manager") != FIELD_MANAGER:
            found |= {_field(path): str(entry.get("manager", "")) for path in _read(entry)}
    return found


def has_ours(obj: KubeObject) -> bool:
    """Whether Changeover owns fields of it."""
    return any(_who(entry) in (_US, _OURS_BY_PATCH) and not entry.get("subresource") for entry in _entries(obj))


def give_back(obj: KubeObject, taken: Sequence[Entry]) -> tuple[Entry, ...]:
    """The ``managedFields`` of an object that we leave: ours goes to its former owners, our marks to nobody."""
    ours = [entry for entry in _entries(obj) if _who(entry) in (_US, _OURS_BY_PATCH) and not entry.get("subresource")]
    left = [entry for entry in _entries(obj) if entry not in ours]
    fields = frozenset(path for entry in ours for path in _read(entry) if not _is_mark(path))
    owners = list(taken) or [_entry("kubectl-client-side-apply", "Update", frozenset(), like=ours, obj=obj)]
    rest = fields.difference(*(_read(entry) for entry in owners))
    given = []
    for place, owner in enumerate(owners):
        own = frozenset(path for path in _read(owner) if path in fields or _is_theirs(path))
        own |= rest if place == 0 else frozenset()
        same = [entry for entry in left if _identity(entry) == _identity(owner)]  # a takeover that was cut off left it
        left = [entry for entry in left if entry not in same]
        own = own.union(*(_read(entry) for entry in same))
        if own:
            given.append({**owner, "fieldsV1": _write(own)})
    return (*left, *given)


def owning(entries: Iterable[Entry], under: tuple[str, ...]) -> tuple[Entry, ...]:
    """Of these entries what lies under a path; subresources left out."""
    found = (
        (entry, frozenset(path for path in _read(entry) if path[: len(under)] == under))
        for entry in entries
        if not entry.get("subresource")
    )
    return tuple({**entry, "fieldsV1": _write(fields)} for entry, fields in found if fields)


def returned(obj: KubeObject, under: tuple[str, ...], before: Iterable[Entry]) -> tuple[Entry, ...]:
    """The ``managedFields`` when what lies under a path belongs again to whom it did (`before`, as by `owning`)."""
    had = {_identity(entry): _read(entry) for entry in before}
    found = []
    for entry in _entries(obj):
        own = _read(entry)
        fields = frozenset(path for path in own if path[: len(under)] != under)
        fields |= had.get(_identity(entry), frozenset())
        if entry.get("subresource") or fields == own:
            found.append(entry)
        elif fields:
            found.append({**entry, "fieldsV1": _write(fields)})
    return tuple(found)


def by_patch(entry: Entry) -> bool:
    """Whether it tells of our own patches, not of what we applied."""
    return _who(entry) == _OURS_BY_PATCH


def dropped(obj: KubeObject, taken: Iterable[Entry], answer: KubeObject | None) -> tuple[str, ...]:
    """Fields that would go with the first apply: taken over, but not in what we apply (as a dry run answered).

    An applier also owns the defaults of what it created; they come back by themselves. So only what kubectl was told
    counts, by its last-applied annotation; without one nothing can be said.
    """
    told = _last_applied(obj)
    if answer is None or told is None:
        return ()
    applied = frozenset(path for entry in _entries(answer) if _is_ours(entry) for path in _read(entry))
    inside = frozenset(path[:length] for path in applied for length in range(1, len(path) + 1))
    gone = frozenset(path for entry in taken for path in _read(entry) if _is_in(path, told)) - inside
    tops = (path for path in gone if not any(path[:length] in gone for length in range(1, len(path))))
    return tuple(sorted(_text(path) for path in tops if not _is_mark(path) and not _is_theirs(path)))


def _last_applied(obj: KubeObject) -> Any:
    try:
        return json.loads(obj.annotations.get(_LAST_APPLIED, "null"))
    except ValueError:
        return None


def _is_in(path: tuple[str, ...], told: Any) -> bool:
    """Whether a manifest says something at a path; ``f:name``, ``k:{keys of a list's item}``, ``v:item``, ``i:3``."""
    here = told
    for part in path:
        mark, _, rest = part.partition(":")
        here = _into(here, mark, rest)
        if here is None:
            return False
    return here not in ({}, [])


def _into(here: Any, mark: str, rest: str) -> Any:
    if mark == "f":
        return here.get(rest) if isinstance(here, Mapping) else None
    if not isinstance(here, list):
        return None
    if mark == "k":
        keys = json.loads(rest)
        items = (item for item in here if isinstance(item, Mapping))
        return next((item for item in items if all(item.get(key, value) == value for key, value in keys.items())), None)
    return json.loads(rest) if mark == "v" and json.loads(rest) in here else None


def names_of(entries: Iterable[Entry]) -> tuple[str, ...]:
    """The managers of entries, each once."""
    return tuple(sorted({str(entry.get("manager", "")) for entry in entries}))


def _entries(obj: KubeObject) -> Sequence[Entry]:
    found: Sequence[Entry] = obj.metadata.get("managedFields") or ()
    return found


def _who(entry: Entry) -> tuple[str, str]:
    return (str(entry.get("manager", "")), str(entry.get("operation", "")))


def _identity(entry: Entry) -> tuple[str, ...]:
    """What the server tells entries apart by."""
    return (*_who(entry), str(entry.get("apiVersion", "")), str(entry.get("subresource", "")))


def _is_ours(entry: Entry) -> bool:
    return _who(entry) == _US and not entry.get("subresource")


def _is_taken(entry: Entry, further: frozenset[str]) -> bool:
    if entry.get("subresource"):
        return False
    return _who(entry) in APPLIERS or _who(entry) == _OURS_BY_PATCH or entry.get("manager") in further


def _is_theirs(path: tuple[str, ...]) -> bool:
    return path[-1].startswith(_THEIR_MARKS)


def _is_mark(path: tuple[str, ...]) -> bool:
    """Whether it is a label or annotation of ours, or the map that holds it."""
    return path[:2] in {("f:metadata", "f:labels"), ("f:metadata", "f:annotations")} and (
        len(path) > 2 and (path[2] == f"f:{APPLYSET_PART_OF}" or path[2].startswith(f"f:{GROUP}/"))
    )


def _entry(manager: str, operation: str, fields: Fields, *, like: Sequence[Entry], obj: KubeObject) -> Entry:
    times = [str(entry["time"]) for entry in like if entry.get("time")]
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": obj.api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": _write(fields),
        **({"time": max(times)} if times else {}),
    }


def _read(entry: Entry) -> Fields:
    return frozenset(_walk(entry.get("fieldsV1") or {}, ()))


def _walk(node: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, inside in node.items():
        if name == ".":
            yield path
        elif inside:
            yield from _walk(inside, (*path, name))
        else:
            yield (*path, name)


def _write(fields: Fields) -> dict[str, Any]:
    """A path that is a member and has members below it gets ``.``; the root's own membership is never written."""
    tree: dict[str, Any] = {}
    for path in sorted(fields):
        here = tree
        for part in path:
            here = here.setdefault(part, {})
    inner = {path[:length] for path in fields for length in range(1, len(path))}
    for path in fields & inner:
        here = tree
        for part in path:
            here = here[part]
        here["."] = {}
    return tree


def _field(path: tuple[str, ...]) -> str:
    """``.spec.template.spec.containers[name="web"].image``."""
    text = ""
    for part in path:
        mark, _, name = part.partition(":")
        if mark == "f":
            text += f".{name}"
        elif mark == "k":
            keys: Mapping[str, Any] = json.loads(name)
            text += "[" + ",".join(f"{key}={json.dumps(keys[key])}" for key in sorted(keys)) + "]"
        else:
            text += f"[={name}]" if mark == "v" else f"[{name}]"
    return text


def _text(path: tuple[str, ...]) -> str:
    """``spec.template.spec.containers[name=web].image``."""
    text = ""
    for part in path:
        mark, _, name = part.partition(":")
        if mark == "f":
            text += f".{name}" if text else name
        else:
            text += f"[{name}]"
    return text
