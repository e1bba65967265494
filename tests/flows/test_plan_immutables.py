"""The API server as oracle: what it refuses is named by field and brought about otherwise, what it accepts is not."""

from typing import Any

import pytest

from changeover.kube.client import KubeCluster
from changeover.objects import KubeObject
from tests.flows.planning import bring_about, plan_of
from tests.unit.plan.world import (
    claim,
    config_map,
    deployment,
    job,
    obj,
    revision,
    stateful_set,
    with_,
)

pytestmark = [pytest.mark.cluster]

VCT = ("spec", "volumeClaimTemplates", 0)
CONTAINER = ("spec", "template", "spec", "containers", 0)
STORAGE = {"requests": {"storage": "1Gi"}}
STATEFUL = with_(stateful_set(), STORAGE, *VCT, "spec", "resources")
DAEMON = with_(KubeObject({**deployment().raw, "kind": "DaemonSet"}), ..., "spec", "replicas")
BINDING = obj(
    "rbac.authorization.k8s.io/v1",
    "RoleBinding",
    "b",
    roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "one"},
    subjects=[{"kind": "ServiceAccount", "name": "default", "namespace": "app"}],
)
SERVICE = obj("v1", "Service", "s", spec={"ports": [{"port": 80}], "selector": {"app": "web"}})
FIXED = with_(config_map(a="1"), True, "immutable")
SECRET = obj("v1", "Secret", "s", data={"a": "eA=="})
RELABELLED = with_(
    with_(deployment(), {"matchLabels": {"app": "shop"}}, "spec", "selector"),
    {"app": "shop"},
    *("spec", "template", "metadata", "labels"),
)
CRON = obj("batch/v1", "CronJob", "c", spec={"schedule": "0 0 * * *", "jobTemplate": {"spec": dict(job().raw)["spec"]}})

REFUSED: list[tuple[str, KubeObject, KubeObject, set[str]]] = [
    ("deployment", deployment(), RELABELLED, {"spec.selector"}),
    (
        "daemon set",
        DAEMON,
        KubeObject({**with_(RELABELLED, ..., "spec", "replicas").raw, "kind": "DaemonSet"}),
        {"spec.selector"},
    ),
    ("service name", STATEFUL, with_(STATEFUL, "other", "spec", "serviceName"), {"spec.serviceName"}),
    (
        "claim template's labels",
        STATEFUL,
        with_(STATEFUL, {"app": "x"}, *VCT, "metadata", "labels"),
        {"spec.volumeClaimTemplates[name=data].metadata.labels.app"},
    ),
    (
        "claim template's size",
        STATEFUL,
        with_(STATEFUL, "2Gi", *VCT, "spec", "resources", "requests", "storage"),
        {"spec.volumeClaimTemplates[name=data].spec.resources.requests.storage"},
    ),
    (
        "claim template's class",
        STATEFUL,
        with_(STATEFUL, "fast", *VCT, "spec", "storageClassName"),
        {"spec.volumeClaimTemplates[name=data].spec.storageClassName"},
    ),
    (
        "pod management",
        STATEFUL,
        with_(STATEFUL, "Parallel", "spec", "podManagementPolicy"),
        {"spec.podManagementPolicy"},
    ),
    ("role", BINDING, with_(BINDING, "two", "roleRef", "name"), {"roleRef.name"}),
    ("immutable settings", FIXED, with_(FIXED, {"a": "2"}, "data"), {"data.a"}),
    ("secret's type", SECRET, with_(SECRET, "example.com/x", "type"), {"type"}),
    ("claim's modes", claim(), with_(claim(), ["ReadWriteMany"], "spec", "accessModes"), {"spec.accessModes"}),
    (
        "claim that shrinks",
        claim(size="2Gi"),
        claim(size="1Gi"),
        {"spec.resources.requests.storage"},
    ),
    ("address", SERVICE, with_(SERVICE, "None", "spec", "clusterIP"), {"spec.clusterIP"}),
]

