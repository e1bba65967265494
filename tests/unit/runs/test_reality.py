"""Which pods are new, and how long they took, from the objects as they are at the end."""

from typing import Any

from changeover.objects import KubeObject
from changeover.runs import reality

LABELS = {"app": "web"}


def workload(*, changed: str = "10:00:10", **entry: str) -> KubeObject:
    ours = {"manager": "changeover", "operation": "Apply", "time": f"2026-11-23T{changed}Z", **entry}
    metadata = {"name": "web", "namespace": "ns", "managedFields": [ours]}
    return KubeObject(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {"selector": {"matchLabels": LABELS}},
        }
    )


def pod(created: str, ready: str = "", **more: Any) -> KubeObject:
    metadata = {"namespace": "ns", "labels": LABELS, "creationTimestamp": f"2026-11-23T{created}Z", **more}
    conditions = [{"type": "Ready", "status": "True", "lastTransitionTime": f"2026-11-23T{ready}Z"}] if ready else []
    return KubeObject({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": {"conditions": conditions}})


def test_pods_made_since_we_changed_the_workload_are_new() -> None:
    pods = [pod("10:00:09", "10:00:09"), pod("10:00:10", "10:00:14"), pod("10:00:12", "10:00:31")]
    assert reality.of_workload(workload(), pods) == {"pods": 3, "new": 2, "readySeconds": 21.0, "fell": 0}


def test_pods_of_others_and_those_that_are_going_do_not_count() -> None:
    others = [
        pod("10:00:12", labels={"app": "other"}),
        pod("10:00:12", namespace="elsewhere"),
        pod("10:00:12", deletionTimestamp="2026-11-23T10:00:20Z"),
    ]
    assert reality.of_workload(workload(), others) == {"pods": 0, "new": 0, "readySeconds": 0.0, "fell": 0}


def test_containers_that_fell_since() -> None:
    raw = dict(pod("10:00:01").raw)
    raw["status"] = {
        "containerStatuses": [
            {"lastState": {"terminated": {"finishedAt": "2026-11-23T10:00:20Z"}}},
            {"lastState": {"terminated": {"finishedAt": "2026-11-23T09:00:00Z"}}},
        ]
    }
    assert reality.of_workload(workload(), [KubeObject(raw)])["fell"] == 1


def test_a_workload_that_we_never_changed_tells_nothing() -> None:
    assert reality.of_workload(workload(manager="kubectl"), [pod("10:00:12")]) == {}
    assert reality.of_workload(workload(subresource="scale"), [pod("10:00:12")]) == {}
