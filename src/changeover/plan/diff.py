"""What differs between two objects, field by field, as Kubernetes itself compares them.

* lists whose elements have a key (containers by name, env by name, ports by number and protocol …) are compared by
  that key, so that one inserted element is one difference; a changed order of equal elements is a difference of its own
  (it restarts pods)
* what the server, controllers and Changeover itself write is noise and not compared: status, managedFields,
  resourceVersion, generation, our annotations and labels
* `overlay` compares only what a manifest says with what lives: fields that the manifest does not mention may be
  defaults, except in maps and keyed lists that a manifest owns whole (labels, selectors, data, containers, env)
* quantities are equal when their amount is (``1`` and ``1000m``) in an overlay, where nothing has been normalised yet
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.objects import GROUP, KubeObject
from changeover.plan.dress import SERVER_SIDE
from changeover.quantity import same_amount
from changeover.settings import APPLYSET_PART_OF, SCALED_ANNOTATION

Path = tuple[str, ...]


class Absent:
    """Nothing is there; not the same as null."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two objects differ; `before` or `after` may be ABSENT."""

    path: Path
    before: Any
    after: Any

    @property
    def text(self) -> str:
        """``spec.template.spec.containers[name=server].image``."""
        return path_text(self.path)


NOISY_ANNOTATIONS = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "deployment.kubernetes.io/revision",
        "deprecated.daemonset.template.generation",
    }
)

_LIST_KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "containers": (("name",),),
    "initContainers": (("name",),),
    "ephemeralContainers": (("name",),),
    "env": (("name",),),
    "envFrom": (("configMapRef", "secretRef", "prefix"),),
    "ports": (("containerPort", "protocol"), ("port", "protocol")),
    "volumes": (("name",),),
    "volumeMounts": (("mountPath",),),
    "volumeDevices": (("devicePath",),),
    "volumeClaimTemplates": (("metadata.name",),),
    "imagePullSecrets": (("name",),),
    "hostAliases": (("ip",),),
    "httpHeaders": (("name",),),
    "topologySpreadConstraints": (("topologyKey", "whenUnsatisfiable"),),
    "subjects": (("kind", "namespace", "name"),),
    "webhooks": (("name",),),
    "versions": (("name",),),
    "secrets": (("name",),),
    "items": (("key",),),
    "sources": (("configMap", "secret", "projected", "serviceAccountToken", "downwardAPI"),),
}
_DEFAULTS = {"protocol": "TCP"}
_ORDER_MATTERS = frozenset({"env", "containers", "initContainers", "volumes", "volumeMounts", "envFrom"})
_OWNED_WHOLE = frozenset(
    {"labels", "annotations", "matchLabels", "selector", "data", "binaryData", "nodeSelector", "parameters"}
)
_QUANTITIES = frozenset({"requests", "limits", "hard", "capacity"})


def comparable(obj: KubeObject) -> dict[str, Any]:
    """The object without noise; a workload that we scaled down for now counts with the replicas it had."""
    raw = {name: value for name, value in obj.raw.items() if name != "status"}
    raw["metadata"] = _metadata(obj)
    before = obj.annotations.get(SCALED_ANNOTATION)
    if before and before.isdigit() and isinstance(raw.get("spec"), Mapping):
        raw["spec"] = {**raw["spec"], "replicas": int(before)}
    return raw


def _metadata(obj: KubeObject) -> dict[str, Any]:
    kept = {name: value for name, value in obj.metadata.items() if name not in SERVER_SIDE and value is not None}
    annotations = {
        name: value
        for name, value in obj.annotations.items()
        if name not in NOISY_ANNOTATIONS and not name.startswith(f"{GROUP}/")
    }
    labels = {
        name: value
        for name, value in obj.labels.items()
        if name != APPLYSET_PART_OF and not name.startswith(f"{GROUP}/")
    }
    for name, left in (("annotations", annotations), ("labels", labels)):
        kept.pop(name, None)
        if left:
            kept[name] = left
    return kept


def compare(before: KubeObject, after: KubeObject) -> tuple[Difference, ...]:
    """All differences between two objects as the server gave them."""
    one, other = comparable(before), comparable(after)
    return () if one == other else tuple(_between(one, other, (), exact=True))


