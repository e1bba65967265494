"""KOTS's statusInformers: how a resource's state is judged and how states add up (formats: KOTS pkg/appstate). Pure.

``[ns/]kind/name``; kinds in KOTS's spellings; an unsupported kind stays missing. The whole is as bad as its worst
part: missing < unavailable < degraded < updating < ready; no informers at all: ready; an empty list of states: missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from changeover.objects import Kind, KubeObject


class State(StrEnum):
    """From worst to best."""

    MISSING = "missing"
    UNAVAILABLE = "unavailable"
    DEGRADED = "degraded"
    UPDATING = "updating"
    READY = "ready"


ORDER = list(State)

KINDS: Mapping[str, Kind] = {
    alias: kind
    for kind, aliases in {
        Kind("apps/v1", "Deployment"): ("deployment", "deployments", "deploy"),
        Kind("apps/v1", "StatefulSet"): ("statefulset", "statefulsets", "sts"),
        Kind("apps/v1", "DaemonSet"): ("daemonset", "daemonsets", "ds"),
        Kind("v1", "Service"): ("service", "services", "svc"),
        Kind("networking.k8s.io/v1", "Ingress"): ("ingress", "ingresses", "ing"),
        Kind("v1", "PersistentVolumeClaim"): ("persistentvolumeclaim", "persistentvolumeclaims", "pvc"),
    }.items()
    for alias in aliases
}

FORM = re.compile(r"^(?:([^/]+)/)?([^/]+)/([^/]+)$")


@dataclass(frozen=True, slots=True)
class Informer:
    """One thing to watch; `kind` is None when KOTS does not support what was named."""

    namespace: str
    written_kind: str
    name: str

    @property
    def kind(self) -> Kind | None:
        """The kind, if KOTS knows it."""
        return KINDS.get(self.written_kind.lower())


def parse(text: str) -> Informer | None:
    """``[ns/]kind/name``; None when it is not of that form."""
    found = FORM.match(text)
    return Informer(found[1] or "", found[2], found[3]) if found else None


def worst(states: Iterable[State]) -> State:
    """How states add up; none at all is missing."""
    return min(states, key=ORDER.index, default=State.MISSING)


def deployment(obj: KubeObject) -> State:
    """By generation, ready and unavailable replicas."""
    if _is_behind(obj):
        return State.UPDATING
    wanted = obj.get("spec", "replicas", default=1)
    ready = obj.get("status", "readyReplicas", default=0)
    if ready >= wanted:
        return State.UPDATING if obj.get("status", "unavailableReplicas", default=0) > 0 else State.READY
    return State.DEGRADED if ready > 0 else State.UNAVAILABLE


def stateful_set(obj: KubeObject, pods: Sequence[KubeObject]) -> State:
    """By generation, its pods' revisions and ready replicas."""
    rolling = _rolling(obj, pods)
    if rolling:
        return rolling
    wanted = obj.get("spec", "replicas", default=1)
    ready = obj.get("status", "readyReplicas", default=0)
    if ready >= wanted:
        return State.READY
    return State.DEGRADED if ready > 0 else State.UNAVAILABLE


def daemon_set(obj: KubeObject, pods: Sequence[KubeObject]) -> State:
    """By generation, its pods' revisions and its own counts."""
    rolling = _rolling(obj, pods)
    if rolling:
        return rolling
    status = obj.get("status", default={})
    wanted = status.get("desiredNumberScheduled", 0)
    if (
        status.get("numberUnavailable", 0) > 0
        or status.get("numberMisscheduled", 0) > 0
        or status.get("currentNumberScheduled", 0) != wanted
    ):
        return State.DEGRADED
    ready = status.get("numberReady", 0)
    if ready >= wanted:
        return State.READY
    return State.DEGRADED if ready > 0 else State.UNAVAILABLE


def _is_behind(obj: KubeObject) -> bool:
    generation: int = obj.metadata.get("generation", 0)
    observed: int = obj.get("status", "observedGeneration", default=0)
    return observed != generation


def _rolling(obj: KubeObject, pods: Sequence[KubeObject]) -> State | None:
    if _is_behind(obj):
        return State.UPDATING
    hashes = set()
    for pod in owned(obj, pods):
        found = pod.labels.get("controller-revision-hash")
        if found is None:
            return State.UNAVAILABLE
        hashes.add(found)
    return State.UPDATING if len(hashes) > 1 else None


def owned(obj: KubeObject, pods: Sequence[KubeObject]) -> list[KubeObject]:
    """The pods that match an object's selector and are owned by it."""
    wanted: Mapping[str, str] = obj.get("spec", "selector", "matchLabels", default={})
    return [
        pod
        for pod in pods
        if pod.namespace == obj.namespace
        and wanted.items() <= pod.labels.items()
        and any(
            owner.get("uid") == obj.uid if obj.uid else owner.get("name") == obj.name
            for owner in pod.metadata.get("ownerReferences") or ()
        )
    ]
