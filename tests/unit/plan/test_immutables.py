from typing import Any

import pytest

from changeover.objects import KubeObject
from changeover.plan.immutables import frozen_fields
from changeover.plan.immutables.job import is_unfinished
from tests.unit.plan.world import claim, config_map, deployment, job, obj, stateful_set, with_

BINDING = obj("rbac.authorization.k8s.io/v1", "RoleBinding", "b", roleRef={"kind": "Role", "name": "one"}, subjects=[])
CLASS = obj("storage.k8s.io/v1", "StorageClass", "fast", namespace=None, provisioner="x", reclaimPolicy="Delete")
SERVICE = obj("v1", "Service", "s", spec={"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "type": "ClusterIP"})
DEFINITION = obj(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    "things.x",
    namespace=None,
    spec={"scope": "Namespaced", "group": "x", "names": {"plural": "things", "kind": "Thing"}},
)
FIXED = with_(config_map(a="1"), True, "immutable")
VCT = ("spec", "volumeClaimTemplates", 0)
DAEMON = KubeObject({**deployment().raw, "kind": "DaemonSet"})

CASES: list[tuple[str, KubeObject, KubeObject, list[str]]] = [
    ("selector", deployment(), with_(deployment(), {"x": "y"}, "spec", "selector", "matchLabels"), ["spec.selector"]),
    ("daemon selector", DAEMON, with_(DAEMON, {"x": "y"}, "spec", "selector", "matchLabels"), ["spec.selector"]),
    ("image only", deployment(), deployment(image="web:2"), []),
    (
        "StatefulSet's labels",
        stateful_set(label="MySQL"),
        stateful_set(label="mysql"),
        ["spec.selector", "spec.volumeClaimTemplates[name=data].metadata.labels.app"],
    ),
    (
        "a size written differently",
        with_(stateful_set(), {"requests": {"storage": "1Gi"}}, *VCT, "spec", "resources"),
        with_(stateful_set(), {"requests": {"storage": "1024Mi"}}, *VCT, "spec", "resources"),
        [],
    ),
    (
        "a class that was dropped",
        with_(stateful_set(), "fast", *VCT, "spec", "storageClassName"),
        stateful_set(),
        ["spec.volumeClaimTemplates[name=data].spec.storageClassName"],
    ),
    ("a defaulted mode", with_(stateful_set(), "Filesystem", *VCT, "spec", "volumeMode"), stateful_set(), []),
    ("serviceName", stateful_set(), with_(stateful_set(), "other", "spec", "serviceName"), ["spec.serviceName"]),
    ("pod management", stateful_set(), stateful_set(podManagementPolicy="Parallel"), ["spec.podManagementPolicy"]),
    ("an empty policy is the default", stateful_set(), stateful_set(podManagementPolicy=""), []),
    ("what may change", stateful_set(), stateful_set(replicas=3, minReadySeconds=5, image="db:2"), []),
    ("job", job(), job(image="tool:2"), ["spec.template.spec.containers[name=run].image"]),
    (
        "labels that the server gave a job",
        with_(job(), {"job-name": "migrations", "controller-uid": "u"}, "spec", "template", "metadata", "labels"),
        with_(job(), {}, "spec", "template", "metadata", "labels"),
        [],
    ),
    ("job's lifetime", job(), with_(job(), 60, "spec", "ttlSecondsAfterFinished"), []),
    ("role", BINDING, with_(BINDING, "two", "roleRef", "name"), ["roleRef.name"]),
    ("subjects", BINDING, with_(BINDING, [{"kind": "User", "name": "u"}], "subjects"), []),
    ("class", CLASS, with_(CLASS, "y", "provisioner"), ["provisioner"]),
    ("fixed settings", FIXED, with_(config_map(a="2"), True, "immutable"), ["data.a"]),
    ("no longer fixed", FIXED, config_map(a="1"), ["immutable"]),
    ("free settings", config_map(a="1"), config_map(a="2"), []),
    ("secret type", obj("v1", "Secret", "s"), obj("v1", "Secret", "s", type="kubernetes.io/tls"), ["type"]),
    ("address", SERVICE, with_(SERVICE, "None", "spec", "clusterIP"), ["spec.clusterIP"]),
    ("address not given", SERVICE, obj("v1", "Service", "s", spec={"type": "NodePort"}), []),
    ("shrunk claim", claim(size="2Gi"), claim(size="1Gi"), ["spec.resources.requests.storage"]),
    ("claim mode", claim(), with_(claim(), ["ReadWriteMany"], "spec", "accessModes"), ["spec.accessModes"]),
    ("scope", DEFINITION, with_(DEFINITION, "Cluster", "spec", "scope"), ["spec.scope"]),
    ("a kind without a rule", obj("x/v1", "Thing", "t", a=1), obj("x/v1", "Thing", "t", a=2), []),
    (
        "scopes of a quota",
        obj("v1", "ResourceQuota", "q", spec={"hard": {"pods": "1"}, "scopes": ["BestEffort"]}),
        obj("v1", "ResourceQuota", "q", spec={"hard": {"pods": "2"}, "scopes": ["NotBestEffort"]}),
        ["spec.scopes"],
    ),
    (
        "controller of an IngressClass",
        obj("networking.k8s.io/v1", "IngressClass", "i", namespace=None, spec={"controller": "x/a"}),
        obj("networking.k8s.io/v1", "IngressClass", "i", namespace=None, spec={"controller": "x/b"}),
        ["spec.controller"],
    ),
]


@pytest.mark.parametrize(("live", "desired", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_fields_that_cannot_change_are_named(live: KubeObject, desired: KubeObject, expected: list[str]) -> None:
    found = frozen_fields(live, desired)
    assert [one.difference.text for one in found] == expected
    assert all(one.reason and one.hint for one in found)


def test_a_selector_is_shown_whole() -> None:
    (one,) = frozen_fields(deployment(), with_(deployment(), {"x": "y"}, "spec", "selector", "matchLabels"))
    assert one.difference.before == {"matchLabels": {"app": "web"}}
    assert one.difference.after == {"matchLabels": {"x": "y"}}


@pytest.mark.parametrize(
    ("phase", "reason"), [("Pending", "bound"), ("Bound", "storage class")], ids=["pending", "bound"]
)
def test_a_claim_that_cannot_grow_says_why(phase: str, reason: str) -> None:
    (one,) = frozen_fields(claim(size="1Gi", phase=phase), claim(size="2Gi"))
    assert reason in one.reason


@pytest.mark.parametrize(
    ("status", "spec", "unfinished"),
    [
        ({}, {}, True),
        ({"active": 1}, {}, True),
        ({"conditions": [{"type": "Complete", "status": "True"}]}, {}, False),
        ({"conditions": [{"type": "Failed", "status": "True"}]}, {}, False),
        ({"conditions": [{"type": "Failed", "status": "False"}]}, {}, True),
        ({}, {"suspend": True}, False),
        ({"active": 1}, {"suspend": True}, True),
    ],
)
def test_when_a_job_is_unfinished(status: dict[str, Any], spec: dict[str, Any], *, unfinished: bool) -> None:
    assert is_unfinished(obj("batch/v1", "Job", "j", spec=spec, status=status)) is unfinished
