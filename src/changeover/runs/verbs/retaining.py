"""RETAIN and UNRETAIN: a StatefulSet keeps its claims while it is scaled down or made again; then its policy is back.

* the policy, and who owned the field, are in the journal before anything is changed
* it counts when the controller has seen it, and has let go of the claims that the running pods use
* the policy afterwards is the one that a revision gave it meanwhile; where no revision speaks of it, the one it had
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from changeover.objects import Kind, KubeObject, Ref
from changeover.plan import data, ownership, retention
from changeover.plan.steps import Step
from changeover.ports import Json
from changeover.runs.health.causes import POD
from changeover.runs.scene import Scene
from changeover.runs.verbs.identity.keepsake import controller
from changeover.runs.verbs.identity.pods import manifests_of

CLAIM = Kind("v1", "PersistentVolumeClaim")
FIELD = ("f:spec", f"f:{retention.POLICY}")
BEFORE, OWNERS = "before", "owners"
POLL = 0.2


async def retain(step: Step, scene: Scene) -> Mapping[str, Json]:
    """It deletes no claim, whatever happens to its pods; nothing to do where it is gone or deletes none."""
    ref = Ref.from_json(step.arguments["ref"])
    live = await scene.cluster.get(ref)
    if live is None or live.terminating:
        return {"retained": False}
    if BEFORE not in scene.notes(step.id):
        if "Delete" not in retention.policy_of(live).values():
            return {"retained": False}
        entries: Sequence[Mapping[str, Any]] = live.metadata.get("managedFields") or ()
        before = {BEFORE: dict(retention.policy_of(live)), OWNERS: list(ownership.owning(entries, FIELD))}
        await scene.note_many(step, before)
    if retention.policy_of(live) != retention.KEPT:
        await _give(step, scene, live, retention.KEPT)
    await _let_go(step, scene, ref)
    return {"retained": True}


async def unretain(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Its policy is what it shall be, and the field belongs to whom it belonged."""
    noted = _noted(step, scene)
    live = await scene.cluster.get(Ref.from_json(step.arguments["ref"]))
    if noted is None or live is None or live.terminating:
        return {"restored": False}
    applied = _as_applied(step, scene)
    policy = noted[BEFORE] if applied is None else applied
    if retention.policy_of(live) != policy:
        live = await _give(step, scene, live, policy)
    entries: Sequence[Mapping[str, Any]] = live.metadata.get("managedFields") or ()
    before = noted[OWNERS] if applied is None else [one for one in entries if not ownership.by_patch(one)]
    owners = list(ownership.returned(live, FIELD, ownership.owning(before, FIELD)))
    if owners != list(entries):
        await _patch(step, scene, live, "/metadata/managedFields", owners)
    return {"restored": True}


def _noted(step: Step, scene: Scene) -> Mapping[str, Any] | None:
    """What it was at first: noted on the way forward, or, where that has put it back itself, on this way."""
    prefix, _, _ = step.id.rpartition(f"unretain/{step.target}")
    forward, own = (scene.notes(f"{way}retain/{step.target}") for way in ("", prefix))
    is_over = bool(prefix) and bool(scene.data(f"unretain/{step.target}"))
    if BEFORE in forward and not is_over:
        return forward
    return own if prefix and BEFORE in own else None


def _as_applied(step: Step, scene: Scene) -> Mapping[str, Any] | None:
    """The policy of the revision that was applied meanwhile; None = releases say nothing of it, or none was applied."""
    digest = str(step.arguments["revision"])
    if not digest or not any(retention.policy_of(obj) for obj in manifests_of(step, scene)):
        return None
    found = [obj for obj in scene.subject.revision(digest).objects if obj.ref.key == step.target]
    return {**retention.KEPT, **retention.policy_of(found[0])} if found else None


async def _give(step: Step, scene: Scene, live: KubeObject, policy: Mapping[str, Any]) -> KubeObject:
    return await _patch(step, scene, live, f"/spec/{retention.POLICY}", dict(policy))


async def _patch(step: Step, scene: Scene, live: KubeObject, path: str, value: Any) -> KubeObject:
    await scene.checkpoint(step)
    return await scene.cluster.patch(
        live.ref,
        [
            {"op": "test", "path": "/metadata/uid", "value": live.uid},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": live.resource_version},
            {"op": "replace", "path": path, "value": value},
        ],
    )


async def _let_go(step: Step, scene: Scene, ref: Ref) -> None:
    """Wait until no claim of a running pod would go with the pod or the StatefulSet."""
    while (live := await scene.cluster.get(ref)) is not None:
        seen = live.get("status", "observedGeneration", default=0) >= live.metadata.get("generation", 1)
        held = await _held(scene, live)
        if seen and not held:
            return
        scene.progress(step, f"waiting until {ref} has let go of {', '.join(held[:3]) or 'its claims'}")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)


async def _held(scene: Scene, live: KubeObject) -> list[str]:
    listed = await scene.cluster.list(POD, namespace=live.namespace)
    pods = [pod for pod in listed if controller(pod).get("uid") == live.uid]
    used = {name for pod in pods for name in data.claims_of(pod)}
    takers = {live.uid, *(pod.uid for pod in pods)}
    return [
        claim.name
        for claim in await scene.cluster.list(CLAIM, namespace=live.namespace)
        if claim.name in used and any(one["uid"] in takers for one in claim.metadata.get("ownerReferences") or ())
    ]
