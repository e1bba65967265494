"""Generated pairs of objects, over all kinds, to ask the API server and the plan the same question about."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

from changeover.objects import KubeObject

Raw = dict[str, Any]
Change = Callable[[Raw, random.Random], None]


def _obj(kind: str, api_version: str = "v1", *, namespaced: bool = True, **more: Any) -> Raw:
    metadata: Raw = {"name": "x"} | ({"namespace": "home"} if namespaced else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


def _workload(kind: str) -> Raw:
    labels = {"app": "x", "tier": "one"}
    container = {
        "name": "main",
        "image": "x:1",
        "ports": [{"containerPort": 80}],
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec: Raw = {"selector": {"matchLabels": {"app": "x"}}, "template": template}
    if kind != "DaemonSet":
        spec["replicas"] = 0
    if kind == "StatefulSet":
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        spec |= {"serviceName": "x", "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}]}
    if kind == "DaemonSet":
        template["spec"]["nodeSelector"] = {"nowhere": "true"}
    return _obj(kind, "apps/v1", spec=spec)


def _set(value: Any, *path: str | int) -> Change:
    def change(raw: Raw, chance: random.Random) -> None:
        here: Any = raw
        for part in path[:-1]:
            here = here.setdefault(part, {}) if isinstance(here, dict) else here[part]
        chosen = chance.choice(value) if isinstance(value, tuple) else value
        if chosen is ...:
            here.pop(path[-1], None)
        else:
            here[path[-1]] = copy.deepcopy(chosen)

    return change


POD = ("spec", "template", "spec")
MAIN = (*POD, "containers", 0)
COMMON: tuple[Change, ...] = (
    _set(("a", "b"), "metadata", "labels", "team"),
    _set(("a", "b"), "metadata", "annotations", "note"),
)
WORKLOAD: tuple[Change, ...] = (
    _set(("x:2", "x:3"), *MAIN, "image"),
    _set(("3", "4", ...), *MAIN, "env", 0, "value"),
    _set(("0.1", "100m", "200m"), *MAIN, "resources", "requests", "cpu"),
    _set(("65536Ki", "128Mi"), *MAIN, "resources", "requests", "memory"),
    _set((30, 60), *POD, "terminationGracePeriodSeconds"),
    _set(("ClusterFirst", "Default"), *POD, "dnsPolicy"),
    _set(("TCP", "UDP"), *MAIN, "ports", 0, "protocol"),
    _set(("two", "one", ...), "spec", "template", "metadata", "labels", "tier"),
    _set((0, 5), "spec", "minReadySeconds"),
    _set((10, 3), "spec", "revisionHistoryLimit"),
    _set(({"matchLabels": {"app": "x", "tier": "one"}},), "spec", "selector"),
    _set(({"matchExpressions": [{"key": "app", "operator": "In", "values": ["x", "y"]}]},), "spec", "selector"),
)


def _relabelled(raw: Raw, chance: random.Random) -> None:
    labels = {"app": chance.choice(["y", "z"]), "tier": "one"}
    raw["spec"]["selector"] = {"matchLabels": {"app": labels["app"]}}
    raw["spec"]["template"]["metadata"]["labels"] = labels


CLAIM = ("spec", "volumeClaimTemplates", 0)
KINDS: dict[str, tuple[Raw, tuple[Change, ...]]] = {
    "Deployment": (
        _workload("Deployment"),
        (
            *WORKLOAD,
            _relabelled,
            _set(({"type": "Recreate"},), "spec", "strategy"),
            _set((600, 90), "spec", "progressDeadlineSeconds"),
        ),
    ),
    "DaemonSet": (
        _workload("DaemonSet"),
        (*WORKLOAD, _relabelled, _set(({"type": "OnDelete"},), "spec", "updateStrategy")),
    ),
    "StatefulSet": (
        _workload("StatefulSet"),
        (
            *WORKLOAD,
            _relabelled,
            _set(("y", "x"), "spec", "serviceName"),
            _set(("Parallel", "OrderedReady"), "spec", "podManagementPolicy"),
            _set(("1024Mi", "2Gi"), *CLAIM, "spec", "resources", "requests", "storage"),
            _set(("fast", ...), *CLAIM, "spec", "storageClassName"),
            _set(({"app": "x"}, ...), *CLAIM, "metadata", "labels"),
            _set((["ReadWriteMany"],), *CLAIM, "spec", "accessModes"),
            _set(("Filesystem", "Block"), *CLAIM, "spec", "volumeMode"),
            _set(({"whenDeleted": "Delete", "whenScaled": "Retain"},), "spec", "persistentVolumeClaimRetentionPolicy"),
            _set(({"type": "OnDelete"},), "spec", "updateStrategy"),
        ),
    ),
    "Job": (
        _obj(
            "Job",
            "batch/v1",
            spec={
                "suspend": True,
                "template": {
                    "spec": {
                        "restartPolicy": "Never",
                        "containers": [{"name": "main", "image": "x:1", "env": [{"name": "A", "value": "1"}]}],
                    }
                },
            },
        ),
        (
            _set(("x:2",), *MAIN, "image"),
            _set(("2", "1"), *MAIN, "env", 0, "value"),
            _set((60, 120), "spec", "ttlSecondsAfterFinished"),
            _set((1, 2), "spec", "parallelism"),
            _set((3, 6), "spec", "backoffLimit"),
            _set(("NonIndexed",), "spec", "completionMode"),
            _set(("Never", "OnFailure"), *POD, "restartPolicy"),
        ),
    ),
    "Service": (
        _obj("Service", spec={"selector": {"app": "x"}, "ports": [{"name": "http", "port": 80}]}),
        (
            _set(("NodePort", "ClusterIP", "LoadBalancer"), "spec", "type"),
            _set(("None",), "spec", "clusterIP"),
            _set(({"app": "y"},), "spec", "selector"),
            _set((81, 80), "spec", "ports", 0, "port"),
            _set(("ClientIP", "None"), "spec", "sessionAffinity"),
            _set(("Local", "Cluster"), "spec", "internalTrafficPolicy"),
        ),
    ),
    "Headless": (
        _obj("Service", spec={"clusterIP": "None", "selector": {"app": "x"}, "ports": [{"name": "http", "port": 80}]}),
        (
            _set((...,), "spec", "clusterIP"),
            _set({"ports": [{"name": "http", "port": 80}], "type": "NodePort"}, "spec"),
            _set((True,), "spec", "publishNotReadyAddresses"),
            _set((81, 80), "spec", "ports", 0, "port"),
        ),
    ),
    "RoleBinding": (
        _obj(
            "RoleBinding",
            "rbac.authorization.k8s.io/v1",
            roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "one"},
            subjects=[{"kind": "ServiceAccount", "name": "default", "namespace": "home"}],
        ),
        (
            _set(("two", "one"), "roleRef", "name"),
            _set(("ClusterRole",), "roleRef", "kind"),
            _set(("other",), "subjects", 0, "name"),
        ),
    ),
    "ConfigMap": (
        _obj("ConfigMap", data={"a": "1"}, immutable=True),
        (
            _set(("2", "1"), "data", "a"),
            _set(("1",), "data", "b"),
            _set((False, ...), "immutable"),
            _set(("eA==",), "binaryData", "c"),
        ),
    ),
    "Settings": (
        _obj("ConfigMap", data={"a": "1"}),
        (_set(("2", "1"), "data", "a"), _set(("1",), "data", "b"), _set((True,), "immutable")),
    ),
    "Secret": (
        _obj("Secret", data={"a": "eA=="}),
        (_set(("eQ==", "eA=="), "data", "a"), _set(("Opaque", "example.com/x"), "type"), _set((True,), "immutable")),
    ),
    "FixedSecret": (
        _obj("Secret", data={"a": "eA=="}, immutable=True),
        (_set(("eQ==", "eA=="), "data", "a"), _set((False, ...), "immutable"), _set(("eA==",), "data", "b")),
    ),
    "StorageClass": (
        _obj("StorageClass", "storage.k8s.io/v1", namespaced=False, provisioner="example.com/x", parameters={"a": "1"}),
        (
            _set(("example.com/y",), "provisioner"),
            _set(("2", "1", ...), "parameters", "a"),
            _set(("Retain", "Delete"), "reclaimPolicy"),
            _set(("WaitForFirstConsumer", "Immediate"), "volumeBindingMode"),
            _set((True,), "allowVolumeExpansion"),
            _set((["debug"],), "mountOptions"),
        ),
    ),
    "PriorityClass": (
        _obj("PriorityClass", "scheduling.k8s.io/v1", namespaced=False, value=10),
        (
            _set((20, 10), "value"),
            _set(("Never", "PreemptLowerPriority"), "preemptionPolicy"),
            _set(("text",), "description"),
        ),
    ),
    "IngressClass": (
        _obj("IngressClass", "networking.k8s.io/v1", namespaced=False, spec={"controller": "example.com/x"}),
        (_set(("example.com/y", "example.com/x"), "spec", "controller"),),
    ),
    "RuntimeClass": (
        _obj("RuntimeClass", "node.k8s.io/v1", namespaced=False, handler="x"),
        (_set(("y", "x"), "handler"), _set(({"nodeSelector": {"a": "b"}},), "scheduling")),
    ),
    "CSIDriver": (
        _obj("CSIDriver", "storage.k8s.io/v1", namespaced=False, spec={"attachRequired": True}),
        (
            _set((False, True), "spec", "attachRequired"),
            _set((["Ephemeral"], ["Persistent"]), "spec", "volumeLifecycleModes"),
            _set(("None", "File"), "spec", "fsGroupPolicy"),
        ),
    ),
    "ResourceQuota": (
        _obj("ResourceQuota", spec={"hard": {"pods": "999"}, "scopes": ["BestEffort"]}),
        (_set((["NotBestEffort"], ["BestEffort"]), "spec", "scopes"), _set(("998",), "spec", "hard", "pods")),
    ),
    "EndpointSlice": (
        _obj("EndpointSlice", "discovery.k8s.io/v1", addressType="IPv4", endpoints=[], ports=[]),
        (_set(("IPv6", "IPv4"), "addressType"), _set(([{"name": "http", "port": 80}],), "ports")),
    ),
    "PersistentVolumeClaim": (
        _obj(
            "PersistentVolumeClaim",
            spec={
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "none",
                "resources": {"requests": {"storage": "1Gi"}},
            },
        ),
        (
            _set(("2Gi", "1024Mi", "512Mi"), "spec", "resources", "requests", "storage"),
            _set((["ReadWriteMany"],), "spec", "accessModes"),
            _set(("other",), "spec", "storageClassName"),
            _set(("Filesystem", "Block"), "spec", "volumeMode"),
        ),
    ),
    "CronJob": (
        _obj(
            "CronJob",
            "batch/v1",
            spec={
                "schedule": "0 0 1 1 *",
                "jobTemplate": {
                    "spec": {
                        "template": {
                            "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "x:1"}]}
                        }
                    }
                },
            },
        ),
        (
            _set(("0 1 1 1 *",), "spec", "schedule"),
            _set(("x:2",), "spec", "jobTemplate", *POD, "containers", 0, "image"),
            _set((True, False), "spec", "suspend"),
        ),
    ),
    "PodDisruptionBudget": (
        _obj("PodDisruptionBudget", "policy/v1", spec={"maxUnavailable": 1, "selector": {"matchLabels": {"app": "x"}}}),
        (_set((2, "50%"), "spec", "maxUnavailable"), _set(({"app": "y"},), "spec", "selector", "matchLabels")),
    ),
    "NetworkPolicy": (
        _obj("NetworkPolicy", "networking.k8s.io/v1", spec={"podSelector": {"matchLabels": {"app": "x"}}}),
        (
            _set(({"app": "y"},), "spec", "podSelector", "matchLabels"),
            _set((["Ingress", "Egress"],), "spec", "policyTypes"),
        ),
    ),
    "Ingress": (
        _obj(
            "Ingress",
            "networking.k8s.io/v1",
            spec={"defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}},
        ),
        (
            _set(("nginx",), "spec", "ingressClassName"),
            _set((81,), "spec", "defaultBackend", "service", "port", "number"),
        ),
    ),
}


def pairs(count: int, *, seed: int = 6) -> Iterator[tuple[str, KubeObject, KubeObject]]:
    """So many pairs, each kind in turn: one to three changes, some of which change nothing."""
    chance = random.Random(seed)
    names = list(KINDS)
    for number in range(count):
        name = names[number % len(names)]
        first, changes = KINDS[name]
        before, after = copy.deepcopy(first), copy.deepcopy(first)
        for change in chance.sample(range(len(changes) + len(COMMON)), k=chance.choice([1, 1, 2, 3])):
            (*changes, *COMMON)[change](after, chance)
        _agree(after)
        suffix = f"{name.lower()}-{number}"
        yield f"{name}-{number}", _named(before, suffix), _named(after, suffix)


def _agree(raw: Raw) -> None:
    """Pods keep the labels that their selector names: without them the object is none, before any rule on changes."""
    spec = raw.get("spec") or {}
    named = "template" in spec and (spec.get("selector") or {}).get("matchLabels")
    if named:
        spec["template"]["metadata"]["labels"] |= named


def _named(raw: Raw, suffix: str) -> KubeObject:
    raw["metadata"]["name"] = f"x-{suffix}"
    return KubeObject(raw)
