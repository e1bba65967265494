"""A workload's identity: what Kubernetes fixes at its creation, and the labels by which it knows its pods.

A change of identity is cut in two: first the live object with the new identity and its old template, so that nothing
restarts; then the new template, as an ordinary rollout under the new identity.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from typing import Any

from changeover.objects import KubeObject
from changeover.plan.dress import SERVER_SIDE
from changeover.plan.immutables import daemonset, deployment, statefulset

_RULES = {
    "Deployment": deployment.frozen_fields,
    "DaemonSet": daemonset.frozen_fields,
    "StatefulSet": statefulset.frozen_fields,
}
_DELETION = frozenset({"orphan", "foregroundDeletion"})


def pod_labels(workload: KubeObject) -> Mapping[str, str]:
    """The labels that its template gives to its pods."""
    found: Mapping[str, str] = workload.get("spec", "template", "metadata", "labels", default={})
    return found


def has_identity(live: KubeObject, wanted: KubeObject) -> bool:
    """Whether only ordinary changes are left between them."""
    return not tuple(_RULES[live.kind](live, wanted)) and pod_labels(live) == pod_labels(wanted)


def with_identity(live: KubeObject, wanted: KubeObject) -> KubeObject:
    """The live object, ready to be created, with the wanted identity; its template differs in labels only."""
    raw = _bare(live)
    spec = raw["spec"]
    for name in _fixed(live, wanted):
        spec.pop(name, None)
        if (value := wanted.get("spec", name)) is not None:
            spec[name] = copy.deepcopy(value)
    spec["template"].setdefault("metadata", {})["labels"] = dict(pod_labels(wanted))
    return KubeObject(raw)


def in_place(live: KubeObject, wanted: KubeObject) -> KubeObject:
    """The second half alone: the manifest under the identity that lives, so that the server can say what it changes."""
    raw = copy.deepcopy(dict(wanted.raw))
    spec = raw["spec"]
    for name in _fixed(live, wanted):
        spec.pop(name, None)
        if (value := live.get("spec", name)) is not None:
            spec[name] = copy.deepcopy(value)
    spec["template"].setdefault("metadata", {})["labels"] = dict(pod_labels(live))
    return KubeObject(raw)


def as_new(wanted: KubeObject) -> KubeObject:
    """The manifest under a name that nobody has: whether the server would take it if nothing were there."""
    raw = copy.deepcopy(dict(wanted.raw))
    raw["metadata"]["name"] = "changeover-" + hashlib.sha256(wanted.ref.key.encode()).hexdigest()[:12]
    raw.pop("globalDefault", None)  # of two PriorityClasses only one can be the default
    if wanted.kind == "Service":
        for port in raw.get("spec", {}).get("ports") or []:
            port.pop("nodePort", None)  # the live Service has them
        raw["spec"].pop("healthCheckNodePort", None)
    return KubeObject(raw)


def _fixed(live: KubeObject, wanted: KubeObject) -> tuple[str, ...]:
    if live.kind != "StatefulSet":
        return ("selector",)
    names = {*live.get("spec", default={}), *wanted.get("spec", default={})}
    return tuple(sorted(names - statefulset.MUTABLE))


def _bare(live: KubeObject) -> dict[str, Any]:
    raw = copy.deepcopy({name: value for name, value in live.raw.items() if name != "status"})
    dropped = {*SERVER_SIDE, "deletionTimestamp", "deletionGracePeriodSeconds"}
    raw["metadata"] = {name: value for name, value in raw["metadata"].items() if name not in dropped}
    finalizers = [one for one in raw["metadata"].pop("finalizers", None) or [] if one not in _DELETION]
    if finalizers:
        raw["metadata"]["finalizers"] = finalizers
    return raw
