"""Decides in which phase an object is applied, and what is awaited before the next phase.

* ``kots.io/creation-phase``: a whole number, 0 when absent or unreadable; ascending;
* charts that Helm would install itself follow after all manifests, one after the other by weight;
* what lies in a chart's crds/ comes first of all, as Helm has it;
* hooks of a chart that Helm would install are no objects of the release: steps run them (`plan.hooks`); what tests need
  besides their pods is applied with the chart;
* hooks of a chart among the manifests (KOTS renders it, Helm never sees it) are objects: pre-install and pre-upgrade
  before the chart's objects, post-… after them, by hook weight; Jobs and Pods among them are awaited and run at their
  own event only (install or upgrade); Jobs that are also hooks of a rollback run again when their revision is gone
  back to; tests and hooks of deletion stay out;
* ``kots.io/wait-for-ready: "true"`` and ``kots.io/wait-for-properties: "<jsonpath>=<value>,…"`` hold up what follows;
* there Helm's hook annotations are dropped; a Job's delete policy lives on as ``kots.io/hook-delete-policy``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from changeover.objects import GROUP

PHASE = "kots.io/creation-phase"
WAIT_READY = "kots.io/wait-for-ready"
WAIT_PROPERTIES = "kots.io/wait-for-properties"
_HOOK = "helm.sh/hook"
_HOOK_WEIGHT = "helm.sh/hook-weight"
_HOOK_DELETE = "helm.sh/hook-delete-policy"
TESTS = frozenset({"test", "test-success"})
_CRDS = re.compile(r"(^|/)crds/")
_INSTALL = frozenset({"pre-install", "post-install", "crd-install"})
_UPGRADE = frozenset({"pre-upgrade", "post-upgrade"})
EVENTS = frozenset(
    {f"{side}-{event}" for side in ("pre", "post") for event in ("install", "upgrade", "rollback", "delete")} | TESTS
)
"""What Helm v4 runs hooks at."""
_ROLLBACK = frozenset({"pre-rollback", "post-rollback"})
HOOK_DELETE = "kots.io/hook-delete-policy"
HOOK_MARK = f"{GROUP}/hook-of"
"""On a hook's pod: digest of the chart and values that it ran for."""
ON_ROLLBACK = f"{GROUP}/on-rollback"
"""On a Job of a release: ``run`` when a rollback to this release shall run it again."""
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
    source: str = ""
    """The chart's template that it comes from."""
    release: str = ""
    """``namespace/name`` of the Helm release that it is part of."""
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


def place_chart(objects: Iterable[Placed], *, start: int) -> list[Placed]:
    """The objects of a chart that Helm would install: what lies in crds/, then all that is no hook."""
    placed = [
        _without_hooks(item, "") if is_hook(item.raw) else item
        for item in objects
        if not is_hook(item.raw) or (is_known(item.raw) and hook_events(item.raw) <= TESTS and not works(item.raw))
    ]
    definitions = [item for item in placed if _CRDS.search(item.source)]
    main = start + 1 if definitions else start
    return [
        *(replace(item, phase=start) for item in definitions),
        *(replace(item, phase=main, awaited=False) for item in placed if item not in definitions),
    ]


def place_among_manifests(objects: Iterable[Placed], *, upgrade: bool = False, mark: str = "") -> list[Placed]:
    """A chart's objects among the manifests, each in the phase of its own annotation, hooks around them.

    `upgrade`: Jobs and Pods that are hooks of the other event only stay out; `mark` tells chart and values apart, so
    that the hooks run again when one of them changes, as Helm runs them.
    """
    events, others = (_UPGRADE, _INSTALL) if upgrade else (_INSTALL, _UPGRADE)
    before: dict[int, list[Placed]] = {}
    during: list[Placed] = []
    after: dict[int, list[Placed]] = {}
    for item in objects:
        hooks = hook_events(item.raw)
        now = hooks & events or (frozenset() if works(item.raw) else hooks & others)
        if not hooks:
            during.append(item)
        elif hooks <= TESTS and not works(item.raw):
            during.append(_without_hooks(item, ""))
        elif now:
            side = before if now & _BEFORE else after
            side.setdefault(hook_weight(item.raw), []).append(_without_hooks(item, mark))
    return [
        *(replace(item, phase=phase) for phase, item in _numbered(before, first=-len(before))),
        *(replace(item, phase=phase_of(item.raw)) for item in during),
        *(replace(item, phase=phase) for phase, item in _numbered(after, first=1)),
    ]


def _numbered(by_weight: Mapping[int, Sequence[Placed]], *, first: int) -> Iterator[tuple[int, Placed]]:
    for number, weight in enumerate(sorted(by_weight)):
        yield from ((first + number, item) for item in by_weight[weight])


def next_phase(placed: Sequence[Placed]) -> int:
    """The first phase after everything placed so far."""
    return max((item.phase for item in placed), default=0) + 1


def is_hook(raw: Mapping[str, Any]) -> bool:
    """Whether Helm takes it for a hook."""
    return _HOOK in annotations_of(raw)


def is_known(raw: Mapping[str, Any]) -> bool:
    """Whether Helm knows all events of a hook; otherwise it leaves the object out altogether."""
    return bool(events := hook_events(raw)) and events <= EVENTS


def hook_events(raw: Mapping[str, Any]) -> set[str]:
    """The events at which Helm runs an object; empty when it is part of the application."""
    return {word.lower() for word in _words(raw, _HOOK)}


def hook_weight(raw: Mapping[str, Any]) -> int:
    """Its place among the hooks of an event."""
    try:
        return int(str(annotations_of(raw).get(_HOOK_WEIGHT, "0")))
    except ValueError:
        return 0


def hook_deletes(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """When Helm deletes it: before-hook-creation, hook-succeeded, hook-failed."""
    return tuple(sorted(_words(raw, _HOOK_DELETE)))


def _words(raw: Mapping[str, Any], annotation: str) -> set[str]:
    return {name.strip() for name in str(annotations_of(raw).get(annotation) or "").split(",") if name.strip()}


def works(raw: Mapping[str, Any]) -> bool:
    """Whether it has an end that is awaited."""
    return raw.get("kind") in {"Job", "Pod"}


def _without_hooks(item: Placed, mark: str) -> Placed:
    annotations = {key: value for key, value in annotations_of(item.raw).items() if not key.startswith(_HOOK)}
    deletes, kind = hook_deletes(item.raw), item.raw.get("kind")
    if deletes and kind == "Job":
        annotations[HOOK_DELETE] = ",".join(deletes)
    if kind == "Job" and hook_events(item.raw) & _ROLLBACK:
        annotations[ON_ROLLBACK] = "run"
    metadata = {**item.raw["metadata"], "annotations": annotations}
    if not annotations:
        del metadata["annotations"]
    raw = {**item.raw, "metadata": metadata}
    if kind == "Job" and mark:
        raw = _marked(raw, mark)
    return replace(item, raw=raw, awaited=works(item.raw))


def _marked(raw: Mapping[str, Any], mark: str) -> dict[str, Any]:
    """A Job whose pod names the chart and values that it ran for: another mark is other work."""
    spec = raw.get("spec")
    template = spec.get("template") if isinstance(spec, Mapping) else None
    if not isinstance(spec, Mapping) or not isinstance(template, Mapping):
        return dict(raw)
    metadata = template.get("metadata")
    metadata = dict(metadata) if isinstance(metadata, Mapping) else {}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), HOOK_MARK: mark}
    return {**raw, "spec": {**spec, "template": {**template, "metadata": metadata}}}
