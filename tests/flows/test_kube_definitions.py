"""Our definitions on a real API server: what they accept and refuse, and how fast the gate closes and opens."""

import asyncio
import time

import pytest

from changeover.kube.client import KubeCluster
from changeover.kube.setup import VERSION_ANNOTATION, ClusterDefinitions, definitions
from changeover.objects import API_VERSION, Kind, KubeObject, Ref
from changeover.ports import Refused
from changeover.settings import GATE_POLICY


def pod(namespace: str, **labels: str) -> KubeObject:
    return KubeObject(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "ws-1", "namespace": namespace, "labels": labels},
            "spec": {"containers": [{"name": "main", "image": "none"}]},
        }
    )


def gate(namespace: str, selector: str, message: str = "Back at 10:00.") -> KubeObject:
    return KubeObject(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": GATE_POLICY, "namespace": namespace},
            "data": {"selector": selector, "message": message, "run": "shop-1", "installation": "shop"},
        }
    )


async def refused(cluster: KubeCluster, obj: KubeObject) -> str:
    """The words of the refusal, empty when it is not refused."""
    try:
        await cluster.create(obj, dry_run=True)
    except Refused as problem:
        return str(problem) if problem.status == 403 else ""
    return ""


async def until(cluster: KubeCluster, obj: KubeObject, *, closed: bool) -> float:
    """Milliseconds until pods like this are refused (or free) again."""
    began = time.perf_counter()
    while bool(await refused(cluster, obj)) is not closed:
        assert time.perf_counter() - began < 10
    return (time.perf_counter() - began) * 1000


async def test_the_gate_closes_and_opens_for_exactly_the_sessions(cluster: KubeCluster, namespace: str) -> None:
    session = pod(namespace, component="workspace", kind="regular")
    probe = pod("default", component="workspace", kind="regular")
    assert not await refused(cluster, session)
    closed = await cluster.create(gate(namespace, "component=workspace,kind=regular"))
    closing = await until(cluster, session, closed=True)
    for _ in range(50):
        assert "Back at 10:00." in await refused(cluster, session)
    assert GATE_POLICY in await refused(cluster, session)
    assert not await refused(cluster, pod(namespace, component="workspace"))
    assert not await refused(cluster, pod(namespace))
    assert not await refused(cluster, probe)
    assert not await refused(
        cluster, pod(namespace, component="workspace", kind="regular", **{"changeover.dev/probe": "shop-1"})
    )
    assert await refused(
        cluster, pod(namespace, component="workspace", kind="regular", **{"changeover.dev/probe": "other"})
    )
    await cluster.delete(closed.ref, uid=closed.uid)
    opening = await until(cluster, session, closed=False)
    print(f"gate: closed after {closing:.0f} ms, opened after {opening:.0f} ms")


async def test_a_running_session_can_be_changed_while_the_gate_is_closed(cluster: KubeCluster, namespace: str) -> None:
    running = await cluster.create(pod(namespace, component="workspace"))
    await cluster.create(gate(namespace, "component=workspace"))
    await until(cluster, pod(namespace, component="workspace", other="x"), closed=True)
    await cluster.patch(running.ref, {"metadata": {"annotations": {"a": "b"}}})
    await cluster.delete(running.ref, uid=running.uid, grace_seconds=0)


def installation(namespace: str, **spec: object) -> KubeObject:
    metadata = {"name": "shop", "namespace": namespace}
    return KubeObject(
        {
            "apiVersion": API_VERSION,
            "kind": "Installation",
            "metadata": metadata,
            "spec": {"source": {"channel": "/releases"}, **spec},
        }
    )


def changeover(namespace: str) -> KubeObject:
    spec = {"installation": "shop", "kind": "update", "strategy": "window", "planDigest": "sha256:1", "planBlob": "b"}
    metadata = {"name": "shop-1", "namespace": namespace}
    return KubeObject({"apiVersion": API_VERSION, "kind": "Changeover", "metadata": metadata, "spec": spec})


async def test_what_a_run_does_is_fixed_when_it_begins(cluster: KubeCluster, namespace: str) -> None:
    made = await cluster.create(changeover(namespace))
    with pytest.raises(Refused, match="begin another"):
        await cluster.patch(made.ref, {"spec": {"strategy": "plain"}})
    status = {"phase": "drain", "way": "forward", "counts": {"done": 3, "total": 9}, "verdict": "rolled back"}
    told = await cluster.patch(made.ref, {"status": status}, subresource="status")
    assert told.get("status", "counts", "done") == 3
    with pytest.raises(Refused):
        await cluster.patch(made.ref, {"status": {"verdict": "perhaps"}}, subresource="status")


@pytest.mark.parametrize(
    ("window", "good"),
    [
        ({"cron": "0 3 * * 6", "durationMinutes": 60}, True),
        ({"days": ["sat"], "start": "03:00", "durationMinutes": 60, "timeZone": "Europe/Berlin"}, True),
        ({"durationMinutes": 60}, False),
        ({"days": ["sat"], "start": "25:00", "durationMinutes": 60}, False),
        ({"days": ["someday"], "start": "03:00", "durationMinutes": 60}, False),
        ({"cron": "0 3 * * 6"}, False),
    ],
)
async def test_windows_are_checked(
    cluster: KubeCluster, namespace: str, window: dict[str, object], *, good: bool
) -> None:
    obj = installation(namespace, policy={"windows": [window]})
    if good:
        await cluster.create(obj, dry_run=True)
        return
    with pytest.raises(Refused):
        await cluster.create(obj, dry_run=True)


async def test_installing_again_changes_nothing_and_newer_ones_stay(cluster: KubeCluster, namespace: str) -> None:
    assert await ClusterDefinitions().missing(cluster) == []
    assert await ClusterDefinitions().install(cluster) == []
    role = next(obj for obj in definitions() if obj.name == "changeover-view")
    live = await cluster.get(role.ref)
    mark = live.annotations[VERSION_ANNOTATION]
    try:
        await cluster.patch(role.ref, {"metadata": {"annotations": {VERSION_ANNOTATION: "999.0.0/x"}}})
        assert await ClusterDefinitions().missing(cluster) == []
    finally:
        await cluster.patch(role.ref, {"metadata": {"annotations": {VERSION_ANNOTATION: mark}}})


async def test_kubectl_sees_the_installation_as_parent(cluster: KubeCluster) -> None:
    definition = await cluster.get(
        Ref(Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition"), "", "installations.changeover.dev")
    )
    assert definition.labels["applyset.kubernetes.io/is-parent-type"] == "true"
    await asyncio.sleep(0)
