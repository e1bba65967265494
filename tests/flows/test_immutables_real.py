"""Real pods under load from outside of them while what Kubernetes does not change changes; nobody notices.

Where the template changes as well, exactly the pods restart that the plan said, and for about as long. Requests come
with and without keep-alive, through a node port; each one's time is recorded, so that stalls count.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from changeover.evidence import predicted
from changeover.kube.client import KubeCluster
from changeover.kube.journal import Journal
from changeover.objects import Kind, KubeObject
from changeover.runs.state import Verdict
from tests.flows.carrying import Carrying
from tests.flows.load import SERVER, load_on
from tests.flows.test_immutables import NEW, OLD, changed, left_behind, made, ready, revision, uids, workload

pytestmark = [pytest.mark.cluster, pytest.mark.nodes, pytest.mark.slow]

CLAIM = Kind("v1", "PersistentVolumeClaim")
STALL = 2.0
"""Seconds that the slowest request may take where no pod restarts."""


def real(home: str, kind: str, labels: dict[str, str], image: str, **more: Any) -> KubeObject:
    """A workload of the answering program on the real node; `more` goes into its specification."""

    def on_real_nodes(spec: dict[str, Any]) -> None:
        pod = spec["template"]["spec"]
        pod["nodeSelector"] = {"changeover.dev/node": "real"}
        probe = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
        pod["containers"] = [
            {"name": "main", "image": image, "command": ["python3", "-c", SERVER], "readinessProbe": probe}
        ]
        spec.pop("volumeClaimTemplates", None)
        spec.update(more)

    return changed(workload(home, kind, labels), on_real_nodes)


def front(home: str, labels: dict[str, str]) -> KubeObject:
    spec = {"type": "NodePort", "selector": labels, "ports": [{"port": 8080}]}
    return made(home, "Service", "web", spec=spec)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
async def test_labels_and_selectors_change_under_load(
    cluster: KubeCluster, namespace: str, python_image: str, kind: str
) -> None:
    before = revision("1", real(namespace, kind, OLD, python_image), front(namespace, OLD))
    after = revision("2", real(namespace, kind, NEW, python_image), front(namespace, NEW))
    runs = Carrying(cluster, namespace)
    await runs.install(before)
    await ready(cluster, before.objects[0])
    load = await load_on(cluster, before.objects[1])
    first = await uids(cluster, namespace)
    with load.on():
        await asyncio.sleep(2)
        state = await runs.carry(after, before)
        await asyncio.sleep(3)
    assert state.verdict is Verdict.COMMITTED, state.failed
    print(f"proof: {kind}: {load.said()}")
    assert load.failures == []
    assert len(load.seconds) > 500
    assert await uids(cluster, namespace) == first
    assert await left_behind(cluster, namespace) == []


def single(home: str, labels: dict[str, str], image: str, **more: Any) -> KubeObject:
    """A StatefulSet of one pod with a claim that it writes to."""
    request = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    template = {"metadata": {"name": "data"}, "spec": request}

    def writing(spec: dict[str, Any]) -> None:
        main = spec["template"]["spec"]["containers"][0]
        main["command"][-1] = "open('/data/began', 'a').write('x')\n" + SERVER
        main["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]

    spec = {"replicas": 1, "volumeClaimTemplates": [template], **more}
    return changed(real(home, "StatefulSet", labels, image, **spec), writing)


def other_claims(spec: dict[str, Any]) -> None:
    template = spec["volumeClaimTemplates"][0]
    template["metadata"]["labels"] = {"app": "x"}
    template["spec"]["resources"]["requests"]["storage"] = "2Mi"


GREEDY = {"whenDeleted": "Delete", "whenScaled": "Delete"}
IDENTITIES: dict[str, tuple[Callable[[dict[str, Any]], None], dict[str, Any]]] = {
    "claim-templates": (other_claims, {}),
    "claim-templates-that-delete": (other_claims, {"persistentVolumeClaimRetentionPolicy": GREEDY}),
    "service-name": (lambda spec: spec.update(serviceName="other"), {}),
    "pod-management": (lambda spec: spec.update(podManagementPolicy="Parallel"), {}),
}


@pytest.mark.parametrize("identity", IDENTITIES)
async def test_what_else_is_fixed_in_a_stateful_set_changes_under_load(
    cluster: KubeCluster, namespace: str, python_image: str, identity: str
) -> None:
    """One pod with one claim: there and back, the same pod with the same claim answers all the time."""
    change, more = IDENTITIES[identity]
    first = single(namespace, OLD, python_image, **more)
    before = revision("1", first, front(namespace, OLD))
    after = revision("2", changed(first, change), front(namespace, OLD))
    runs = Carrying(cluster, namespace)
    await runs.install(before)
    await ready(cluster, first)
    load = await load_on(cluster, before.objects[1])
    pods, claims = await uids(cluster, namespace), await claimed(cluster, namespace)
    assert len(claims) == 1
    with load.on():
        await asyncio.sleep(1)
        for new, old in ((after, before), (before, after)):
            state = await runs.carry(new, old)
            assert state.verdict is Verdict.COMMITTED, state.failed
            await asyncio.sleep(1)
    print(f"proof: StatefulSet of one pod, {identity}, there and back: {load.said()}")
    assert load.failures == []
    assert len(load.seconds) > 500
    assert max(load.seconds) < STALL
    assert await uids(cluster, namespace) == pods
    assert await claimed(cluster, namespace) == claims
    assert await left_behind(cluster, namespace) == []


async def claimed(cluster: KubeCluster, home: str) -> dict[str, str]:
    """Uid of each claim, by the volume that it is bound to."""
    claims = await cluster.list(CLAIM, namespace=home)
    return {str(one.get("spec", "volumeName")): one.uid for one in claims if not one.terminating}


DELAY = 6
"""Seconds before the new pods' first probe: what makes their restart long enough to be measured."""


