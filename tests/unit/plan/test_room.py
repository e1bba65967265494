"""Room on the nodes for the pods that a rollout starts first."""

from typing import Any

import pytest

from changeover.objects import KubeObject
from changeover.plan import room
from changeover.plan.model import Effect, ObjectChange
from tests.unit.plan.world import deployment


def node(name: str = "a", *, cpu: str = "2", pods: str = "10", **spec: Any) -> KubeObject:
    metadata = {"name": name, "labels": {"disk": "fast"}}
    status = {"allocatable": {"cpu": cpu, "memory": "4Gi", "pods": pods}}
    return KubeObject({"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": status})


def pod(cpu: str, *, on: str = "a", phase: str = "Running") -> KubeObject:
    containers = [{"resources": {"requests": {"cpu": cpu}}}]
    raw = {"spec": {"nodeName": on, "containers": containers}, "status": {"phase": phase}}
    return KubeObject({"apiVersion": "v1", "kind": "Pod", **raw})


def web(cpu: str = "1", replicas: int = 1, strategy: dict[str, Any] | None = None, **more: Any) -> KubeObject:
    made = deployment("web", replicas=replicas, container={"resources": {"requests": {"cpu": cpu}}}, **more)
    spec = {**made.get("spec"), **({"strategy": strategy} if strategy else {})}
    return KubeObject({**made.raw, "spec": spec})


def is_told(workload: KubeObject, nodes: list[KubeObject], *pods: KubeObject) -> bool:
    change = ObjectChange(workload.ref, Effect.RESTART, restarts="1 pod: image")
    return bool(list(room.findings([change], {workload.ref.key: workload}, room.rooms(nodes, pods))))


@pytest.mark.parametrize(
    ("workload", "nodes", "pods", "told"),
    [
        (web("1"), [node()], [pod("1")], False),
        (web("1"), [node()], [pod("1500m")], True),
        (web("1"), [node()], [pod("1500m", phase="Succeeded")], False),
        (web("1"), [node(), node("b")], [pod("2")], False),
        (web("1"), [node(), node("b", unschedulable=True)], [pod("2")], True),
        (web("0"), [node(pods="1")], [pod("0")], True),
        (web("3", replicas=4), [node()], [], False),
        (web("3", replicas=3), [node()], [], True),
        (web("3", strategy={"type": "Recreate"}), [node()], [], False),
        (web("3", strategy={"rollingUpdate": {"maxUnavailable": 1}}), [node()], [], False),
        (web("1", nodeSelector={"disk": "slow"}), [node()], [], True),
        (web("1", nodeSelector={"disk": "fast"}), [node()], [], False),
        (web("1"), [node(taints=[{"effect": "NoSchedule"}])], [], True),
        (web("1", tolerations=[{"operator": "Exists"}]), [node(taints=[{"effect": "NoSchedule"}])], [], False),
        (web("9"), [], [], False),
    ],
)
def test_a_rollout_that_would_wait_for_room(
    workload: KubeObject, nodes: list[KubeObject], pods: list[KubeObject], *, told: bool
) -> None:
    assert is_told(workload, nodes, *pods) is told


def test_what_does_not_restart_needs_no_room() -> None:
    workload = web("9")
    change = ObjectChange(workload.ref, Effect.PATCH)
    assert not list(room.findings([change], {workload.ref.key: workload}, room.rooms([node()], [])))


def test_a_large_init_container_counts() -> None:
    init = [{"resources": {"requests": {"cpu": "3"}}}]
    assert is_told(web("1", initContainers=init), [node()])
