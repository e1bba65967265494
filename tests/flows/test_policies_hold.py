"""A NetworkPolicy and a disruption budget that follow the labels of pods hold every pod until it is gone.

Looked at all the time while labels, selectors and, in half of the cases, the template change: each pod is selected by
one of either kind. Where no pod restarts, nobody ever gets one evicted either, for the budget allows no disruption;
where they restart that proves nothing: Kubernetes grants the eviction of a pod that is going, or not yet running.
"""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from changeover.kube.client import KubeCluster
from changeover.objects import Kind, KubeObject
from changeover.runs.state import Verdict
from tests.flows.carrying import Carrying
from tests.flows.commands import Commands
from tests.flows.handlers import relabelled
from tests.flows.test_immutables import POD, changed, left_behind, ready, revision, uids

pytestmark = [pytest.mark.cluster]

NETWORK, BUDGET = Kind("networking.k8s.io/v1", "NetworkPolicy"), Kind("policy/v1", "PodDisruptionBudget")


class Watch:
    """Looks and tries until it is told to stop."""

    def __init__(self, cluster: KubeCluster, home: str, kubeconfig: str) -> None:
        self.looks = self.tries = 0
        self.unheld: list[str] = []
        self.evicted: list[str] = []
        self._cluster, self._home = cluster, home
        self._commands = Commands(Path(kubeconfig), home)

    async def look(self) -> None:
        """A pod counts as held when it was so just before or just after it was seen: three lists are no instant."""
        while True:
            before = await self._selectors()
            pods = await self._cluster.list(POD, namespace=self._home)
            after = await self._selectors()
            self.looks += 1
            for pod in pods:
                for kind in (NETWORK, BUDGET):
                    selectors = (*before[kind.name], *after[kind.name])
                    if not any(selector.items() <= pod.labels.items() for selector in selectors):
                        self.unheld.append(f"{pod.name} by no {kind.name}: {dict(pod.labels)}")
            await asyncio.sleep(0.01)

    async def _selectors(self) -> dict[str, list[dict[str, str]]]:
        return {
            kind.name: [
                one.get("spec", place, "matchLabels", default={})
                for one in await self._cluster.list(kind, namespace=self._home)
            ]
            for kind, place in ((NETWORK, "podSelector"), (BUDGET, "selector"))
        }

    async def evict(self) -> None:
        """As a drain of a node does."""
        while True:
            for pod in await self._cluster.list(POD, namespace=self._home):
                await asyncio.to_thread(self._try, pod)

    def _try(self, pod: KubeObject) -> None:
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod.name, "namespace": self._home},
            "deleteOptions": {"preconditions": {"uid": pod.uid}},
        }
        self.tries += 1
        path = f"/api/v1/namespaces/{self._home}/pods/{pod.name}/eviction"
        try:
            self._commands.kubectl("create", "--raw", path, "-f", "-", given=json.dumps(eviction))
        except subprocess.CalledProcessError:
            return
        self.evicted.append(pod.name)


def env(spec: dict[str, object]) -> None:
    pod = spec["template"]["spec"]  # type: ignore[index]
    pod["containers"][0]["env"] = [{"name": "A", "value": "2"}]


@pytest.mark.parametrize("restarts", [False, True], ids=["same-template", "other-template"])
@pytest.mark.parametrize(
    "kind", ["Deployment", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("StatefulSet", "DaemonSet"))]
)
async def test_policies_hold_the_pods_until_the_last_is_gone(
    cluster: KubeCluster, namespace: str, kubeconfig: str, kind: str, *, restarts: bool
) -> None:
    before, after = relabelled(namespace, kind)
    if restarts:
        after = revision("2", changed(after.objects[0], env), *after.objects[1:])
    runs = Carrying(cluster, namespace)
    await runs.install(before)
    await ready(cluster, before.objects[0])
    first, watch = await uids(cluster, namespace), Watch(cluster, namespace, kubeconfig)
    doing = [watch.look()] if restarts else [watch.look(), watch.evict()]
    watching = [asyncio.create_task(one) for one in doing]
    try:
        state = await runs.carry(after, before)
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    assert state.verdict is Verdict.COMMITTED, state.failed
    print(f"proof: {kind}: {watch.looks} looks, {watch.tries} evictions tried, {len(watch.evicted)} granted")
    assert watch.unheld == []
    assert watch.evicted == []
    assert watch.looks > 10
    assert restarts or watch.tries > 1
    await ready(cluster, after.objects[0])
    same = first == await uids(cluster, namespace)
    assert same is not restarts
    assert await left_behind(cluster, namespace) == []
