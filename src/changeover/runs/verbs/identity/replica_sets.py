"""Deployments: their pods belong to ReplicaSets, which a new Deployment adopts when labels and template fit.

Where labels change, each ReplicaSet that has pods is left without them and made again with the new labels, its own
template and a new hash; it adopts the pods, and the new Deployment adopts it. An unfinished rollout stays unfinished.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from changeover.objects import KubeObject, Ref
from changeover.plan.immutables.identity import pod_labels
from changeover.plan.steps import Step
from changeover.ports import AlreadyExists, Conflict
from changeover.runs.scene import Scene
from changeover.runs.verbs.identity.keepsake import REPLICA_SET, TEMPLATE_HASH, Keepsake, controller
from changeover.runs.verbs.identity.pods import known_labels, label, labels_towards, manifests_of, pods_of

POLL = 0.2


async def handed_over(step: Step, scene: Scene, kept: Keepsake, goal: KubeObject) -> None:
    """Every pod belongs to a ReplicaSet that the goal will adopt; called while there is no Deployment."""
    for one in kept.sets:
        has_pods = one.uid in kept.pods.values()
        if not has_pods and not one.get("spec", "replicas", default=0):
            continue
        holders = await _holders(step, scene, kept, one)
        if not any(_fits(holder, goal) for holder in holders) and (holders or has_pods):
            await _hand_over(step, scene, kept, (one, goal, holders))


async def _holders(step: Step, scene: Scene, kept: Keepsake, one: KubeObject) -> list[KubeObject]:
    """Who has its pods now: itself, or what it was made into on the way forward or back."""
    forms = [_heir(one, obj) for obj in manifests_of(step, scene)]
    names = {one.name: one.uid, **{heir.name: "" for heir in forms}}
    apart = {other.uid for other in kept.sets if other.uid != one.uid}
    listed = await scene.cluster.list(REPLICA_SET, namespace=one.namespace)
    found = [live for live in listed if live.name in names and live.uid not in apart]
    return [live for live in found if names[live.name] in ("", live.uid)]


def _fits(one: KubeObject, goal: KubeObject) -> bool:
    """Whether the Deployment will take it as it is: template labels alone could tell them apart."""
    own = {name: value for name, value in pod_labels(one).items() if name != TEMPLATE_HASH}
    return own == dict(pod_labels(goal)) and _selected(one.labels, goal)


def _selected(labels: Mapping[str, str], goal: KubeObject) -> bool:
    wanted = goal.get("spec", "selector", "matchLabels", default={})
    return all(labels.get(name) == value for name, value in wanted.items())


async def _hand_over(
    step: Step, scene: Scene, kept: Keepsake, means: tuple[KubeObject, KubeObject, Sequence[KubeObject]]
) -> None:
    one, goal, holders = means
    heir = _heir(one, goal)
    for holder in holders:
        await _freed(step, scene, holder)
    mine = [pod for pod in await pods_of(kept, scene) if kept.pods.get(pod.uid) == one.uid]
    towards = labels_towards(goal, known_labels(step, scene, kept))
    await label(step, scene, mine, {**towards, TEMPLATE_HASH: heir.labels[TEMPLATE_HASH]})
    await scene.checkpoint(step)
    try:
        made = await scene.cluster.create(heir)
    except AlreadyExists as other:
        raise Conflict(f"{heir.ref} was made by somebody else meanwhile.") from other
    await _adopted(step, scene, kept, (one, made))


def _heir(one: KubeObject, goal: KubeObject) -> KubeObject:
    """A ReplicaSet like it under the new labels; its name and hash come from its uid, so that there is only one."""
    digest = "c" + hashlib.sha256(f"{one.uid} {sorted(pod_labels(goal).items())}".encode()).hexdigest()[:9]
    spec: dict[str, Any] = copy.deepcopy(dict(one.get("spec")))
    labels = {**pod_labels(goal), TEMPLATE_HASH: digest}
    selector = copy.deepcopy(dict(goal.get("spec", "selector")))
    selector["matchLabels"] = {**selector.get("matchLabels", {}), TEMPLATE_HASH: digest}
    spec["selector"] = selector
    spec["template"].setdefault("metadata", {})["labels"] = labels
    metadata = {
        "name": f"{goal.name}-{digest}",
        "namespace": goal.namespace,
        "labels": labels,
        "annotations": dict(one.annotations),
    }
    return KubeObject({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec})


async def _freed(step: Step, scene: Scene, one: KubeObject) -> None:
    """The old ReplicaSet goes without its pods: whoever relabels pods while it owns them gets them doubled."""
    live = await scene.cluster.get(one.ref)
    if live is None or live.uid != one.uid:
        return
    await scene.checkpoint(step)
    if not live.terminating:
        await scene.cluster.delete(live.ref, uid=live.uid, version=live.resource_version, propagation="Orphan")
    while (again := await scene.cluster.get(one.ref)) is not None and again.uid == one.uid:
        scene.progress(step, f"waiting until {one.ref} has left its pods")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)


async def _adopted(step: Step, scene: Scene, kept: Keepsake, pair: tuple[KubeObject, KubeObject]) -> None:
    one, made = pair
    while True:
        live = await scene.cluster.get(made.ref)
        pods = [pod for pod in await pods_of(kept, scene) if kept.pods.get(pod.uid) == one.uid]
        seen = live is not None and bool(live.get("status", "observedGeneration"))
        if seen and all(controller(pod).get("uid") == made.uid for pod in pods):
            return
        scene.progress(step, f"waiting until {made.ref} has taken over {len(pods)} pods")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)


async def settled(step: Step, scene: Scene, kept: Keepsake, live: KubeObject) -> None:
    """The Deployment owns every ReplicaSet that has pods of it; those that nobody owns any more are removed."""
    ours = {one.ref.key: one for one in kept.sets}
    for one in kept.sets:
        heir = _heir(one, live)
        ours[heir.ref.key] = heir
    while True:
        again = await scene.cluster.get(live.ref)
        known = [one for one in await scene.cluster.list(REPLICA_SET, namespace=live.namespace) if one.ref.key in ours]
        held = [one for one in known if _selected(one.labels, live) and one.get("spec", "replicas", default=0)]
        seen = again is not None and _is_seen(again)
        if seen and all(controller(one).get("uid") == live.uid for one in held):
            break
        scene.progress(step, f"waiting until {live.ref} has taken over its pods")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)
    for one in known:
        if not controller(one) and not one.terminating:
            await _removed(step, scene, one.ref, one)


def _is_seen(live: KubeObject) -> bool:
    observed = live.get("status", "observedGeneration", default=0)
    return bool(observed >= live.metadata.get("generation", 1))


async def _removed(step: Step, scene: Scene, ref: Ref, one: KubeObject) -> None:
    await scene.checkpoint(step)
    await scene.cluster.delete(ref, uid=one.uid, version=one.resource_version)