def overlay(live: KubeObject, desired: KubeObject) -> tuple[Difference, ...]:
    """Where a live object is not what a manifest says; for objects of which the server gave no dry-run result."""
    return tuple(_between(comparable(live), comparable(desired), (), exact=False))


def overlay_values(live: Any, desired: Any, path: Path) -> tuple[Difference, ...]:
    """The same for a part of two objects; the last name in `path` decides which rules apply."""
    return tuple(_between(live, desired, path, exact=False))


def path_text(path: Path) -> str:
    """A path as a person writes it: ``data["a.json"]``, ``env[name=X].value``."""
    text = ""
    for part in path:
        if part.startswith("["):
            text += part
        elif part.replace("_", "").replace("-", "").isalnum():
            text += f".{part}" if text else part
        else:
            text += f'["{part}"]'
    return text


def _between(before: Any, after: Any, path: Path, *, exact: bool) -> Iterator[Difference]:
    if _equal(before, after, path, exact=exact):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _maps(before, after, path, exact=exact)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(before, after, path, exact=exact)
    else:
        yield Difference(path, before, after)


def _equal(before: Any, after: Any, path: Path, *, exact: bool) -> bool:
    if before is after or before == after:
        return True
    if exact:
        return False
    if after is None or (before is ABSENT and after in ({}, [], "")):
        return True  # a manifest that says null says nothing
    return len(path) > 1 and path[-2] in _QUANTITIES and same_amount(before, after)


def _maps(before: Mapping[str, Any], after: Mapping[str, Any], path: Path, *, exact: bool) -> Iterator[Difference]:
    whole = exact or (bool(path) and path[-1] in _OWNED_WHOLE)
    names = [*before, *(name for name in after if name not in before)] if whole else list(after)
    for name in names:
        yield from _between(before.get(name, ABSENT), after.get(name, ABSENT), (*path, name), exact=exact)


def _lists(before: list[Any], after: list[Any], path: Path, *, exact: bool) -> Iterator[Difference]:
    keyed = _keyed(before, after, path[-1] if path else "")
    if keyed is None:
        yield from _by_position(before, after, path, exact=exact)
        return
    old, new = keyed
    for key in [*old, *(key for key in new if key not in old)]:
        yield from _between(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key), exact=exact)
    order_before, order_after = [key for key in old if key in new], [key for key in new if key in old]
    if order_before != order_after and path[-1] in _ORDER_MATTERS:
        yield Difference((*path, "[order]"), order_before, order_after)


def _by_position(before: list[Any], after: list[Any], path: Path, *, exact: bool) -> Iterator[Difference]:
    if all(not isinstance(item, Mapping | list) for item in (*before, *after)):
        yield Difference(path, before, after)
        return
    for index in range(max(len(before), len(after))):
        one = before[index] if index < len(before) else ABSENT
        other = after[index] if index < len(after) else ABSENT
        yield from _between(one, other, (*path, f"[{index}]"), exact=exact)


def _keyed(before: Sequence[Any], after: Sequence[Any], name: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    for fields in _LIST_KEYS.get(name, ()):
        old, new = _by_key(before, fields), _by_key(after, fields)
        if old is not None and new is not None:
            return old, new
    return None


def _by_key(items: Sequence[Any], fields: tuple[str, ...]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for item in items:
        if not isinstance(item, Mapping):
            return None
        named = [(field, _at(item, field)) for field in fields]
        present = [(field, value) for field, value in named if value is not None]
        if not present or (len(fields) > 1 and fields[0] in {"containerPort", "port"} and present[0][0] != fields[0]):
            return None
        key = "[" + ",".join(f"{field.rpartition('.')[2]}={_short(value)}" for field, value in present) + "]"
        if key in found:
            return None
        found[key] = item
    return found


def _at(item: Mapping[str, Any], field: str) -> Any:
    here: Any = item
    for part in field.split("."):
        here = here.get(part) if isinstance(here, Mapping) else None
    return _DEFAULTS.get(field) if here is None else here


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("name") or sorted(value))
    return str(value)
