"""KOTS's statusInformers: how a resource's state is judged and how states add up (formats: KOTS pkg/appstate). Pure.

``[ns/]kind/name``; kinds in KOTS's spellings; an unsupported kind stays missing. The whole is as bad as its worst
part: missing < unavailable < degraded < updating < ready; no informers at all: ready; an empty list of states: missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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


def claim(obj: KubeObject) -> State:
    """Ready once it is bound."""
    return State.READY if obj.get("status", "phase") == "Bound" else State.UNAVAILABLE


def service(obj: KubeObject, endpoints: Sequence[KubeObject]) -> State:
    """By the addresses behind each of its ports, and by its outer address when it should have one."""
    return _of_several([_behind(obj, endpoints), _outside(obj)]) or State.MISSING


def ingress(
    obj: KubeObject, services: Sequence[KubeObject], endpoints: Sequence[KubeObject], *, minor: int = 30
) -> State | None:
    """By the addresses behind every Service that it names; None when a Service is not there, or none says anything.

    Before Kubernetes 1.22 an ingress without a default backend had one in kube-system.
    """
    names = [backend["service"]["name"] for backend in _backends(obj) if backend.get("service")]
    here = {one.name: one for one in services if one.namespace == obj.namespace}
    if not obj.get("spec", "defaultBackend") and not names and minor < LAST_WITH_DEFAULT_BACKEND:
        names, here = ["default-http-backend"], {one.name: one for one in services if one.namespace == "kube-system"}
    if any(name not in here for name in names):
        return None
    states = [_behind(here[name], endpoints) for name in names]
    if any(here[name].get("spec", "type") == "LoadBalancer" for name in names):
        states.append(State.READY if obj.get("status", "loadBalancer", "ingress") else State.UNAVAILABLE)
    return _of_several(states)


LAST_WITH_DEFAULT_BACKEND = 22


def _backends(obj: KubeObject) -> Iterable[Mapping[str, Any]]:
    yield from filter(None, [obj.get("spec", "defaultBackend")])
    for rule in obj.get("spec", "rules", default=[]):
        for path in (rule.get("http") or {}).get("paths") or ():
            yield path.get("backend") or {}


def _of_several(states: Sequence[State | None]) -> State | None:
    """The worst of those that say something; none at all is missing."""
    said = [state for state in states if state is not None]
    return worst(said) if said or not states else None


def _outside(obj: KubeObject) -> State:
    if obj.get("spec", "type") != "LoadBalancer":
        return State.READY
    has = obj.get("spec", "externalIPs") or obj.get("status", "loadBalancer", "ingress")
    return State.READY if has else State.UNAVAILABLE


def _behind(obj: KubeObject, endpoints: Sequence[KubeObject]) -> State | None:
    """By the Service's ports, by name; None when no address is behind a port of those names."""
    ports = [port.get("name") or "" for port in obj.get("spec", "ports", default=[])]
    found = next((one for one in endpoints if (one.namespace, one.name) == (obj.namespace, obj.name)), None)
    subsets = found.get("subsets", default=[]) if found else []
    if ports and not subsets:
        return State.UNAVAILABLE
    states = [state for port in ports for subset in subsets for state in _of_subset(port, subset)]
    return worst(states) if states else None


def _of_subset(port: str, subset: Mapping[str, Any]) -> Iterable[State]:
    named = any((one.get("name") or "") == port for one in subset.get("ports") or ())
    if named and not subset.get("addresses"):
        yield State.UNAVAILABLE
    elif subset.get("notReadyAddresses"):
        yield State.DEGRADED
    elif named:
        yield State.READY
