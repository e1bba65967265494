"""Immutable fields on a real API server with real controllers: changed without losing a pod, forward and back."""

import asyncio
import copy
from collections.abc import Callable
from typing import Any

import pytest

from changeover.kube.client import KubeCluster
from changeover.objects import Kind, KubeObject
from changeover.plan.model import Plan
from changeover.render.revision import Revision
from changeover.runs.health import kstatus
from changeover.runs.state import Verdict
from tests.flows.carrying import Carrying

pytestmark = [pytest.mark.cluster]

POD, SLICE = Kind("v1", "Pod"), Kind("discovery.k8s.io/v1", "EndpointSlice")
LEFT_BY_CONTROLLERS = (Kind("apps/v1", "ReplicaSet"), Kind("apps/v1", "ControllerRevision"))
SIMULATED = {
    "nodeSelector": {"changeover.dev/node": "simulated"},
    "tolerations": [{"operator": "Exists"}],
    "terminationGracePeriodSeconds": 1,
}


def made(home: str, kind: str, name: str, api_version: str = "v1", **more: Any) -> KubeObject:
    return KubeObject({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": home}, **more})


def workload(home: str, kind: str, labels: dict[str, str], *, selector: dict[str, str] | None = None) -> KubeObject:
    """A workload of two pods (a DaemonSet: of one per simulated node), with these labels on its pods."""
    container = {"name": "main", "image": "web:1", "env": [{"name": "A", "value": "1"}, {"name": "DROP", "value": "1"}]}
    spec: dict[str, Any] = {
        "selector": {"matchLabels": selector or labels},
        "template": {"metadata": {"labels": labels}, "spec": {**SIMULATED, "containers": [container]}},
    }
    if kind != "DaemonSet":
        spec["replicas"] = 2
    if kind == "StatefulSet":
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
        spec |= {"serviceName": "web", "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}]}
    return made(home, kind, "web", "apps/v1", spec=spec)


def changed(obj: KubeObject, change: Callable[[dict[str, Any]], None]) -> KubeObject:
    raw = copy.deepcopy(dict(obj.raw))
    change(raw["spec"])
    return KubeObject(raw)


def revision(version: str, *objects: KubeObject) -> Revision:
    return Revision(version, objects, f"sha256:{version}")


def service(home: str, labels: dict[str, str]) -> KubeObject:
    return made(home, "Service", "web", spec={"selector": labels, "ports": [{"port": 80}]})


async def ready(server: KubeCluster, *objects: KubeObject) -> None:
    for obj in objects:
        for _ in range(300):
            live = await server.get(obj.ref)
            if live is not None and kstatus.judge(live).current and _has_pods(live):
                break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError(f"{obj.ref} does not become ready")


def _has_pods(live: KubeObject) -> bool:
    return live.kind != "DaemonSet" or bool(live.get("status", "desiredNumberScheduled"))


async def uids(server: KubeCluster, home: str) -> set[str]:
    return {pod.uid for pod in await server.list(POD, namespace=home) if not pod.terminating}


async def endpoints(server: KubeCluster, home: str) -> set[str]:
    listed = await server.list(SLICE, namespace=home, selector="kubernetes.io/service-name=web")
    return {one["targetRef"]["uid"] for found in listed for one in found.get("endpoints", default=[]) or []}


async def left_behind(server: KubeCluster, home: str) -> list[str]:
    """What nobody owns, and what of ours is left on anything."""
    found = []
    for kind in (*LEFT_BY_CONTROLLERS, POD):
        for obj in await server.list(kind, namespace=home):
            owners = obj.metadata.get("ownerReferences") or []
            if not owners and not obj.terminating:
                found.append(f"{obj.ref} has no owner")
            if "changeover.dev/bridge" in obj.labels or "orphan" in obj.finalizers:
                found.append(f"{obj.ref} carries a bridge or a finalizer")
    return found


OLD, NEW = {"app": "web", "instance": "one"}, {"app": "web", "instance": "two"}


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
async def test_a_selector_alone_costs_no_pod(cluster: KubeCluster, namespace: str, kind: str) -> None:
    before = revision("1", workload(namespace, kind, OLD, selector={"app": "web"}), service(namespace, {"app": "web"}))
    after = revision("2", workload(namespace, kind, OLD, selector=OLD), service(namespace, {"app": "web"}))
    await stays(cluster, namespace, before, after)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
async def test_labels_selector_and_service_change_and_the_pods_stay(
    cluster: KubeCluster, namespace: str, kind: str
) -> None:
    before = revision("1", workload(namespace, kind, OLD), service(namespace, OLD))
    after = revision("2", workload(namespace, kind, NEW), service(namespace, NEW))
    await stays(cluster, namespace, before, after)


@pytest.mark.parametrize(
    "change",
    [
        lambda spec: spec.update(serviceName="other"),
        lambda spec: spec.update(podManagementPolicy="Parallel"),
        lambda spec: spec["volumeClaimTemplates"][0]["metadata"].update(labels={"app": "x"}),
        lambda spec: spec["volumeClaimTemplates"][0]["spec"]["resources"]["requests"].update(storage="2Mi"),
    ],
    ids=["service-name", "pod-management", "claim-label", "claim-size"],
)
async def test_what_else_is_fixed_in_a_stateful_set_costs_no_pod(
    cluster: KubeCluster, namespace: str, change: Callable[[dict[str, Any]], None]
) -> None:
    first = workload(namespace, "StatefulSet", OLD)
    await stays(cluster, namespace, revision("1", first), revision("2", changed(first, change)))


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
async def test_a_changed_template_follows_as_an_ordinary_rollout(
    cluster: KubeCluster, namespace: str, kind: str
) -> None:
    def env(spec: dict[str, Any]) -> None:
        spec["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": "2"}]

    before = revision("1", workload(namespace, kind, OLD), service(namespace, OLD))
    after = revision("2", changed(workload(namespace, kind, NEW), env), service(namespace, NEW))
    runs, plan = await installed(cluster, namespace, before, after)
    first = await uids(cluster, namespace)
    (change,) = [one for one in plan.changes if one.ref.kind.name == kind]
    assert change.effect.value == "recreate-keeping-pods"
    assert change.restarts.startswith("2 pods: env")
    state = await runs.carry(after, before)
    assert state.verdict is Verdict.COMMITTED, state.failed
    await ready(cluster, after.objects[0])
    live = await cluster.get(after.objects[0].ref)
    assert live is not None
    containers = live.get("spec", "template", "spec", "containers", 0, "env")
    assert containers == [{"name": "A", "value": "2"}]  # what the release dropped is gone
    assert not first & await uids(cluster, namespace)
    assert await left_behind(cluster, namespace) == []


async def installed(cluster: KubeCluster, home: str, before: Revision, after: Revision) -> tuple[Carrying, Plan]:
    runs = Carrying(cluster, home)
    await runs.install(before)
    await ready(cluster, before.objects[0])
    return runs, await runs.planned(after, before)


async def stays(cluster: KubeCluster, home: str, before: Revision, after: Revision) -> None:
    """Forward and back again: the same pods, nothing left behind, nothing left to change."""
    runs, plan = await installed(cluster, home, before, after)
    (change,) = [one for one in plan.changes if one.ref == before.objects[0].ref]
    assert (change.effect.value, change.restarts) == ("recreate-keeping-pods", "")
    first = await uids(cluster, home)
    for new, old in ((after, before), (before, after)):
        state = await runs.carry(new, old)
        assert state.verdict is Verdict.COMMITTED, state.failed
        await ready(cluster, new.objects[0])
        assert await uids(cluster, home) == first
        assert await left_behind(cluster, home) == []
        again = await runs.planned(new, old)
        assert [one for one in again.changes if one.effect.value != "unchanged"] == []
        if len(new.objects) > 1:
            await asyncio.sleep(0.5)
            assert await endpoints(cluster, home) == first


def granted(home: str, role: str) -> KubeObject:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
    account = {"kind": "ServiceAccount", "name": "default", "namespace": home}
    return made(home, "RoleBinding", "reader", "rbac.authorization.k8s.io/v1", roleRef=reference, subjects=[account])


async def test_what_is_made_again_lacks_nothing_meanwhile(cluster: KubeCluster, namespace: str) -> None:
    """A role binding, an immutable ConfigMap, a Secret's type, a Service's address; and back."""
    before = revision(
        "1",
        granted(namespace, "view"),
        made(namespace, "ConfigMap", "fixed", immutable=True, data={"a": "1"}),
        made(namespace, "Secret", "key", type="Opaque", data={"a": "eA=="}),
        made(namespace, "Service", "front", spec={"type": "NodePort", "ports": [{"port": 80}]}),
    )
    after = revision(
        "2",
        granted(namespace, "edit"),
        made(namespace, "ConfigMap", "fixed", immutable=True, data={"a": "2"}),
        made(namespace, "Secret", "key", type="example.com/x", data={"a": "eA=="}),
        made(namespace, "Service", "front", spec={"clusterIP": "None", "type": "ClusterIP", "ports": [{"port": 80}]}),
    )
    runs = Carrying(cluster, namespace)
    await runs.install(before)
    ports = []
    for new, old in ((after, before), (before, after)):
        plan = await runs.planned(new, old)
        assert {change.effect.value for change in plan.changes} == {"recreate"}, plan.changes
        while not await may_read(cluster, namespace):
            await asyncio.sleep(0.05)
        answers: list[bool] = []
        asking = asyncio.create_task(ask(cluster, namespace, answers))
        state = await runs.carry(new, old)
        asking.cancel()
        assert state.verdict is Verdict.COMMITTED, state.failed
        assert len(answers) > 20
        assert all(answers), f"{answers.count(False)} of {len(answers)} refused"
        assert {change.effect.value for change in (await runs.planned(new, old)).changes} == {"unchanged"}
        listed = await cluster.list(Kind("rbac.authorization.k8s.io/v1", "RoleBinding"), namespace=namespace)
        assert [one.name for one in listed] == ["reader"]
        ports.append([obj.get("data") for obj in await cluster.list(Kind("v1", "ConfigMap"), namespace=namespace)])
    assert ports[0] != ports[1]


async def ask(cluster: KubeCluster, home: str, answers: list[bool]) -> None:
    while True:
        answers.append(await may_read(cluster, home))
        await asyncio.sleep(0.01)


async def may_read(cluster: KubeCluster, home: str) -> bool:
    """What the namespace's default account may do, as the API server's own authorizer says."""
    spec = {
        "user": f"system:serviceaccount:{home}:default",
        "resourceAttributes": {"namespace": home, "verb": "list", "resource": "configmaps"},
    }
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "metadata": {}, "spec": spec}
    return bool((await cluster.create(KubeObject(review))).get("status", "allowed"))
