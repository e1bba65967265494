"""Decides in which phase an object is applied, and what is awaited before the next phase.

* ``kots.io/creation-phase``: a whole number, 0 when absent or unreadable; ascending;
* charts that Helm would install itself follow after all manifests, one after the other by weight;
* a chart's hooks: pre-install and pre-upgrade before the chart's objects, post-… after them, by hook weight; Jobs and
  Pods among them are awaited, as Helm does; hooks of tests, deletion and rollback are left out;
* ``kots.io/wait-for-ready: "true"`` and ``kots.io/wait-for-properties: "<jsonpath>=<value>,…"`` hold up what follows;
* Helm's hook annotations are dropped; a Job's delete policy lives on as ``kots.io/hook-delete-policy``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

PHASE = "kots.io/creation-phase"
WAIT_READY = "kots.io/wait-for-ready"
WAIT_PROPERTIES = "kots.io/wait-for-properties"
_HOOK = "helm.sh/hook"
_HOOK_WEIGHT = "helm.sh/hook-weight"
_HOOK_DELETE = "helm.sh/hook-delete-policy"
_BEFORE = frozenset({"pre-install", "pre-upgrade", "crd-install"})
_AFTER = frozenset({"post-install", "post-upgrade"})


@dataclass(frozen=True, slots=True)
class Placed:
    """A manifest on its way to becoming an object: where it was written, and when it is applied."""

    raw: Mapping[str, Any]
    where: str
    phase: int = 0
    awaited: bool = False
    rewrite: bool = True
    """Whether its images are redirected to a private registry (not those of charts that Helm installs itself)."""
    namespace: str = ""
    """Where it belongs when it does not say; empty = the installation's namespace."""


def annotations_of(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The annotations of a manifest, empty when it has none."""
    metadata = raw.get("metadata")
    found = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def phase_of(raw: Mapping[str, Any]) -> int:
    """The phase that the manifest asks for."""
    try:
        return int(str(annotations_of(raw).get(PHASE, "0")))
    except ValueError:
        return 0


def waits_of(raw: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What must be so before later phases begin: ("ready", "true") and (jsonpath, value) pairs."""
    annotations = annotations_of(raw)
    waits = [("ready", "true")] if annotations.get(WAIT_READY) == "true" else []
    for pair in str(annotations.get(WAIT_PROPERTIES) or "").split(","):
        path, equals, value = pair.strip().partition("=")
        if equals:
            waits.append((path, value))
    return tuple(waits)


def place_chart(objects: Iterable[Placed], *, start: int | None) -> list[Placed]:
    """Give a chart's objects their phases; `start` None = among the manifests, by each object's own annotation."""
    before: dict[int, list[Placed]] = {}
    during: list[Placed] = []
    after: dict[int, list[Placed]] = {}
    for item in objects:
        hooks = _hooks(item.raw)
        if not hooks:
            during.append(item)
        elif hooks & _BEFORE:
            before.setdefault(_weight(item.raw), []).append(_without_hooks(item))
        elif hooks & _AFTER:
            after.setdefault(_weight(item.raw), []).append(_without_hooks(item))
    main = len(before) + start if start is not None else 0
    placed = [
        replace(item, phase=main - len(before) + number)
        for number, weight in enumerate(sorted(before))
        for item in before[weight]
    ]
    placed += [replace(item, phase=main if start is not None else phase_of(item.raw)) for item in during]
    placed += [
        replace(item, phase=main + 1 + number) for number, weight in enumerate(sorted(after)) for item in after[weight]
    ]
    return placed


def next_phase(placed: Sequence[Placed]) -> int:
    """The first phase after everything placed so far."""
    return max((item.phase for item in placed), default=0) + 1


def _hooks(raw: Mapping[str, Any]) -> set[str]:
    return {name.strip() for name in str(annotations_of(raw).get(_HOOK) or "").split(",") if name.strip()}


def _weight(raw: Mapping[str, Any]) -> int:
    try:
        return int(str(annotations_of(raw).get(_HOOK_WEIGHT, "0")))
    except ValueError:
        return 0


def _without_hooks(item: Placed) -> Placed:
    annotations = {key: value for key, value in annotations_of(item.raw).items() if not key.startswith(_HOOK)}
    policy = annotations_of(item.raw).get(_HOOK_DELETE)
    kind = item.raw.get("kind")
    if policy and kind == "Job":
        annotations["kots.io/hook-delete-policy"] = str(policy)
    metadata = {**item.raw["metadata"], "annotations": annotations}
    if not annotations:
        del metadata["annotations"]
    return replace(item, raw={**item.raw, "metadata": metadata}, awaited=kind in {"Job", "Pod"})
