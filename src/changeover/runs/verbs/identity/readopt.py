"""RE-ADOPT: a workload gets the identity that a revision gives it, around its running pods. Nothing restarts.

1 remember the live object and all that belongs to it · 2 delete it without its pods (uid and resourceVersion), wait
until it is gone · 3 give the pods the new labels, where they change · 4 make it again with its old template, wait until
the pods are its own · 5 remove what nobody owns any more, and give the fields back to those who managed them.

Each part looks first whether it is done, so that it can be cut off anywhere. The way back is the same act towards the
old revision: from whatever state the way forward was left in, as the journal has the original.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from changeover.objects import KubeObject, Ref
from changeover.plan.immutables.identity import has_identity, with_identity
from changeover.plan.steps import Step
from changeover.ports import AlreadyExists, Conflict, Json
from changeover.runs.scene import Scene
from changeover.runs.verbs.identity import replica_sets, revisions
from changeover.runs.verbs.identity.keepsake import NOTE, Keepsake, taken
from changeover.runs.verbs.manifests import manifest

POLL = 0.2


async def readopt(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Bring it about; returns the uids before and after."""
    wanted = manifest(step, scene)
    live = await scene.cluster.get(wanted.ref)
    kept = await _remembered(step, scene, live, wanted)
    if kept is None:
        return {"before": "", "after": live.uid if live else ""}
    goal = with_identity(kept.workload, wanted)
    if live is not None and not has_identity(live, wanted):
        await _leave(step, scene, live)
        live = None
    if live is None:
        live = await _made(step, scene, kept, goal)
    await _settled(step, scene, kept, live)
    await _owners_restored(step, scene, kept, live.ref)
    return {"before": kept.workload.uid, "after": live.uid, "pods": len(kept.pods)}


async def _remembered(step: Step, scene: Scene, live: KubeObject | None, wanted: KubeObject) -> Keepsake | None:
    """What is known of it; None when there is nothing to do."""
    own, earlier = _note(scene, step.id), _unfinished(step, scene)
    if live is None or live.terminating:
        return own or earlier
    if has_identity(live, wanted):
        return own or earlier
    kept = await taken(live, scene)
    if earlier is not None:  # the way forward was cut off: it had changed more than the identity, for the time being
        kept = _as_it_was(kept, earlier)
    await scene.note(step, NOTE, kept.packed())
    return kept


def _note(scene: Scene, step_id: str) -> Keepsake | None:
    note = scene.notes(step_id).get(NOTE)
    return Keepsake.unpacked(note) if note else None


def _unfinished(step: Step, scene: Scene) -> Keepsake | None:
    """What the step that this one undoes remembered, if it was cut off."""
    found = (_note(scene, name) for name in step.undoes if not scene.data(name))
    return next((kept for kept in found if kept is not None), None)


def _as_it_was(kept: Keepsake, earlier: Keepsake) -> Keepsake:
    spec = dict(kept.workload.get("spec"))
    for name in ("updateStrategy", "strategy"):
        if (value := earlier.workload.get("spec", name)) is not None:
            spec[name] = value
    metadata = {**kept.workload.metadata, "managedFields": earlier.workload.metadata.get("managedFields")}
    return replace(
        kept,
        workload=KubeObject({**kept.workload.raw, "metadata": metadata, "spec": spec}),
        sets=(*kept.sets, *earlier.sets),
        pods={**earlier.pods, **kept.pods},
        outdated=kept.outdated - {""} if kept.workload.kind == "Deployment" else earlier.outdated,
    )


async def _leave(step: Step, scene: Scene, live: KubeObject) -> None:
    await scene.checkpoint(step)
    if not live.terminating:
        await scene.cluster.delete(live.ref, uid=live.uid, version=live.resource_version, propagation="Orphan")
    await gone(step, scene, live)


async def gone(step: Step, scene: Scene, live: KubeObject) -> None:
    """Wait until this very object is not there any more."""
    while (again := await scene.cluster.get(live.ref)) is not None and again.uid == live.uid:
        scene.progress(step, f"waiting until the old {live.ref} has left its pods")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)


async def _made(step: Step, scene: Scene, kept: Keepsake, goal: KubeObject) -> KubeObject:
    if goal.kind == "Deployment":
        await replica_sets.handed_over(step, scene, kept, goal)
    else:
        await revisions.relabelled(step, scene, kept, goal)
        goal = revisions.at_rest(goal)
    await scene.checkpoint(step)
    try:
        return await scene.cluster.create(goal)
    except AlreadyExists as other:
        raise Conflict(f"{goal.ref} was made by somebody else meanwhile.") from other


async def _settled(step: Step, scene: Scene, kept: Keepsake, live: KubeObject) -> None:
    if live.kind == "Deployment":
        await replica_sets.settled(step, scene, kept, live)
    else:
        await revisions.settled(step, scene, kept, live)


async def _owners_restored(step: Step, scene: Scene, kept: Keepsake, ref: Ref) -> None:
    """Fields belong again to those who managed them, or a field that the release drops would stay for ever."""
    owners = [one for one in kept.workload.metadata.get("managedFields") or [] if not one.get("subresource")]
    live = await scene.cluster.get(ref)
    mine = [one for one in (live.metadata.get("managedFields") or [] if live else []) if not one.get("subresource")]
    if live is None or not owners or mine == owners:
        return
    await scene.checkpoint(step)
    await scene.cluster.patch(
        ref,
        [
            {"op": "test", "path": "/metadata/uid", "value": live.uid},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": live.resource_version},
            {"op": "replace", "path": "/metadata/managedFields", "value": owners},
        ],
    )