def restarted(spec: dict[str, Any]) -> None:
    main = spec["template"]["spec"]["containers"][0]
    main["env"] = [{"name": "A", "value": "2"}]


def slow_start(spec: dict[str, Any]) -> None:
    spec["template"]["spec"]["containers"][0]["readinessProbe"]["initialDelaySeconds"] = DELAY


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
async def test_where_the_template_changes_too_the_plan_comes_true(
    cluster: KubeCluster, namespace: str, python_image: str, kind: str
) -> None:
    """Labels and environment: as many new pods as predicted, and a service away for about as long as predicted."""

    def form(labels: dict[str, str]) -> KubeObject:
        whole = single if kind == "StatefulSet" else lambda *words: real(words[0], kind, *words[1:])
        return changed(whole(namespace, labels, python_image), slow_start)

    before = revision("1", form(OLD), front(namespace, OLD))
    after = revision("2", changed(form(NEW), restarted), front(namespace, NEW))
    runs = Carrying(cluster, namespace)
    await runs.install(before)
    await ready(cluster, before.objects[0])
    load = await load_on(cluster, before.objects[1])
    first, claims = await uids(cluster, namespace), await claimed(cluster, namespace)
    subject = await runs.begun(after, before)
    with load.on():
        await asyncio.sleep(1)
        state = await runs.go(subject)
        await asyncio.sleep(2)
    assert state.verdict is Verdict.COMMITTED, state.failed
    assert not first & await uids(cluster, namespace)
    assert await claimed(cluster, namespace) == claims
    records = await Journal(cluster, runs.runs[-1]).read()
    told = predicted.compare(subject.plan, state, records)
    assert [one.what for one in told if not one.held] == [], told
    (restarts,) = [one for one in told if one.what.startswith("pods of")]
    assert restarts.predicted == str(len(first)) == restarts.observed.partition(" ")[0]
    away, foretold = load.longest_silence, float(subject.plan.facts["expectedDowntimeSeconds"])
    print(f"proof: {kind} with another template: {restarts.observed} pods restarted, {load.said()}")
    print(f"proof: {kind} with another template: nobody was answered for {away:.1f} s, foretold were {foretold:.1f} s")
    if foretold:
        assert foretold / 2 <= away <= foretold * 2
    elif kind == "Deployment":
        assert away < STALL
    assert await left_behind(cluster, namespace) == []
