"""Where kustomize writes common labels and annotations, replicas and images: its own field specifications.

A path's part with ``[]`` is a list, whose every element is gone through. `create` makes what is missing on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.objects import KubeObject

_TEMPLATED = ("ReplicationController", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job")
_AFFINITIES = tuple(
    f"{kind}/{how}"
    for kind in ("podAffinity", "podAntiAffinity")
    for how in (
        "preferredDuringSchedulingIgnoredDuringExecution[]/podAffinityTerm",
        "requiredDuringSchedulingIgnoredDuringExecution[]",
    )
)


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One place in objects; an empty `kind` means every kind, `group` None every group."""

    path: str
    kind: str = ""
    group: str | None = None
    create: bool = True

    def fits(self, obj: KubeObject) -> bool:
        """Whether objects of this kind have the place."""
        return self.kind in ("", obj.kind) and self.group in (None, obj.ref.kind.group)


def _templates(inside: str) -> tuple[FieldSpec, ...]:
    return (
        *(FieldSpec(f"spec/template/metadata/{inside}", kind) for kind in _TEMPLATED),
        FieldSpec(f"spec/jobTemplate/metadata/{inside}", "CronJob", "batch"),
        FieldSpec(f"spec/jobTemplate/spec/template/metadata/{inside}", "CronJob", "batch"),
    )


LABELS = (FieldSpec("metadata/labels"),)
TEMPLATE_LABELS = (
    *_templates("labels"),
    FieldSpec("spec/volumeClaimTemplates[]/metadata/labels", "StatefulSet", "apps"),
)
ANNOTATIONS = (FieldSpec("metadata/annotations"), *_templates("annotations"))
SELECTORS = (
    FieldSpec("spec/selector", "Service", ""),
    FieldSpec("spec/selector", "ReplicationController", ""),
    *(FieldSpec("spec/selector/matchLabels", kind) for kind in ("Deployment", "ReplicaSet", "DaemonSet")),
    FieldSpec("spec/selector/matchLabels", "StatefulSet", "apps"),
    *(
        FieldSpec(f"spec/template/spec/{place}/labelSelector/matchLabels", kind, "apps", create=False)
        for kind in ("Deployment", "StatefulSet")
        for place in (*(f"affinity/{one}" for one in _AFFINITIES), "topologySpreadConstraints[]")
    ),
    FieldSpec("spec/selector/matchLabels", "Job", "batch", create=False),
    FieldSpec("spec/jobTemplate/spec/selector/matchLabels", "CronJob", "batch", create=False),
    FieldSpec("spec/selector/matchLabels", "PodDisruptionBudget", "policy", create=False),
    FieldSpec("spec/podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io", create=False),
    FieldSpec("spec/ingress[]/from[]/podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io", create=False),
    FieldSpec("spec/egress[]/to[]/podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io", create=False),
)
REPLICAS = tuple(
    FieldSpec("spec/replicas", kind) for kind in ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")
)
PATCHED = frozenset(one.kind for one in REPLICAS)


def written(obj: KubeObject, specs: Iterable[FieldSpec], change: Callable[[Any], Any]) -> dict[str, Any]:
    """The object with `change` applied to what stands at every place that it has; None stands for what is missing."""
    raw = dict(obj.raw)
    for spec in specs:
        if spec.fits(obj):
            raw = _at(raw, spec.path.split("/"), change, create=spec.create)
    return raw


def _at(here: Any, path: Sequence[str], change: Callable[[Any], Any], *, create: bool) -> Any:
    if not path:
        return change(here)
    if here is not None and not isinstance(here, Mapping):
        return here
    name, rest = path[0].removesuffix("[]"), path[1:]
    inside = (here or {}).get(name)
    if path[0].endswith("[]"):
        if not isinstance(inside, list):
            return here
        return {**(here or {}), name: [_at(one, rest, change, create=create) for one in inside]}
    if inside is None and not create:
        return here
    return {**(here or {}), name: _at(inside, rest, change, create=create)}