ACCEPTED: list[tuple[str, KubeObject, KubeObject, str]] = [
    (
        "quantities written differently",
        STATEFUL,
        with_(STATEFUL, {"requests": {"storage": "1024Mi"}}, *VCT, "spec", "resources"),
        "unchanged",
    ),
    (
        "a default spelt out",
        deployment(),
        with_(deployment(), "Always", "spec", "template", "spec", "restartPolicy"),
        "unchanged",
    ),
    (
        "cpu written differently",
        with_(deployment(), {"limits": {"cpu": "1"}}, *CONTAINER, "resources"),
        with_(deployment(), {"limits": {"cpu": "1000m"}}, *CONTAINER, "resources"),
        "unchanged",
    ),
    ("image", deployment(), deployment(image="web:2"), "restart"),
    ("replicas", deployment(), deployment(replicas=3), "patch"),
    ("StatefulSet's image", STATEFUL, with_(STATEFUL, "db:2", *CONTAINER, "image"), "restart"),
    (
        "StatefulSet's retention",
        STATEFUL,
        with_(
            STATEFUL, {"whenDeleted": "Retain", "whenScaled": "Delete"}, "spec", "persistentVolumeClaimRetentionPolicy"
        ),
        "patch",
    ),
    ("daemon's image", DAEMON, with_(DAEMON, "web:2", *CONTAINER, "image"), "restart"),
    ("service's type", SERVICE, with_(SERVICE, "NodePort", "spec", "type"), "patch"),
    ("subjects", BINDING, with_(BINDING, [], "subjects"), "patch"),
    ("settings", config_map(a="1"), config_map(a="2"), "patch"),
    ("a dropped key", config_map(a="1", b="1"), config_map(a="1"), "patch"),
    (
        "cron job",
        CRON,
        with_(CRON, "tool:2", "spec", "jobTemplate", "spec", "template", "spec", "containers", 0, "image"),
        "patch",
    ),
    (
        "job's lifetime",
        with_(job(), True, "spec", "suspend"),
        with_(with_(job(), True, "spec", "suspend"), 60, "spec", "ttlSecondsAfterFinished"),
        "patch",
    ),
    (
        "job's work",
        with_(job(), True, "spec", "suspend"),
        with_(with_(job(), True, "spec", "suspend"), "tool:2", *CONTAINER, "image"),
        "recreate",
    ),
]


def at_home(one: KubeObject, home: str) -> KubeObject:
    moved = with_(one, home, "metadata", "namespace")
    return with_(moved, ..., "status") if "status" in moved.raw else moved


async def planned(server: KubeCluster, home: str, before: KubeObject, after: KubeObject) -> Any:
    old, new = revision("1", at_home(before, home)), revision("2", at_home(after, home))
    await bring_about(server, await plan_of(server, old, None, namespace=home), old, namespace=home)
    return await plan_of(server, new, old, namespace=home)


@pytest.mark.parametrize(("before", "after", "fields"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED])
async def test_what_the_server_refuses_is_named(
    cluster: KubeCluster, namespace: str, before: KubeObject, after: KubeObject, fields: set[str]
) -> None:
    made = await planned(cluster, namespace, before, after)
    (change,) = made.changes
    labels = "spec.template.metadata.labels"
    assert {field.path for field in change.fields if not field.path.startswith(labels)} == fields
    if before.kind == "PersistentVolumeClaim":
        assert change.effect.value == "forbidden"
        assert made.blocked
        assert made.findings[0].reference == "immutable-field"
    else:
        keeps = before.kind in {"Deployment", "DaemonSet", "StatefulSet"}
        assert change.effect.value == ("recreate-keeping-pods" if keeps else "recreate")
        assert change.handler
        assert not made.blocked


@pytest.mark.parametrize(("before", "after", "effect"), [one[1:] for one in ACCEPTED], ids=[one[0] for one in ACCEPTED])
async def test_what_the_server_accepts_is_no_alarm(
    cluster: KubeCluster, namespace: str, before: KubeObject, after: KubeObject, effect: str
) -> None:
    made = await planned(cluster, namespace, before, after)
    assert [change.effect.value for change in made.changes] == [effect], made.changes
    assert not made.blocked
