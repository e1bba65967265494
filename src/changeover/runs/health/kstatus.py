"""Whether one object has reached what was asked of it: the rules of kstatus (sigs.k8s.io/cli-utils), our own words.

* a controller that has not seen the newest generation has not begun
* Deployment, StatefulSet, DaemonSet, ReplicaSet: all replicas updated, ready and available, none of the old left
* Job: complete; failed is failed. CronJob, ConfigMap and whatever has no status: there is enough
* PersistentVolumeClaim: bound (one that waits for its first consumer counts as there)
* Pod: ready or succeeded. Service of type LoadBalancer: has an address. CustomResourceDefinition: established
* a disruption budget and an autoscaler are there: what their controllers make of them is no state to wait for (of a
  budget over a DaemonSet's pods they can make nothing, and never say that they have seen it)
* anything else: a condition Ready or Available that is not True, or Stalled that is, keeps it waiting
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from changeover.objects import KubeObject


@dataclass(frozen=True, slots=True)
class Health:
    """Current or not, with the reason in words; `failed` when waiting longer cannot help."""

    current: bool
    message: str = ""
    failed: bool = False


CURRENT = Health(current=True)


def judge(obj: KubeObject) -> Health:
    """Judge a live object by the rules of this module."""
    if obj.terminating:
        return Health(current=False, message="is being deleted")
    rule = _RULES.get(obj.ref.kind.group_kind, _by_conditions)
    if rule is _always:
        return CURRENT
    observed = obj.get("status", "observedGeneration")
    generation = obj.metadata.get("generation")
    if observed is not None and generation is not None and observed < generation:
        return Health(current=False, message="its controller has not seen the change yet")
    return rule(obj)


def conditions(obj: KubeObject) -> Mapping[str, Mapping[str, Any]]:
    """``status.conditions`` by type."""
    return {str(one.get("type")): one for one in obj.get("status", "conditions", default=[])}


def _deployment(obj: KubeObject) -> Health:
    wanted = obj.get("spec", "replicas", default=1)
    status = obj.get("status", default={})
    progressing = conditions(obj).get("Progressing", {})
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Health(current=False, message=f"makes no progress: {progressing.get('message', '')}")
    replica_failure = conditions(obj).get("ReplicaFailure", {})
    if replica_failure.get("status") == "True":
        return Health(current=False, message=str(replica_failure.get("message", "pods cannot be created")))
    if obj.get("status", "observedGeneration") is None:
        return Health(current=False, message="its controller has not seen it yet")
    updated = status.get("updatedReplicas", 0)
    if updated < wanted:
        return Health(current=False, message=f"{updated} of {wanted} pods updated")
    if status.get("replicas", 0) > updated:
        return Health(current=False, message=f"{status['replicas'] - updated} old pods still run")
    available = status.get("availableReplicas", 0)
    if min(available, status.get("readyReplicas", 0)) < wanted:
        return Health(current=False, message=f"{available} of {wanted} pods available")
    return CURRENT


def _stateful_set(obj: KubeObject) -> Health:
    wanted = obj.get("spec", "replicas", default=1)
    status = obj.get("status", default={})
    if obj.get("status", "observedGeneration") is None:
        return Health(current=False, message="its controller has not seen it yet")
    if status.get("readyReplicas", 0) < wanted:
        return Health(current=False, message=f"{status.get('readyReplicas', 0)} of {wanted} pods ready")
    if status.get("replicas", 0) > wanted:
        return Health(current=False, message=f"{status['replicas'] - wanted} pods too many")
    if obj.get("spec", "updateStrategy", "type", default="RollingUpdate") == "OnDelete":
        return CURRENT
    partition = obj.get("spec", "updateStrategy", "rollingUpdate", "partition", default=0)
    if partition:
        enough = status.get("updatedReplicas", 0) >= wanted - partition
        return CURRENT if enough else Health(current=False, message="the updated part is not rolled out yet")
    if wanted and status.get("currentRevision") != status.get("updateRevision"):
        return Health(current=False, message=f"{status.get('updatedReplicas', 0)} of {wanted} pods updated")
    return CURRENT


def _daemon_set(obj: KubeObject) -> Health:
    status = obj.get("status", default={})
    if obj.get("status", "observedGeneration") is None:
        return Health(current=False, message="its controller has not seen it yet")
    wanted = status.get("desiredNumberScheduled", 0)
    for name, said in (
        ("updatedNumberScheduled", "updated"),
        ("numberAvailable", "available"),
        ("numberReady", "ready"),
    ):
        if status.get(name, 0) < wanted:
            return Health(current=False, message=f"{status.get(name, 0)} of {wanted} pods {said}")
    return CURRENT


def _replica_set(obj: KubeObject) -> Health:
    wanted = obj.get("spec", "replicas", default=1)
    ready = obj.get("status", "readyReplicas", default=0)
    return CURRENT if ready >= wanted else Health(current=False, message=f"{ready} of {wanted} pods ready")


def _job(obj: KubeObject) -> Health:
    known = conditions(obj)
    if known.get("Failed", {}).get("status") == "True":
        return Health(current=False, message=f"failed: {known['Failed'].get('message', '')}", failed=True)
    if known.get("Complete", {}).get("status") == "True" or obj.get("spec", "suspend"):
        return CURRENT
    return Health(current=False, message="has not completed yet")


def _claim(obj: KubeObject) -> Health:
    phase = obj.get("status", "phase", default="")
    if phase == "Bound":
        return CURRENT
    return Health(current=False, message=f"is {phase or 'not bound'}")


def _pod(obj: KubeObject) -> Health:
    if obj.get("status", "phase") == "Succeeded" or conditions(obj).get("Ready", {}).get("status") == "True":
        return CURRENT
    return Health(current=False, message=f"is {obj.get('status', 'phase', default='not seen by a node yet')}")


def _service(obj: KubeObject) -> Health:
    if obj.get("spec", "type") != "LoadBalancer" or obj.get("status", "loadBalancer", "ingress"):
        return CURRENT
    return Health(current=False, message="has no load balancer address yet")


def _definition(obj: KubeObject) -> Health:
    if conditions(obj).get("Established", {}).get("status") == "True":
        return CURRENT
    refused = conditions(obj).get("NamesAccepted", {})
    if refused.get("status") == "False":
        return Health(current=False, message=str(refused.get("message", "its names are taken")), failed=True)
    return Health(current=False, message="is not established yet")


def _by_conditions(obj: KubeObject) -> Health:
    known = conditions(obj)
    if known.get("Stalled", {}).get("status") == "True":
        return Health(current=False, message=f"is stalled: {known['Stalled'].get('message', '')}")
    for name in ("Ready", "Available"):
        found = known.get(name)
        if found and found.get("status") != "True":
            return Health(current=False, message=str(found.get("message") or f"is not {name.lower()}"))
    return CURRENT


def _always(_: KubeObject) -> Health:
    return CURRENT


_RULES: Mapping[str, Callable[[KubeObject], Health]] = {
    "Deployment.apps": _deployment,
    "StatefulSet.apps": _stateful_set,
    "DaemonSet.apps": _daemon_set,
    "ReplicaSet.apps": _replica_set,
    "Job.batch": _job,
    "CronJob.batch": _always,
    "PersistentVolumeClaim": _claim,
    "Pod": _pod,
    "Service": _service,
    "PodDisruptionBudget.policy": _always,
    "HorizontalPodAutoscaler.autoscaling": _always,
    "CustomResourceDefinition.apiextensions.k8s.io": _definition,
}
