"""StatefulSets and DaemonSets: they know by a revision hash on each pod whether it is up to date.

A new one with other labels has another hash: it is made at rest (`OnDelete`), the pods get its hash, and only then it
gets its own update strategy back. That is true because the running containers are what the template says: the template
differs in labels only. Pods that an unfinished rollout had still to replace keep their old hash.
"""

from __future__ import annotations

import copy
import re

from changeover.objects import KubeObject
from changeover.plan.steps import Step
from changeover.runs.scene import Scene
from changeover.runs.verbs.identity.keepsake import HASH, REVISION, Keepsake, controller
from changeover.runs.verbs.identity.pods import known_labels, label, labels_towards, pods_of

POLL = 0.2
AT_REST = {"type": "OnDelete"}


async def relabelled(step: Step, scene: Scene, kept: Keepsake, goal: KubeObject) -> None:
    """The pods carry the new labels; called while nobody owns them."""
    pods = await pods_of(kept, scene)
    await label(step, scene, pods, labels_towards(goal, known_labels(step, scene, kept)))


def at_rest(goal: KubeObject) -> KubeObject:
    """The same, replacing no pod by itself."""
    raw = copy.deepcopy(dict(goal.raw))
    raw["spec"]["updateStrategy"] = AT_REST
    return KubeObject(raw)


async def settled(step: Step, scene: Scene, kept: Keepsake, live: KubeObject) -> None:
    """The pods are its own and up to date, its update strategy is the real one, revisions without owner are gone."""
    current = await _adopted(step, scene, kept, live)
    pods = await pods_of(kept, scene, owners=frozenset({live.uid}))
    fresh = [pod for pod in pods if pod.labels.get(HASH) not in kept.outdated]
    await label(step, scene, fresh, {HASH: current})
    again = await scene.cluster.get(live.ref)
    strategy = kept.workload.get("spec", "updateStrategy")
    if again is not None and strategy and again.get("spec", "updateStrategy") != strategy:
        await scene.checkpoint(step)
        await scene.cluster.patch(
            live.ref,
            [
                {"op": "test", "path": "/metadata/uid", "value": live.uid},
                {"op": "replace", "path": "/metadata/resourceVersion", "value": again.resource_version},
                {"op": "replace", "path": "/spec/updateStrategy", "value": strategy},
            ],
        )
    await _tidied(step, scene, live)


async def _adopted(step: Step, scene: Scene, kept: Keepsake, live: KubeObject) -> str:
    """Wait until the controller has seen it and owns the pods; returns the hash of its revision."""
    while True:
        again = await scene.cluster.get(live.ref)
        pods = await pods_of(kept, scene)
        current = await _current(scene, again) if again else ""
        if current and all(controller(pod).get("uid") == live.uid for pod in pods):
            return current
        scene.progress(step, f"waiting until {live.ref} has taken over {len(pods)} pods")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)


async def _current(scene: Scene, live: KubeObject) -> str:
    if live.get("status", "observedGeneration", default=0) < live.metadata.get("generation", 1):
        return ""
    if live.kind == "StatefulSet":
        return str(live.get("status", "updateRevision", default=""))
    listed = await scene.cluster.list(REVISION, namespace=live.namespace)
    mine = [one for one in listed if controller(one).get("uid") == live.uid]
    newest = max(mine, key=lambda one: int(one.get("revision", default=0)), default=None)
    return newest.labels.get(HASH, "") if newest else ""


async def _tidied(step: Step, scene: Scene, live: KubeObject) -> None:
    own_name = re.compile(rf"{re.escape(live.name)}-[a-z0-9]+")
    for one in await scene.cluster.list(REVISION, namespace=live.namespace):
        if not controller(one) and own_name.fullmatch(one.name):
            await scene.checkpoint(step)
            await scene.cluster.delete(one.ref, uid=one.uid, version=one.resource_version)
