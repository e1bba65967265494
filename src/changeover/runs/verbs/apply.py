"""APPLY: bring one object to the form that a revision gives it, exactly as the dry run did.

* the object is dressed by the same function as in the plan; server-side apply carries the uid and the resourceVersion
  that were read, so that nothing that came in between can be hit
* a Job whose template differs is deleted in the foreground and created again once it is gone: its old pod must not run
  beside the new one. A Job that is at work is waited for, never deleted.
* what else Kubernetes does not change is replaced (`replacing.py`); workloads keep their pods (`identity/`)
* fields that others keep are left out; where the object is made anew, their values are carried over
* a claim that has grown stays as large as it is, also on the way back: none can shrink
* a finished Job of this revision is left alone, also when its TTL has removed it: the journal knows that it ran
"""

from __future__ import annotations

from collections.abc import Mapping

from changeover.objects import REVISION_ANNOTATION, Kind, KubeObject
from changeover.plan import keeping
from changeover.plan.immutables import persistentvolumeclaim
from changeover.plan.model import Effect
from changeover.plan.steps import Step
from changeover.ports import Json, Refused
from changeover.runs.health import kstatus
from changeover.runs.scene import Scene
from changeover.runs.verbs import replacing, service_form
from changeover.runs.verbs.manifests import dressed

AUTOSCALER = Kind("autoscaling/v2", "HorizontalPodAutoscaler")
POLL = 0.5
THEIRS = "theirs"
"""Note of a step: what others had set in an object that is made anew."""


async def apply(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Apply one object; returns what it was: created or changed, with its uid."""
    wanted = dressed(step, scene)
    await scene.checkpoint(step)
    live = await scene.cluster.get(wanted.ref)
    if "existed" not in scene.notes(step.id) and live is None:
        await scene.note(step, "existed", data=False)
    if live is not None and live.terminating:
        await _remember_theirs(step, scene, live)
        await _gone(step, scene, live)
        live = None
    if live is not None and step.arguments.get("effect") == Effect.RECREATE:
        if _is_of(live, wanted):
            await replacing.finished(step, scene, live)
            return {"uid": live.uid, "created": True}
        await _remember_theirs(step, scene, live)
        await (_remove_job if live.kind == "Job" else replacing.removed)(step, scene, live)
        live = None
    if live is not None and live.kind == "Service" and service_form.is_lost(live, wanted):
        await service_form.remember(step, scene, live)
    await scene.checkpoint(step)
    done = await _sent(step, scene, wanted, live)
    await replacing.finished(step, scene, done)
    created = scene.notes(step.id).get("existed") is False
    return {"uid": done.uid, "created": created}


async def _sent(step: Step, scene: Scene, wanted: KubeObject, live: KubeObject | None) -> KubeObject:
    """Apply it; a Service asks for what it had, and takes what it gets when that is no longer free."""
    if live is not None and live.kind == "PersistentVolumeClaim":
        wanted = persistentvolumeclaim.as_large(wanted, live)
    asking = service_form.as_before(step, scene, wanted, live)
    try:
        return await scene.cluster.apply(_fenced(_with_theirs(step, scene, asking, live), live))
    except Refused:
        if asking == wanted:
            raise
    await scene.checkpoint(step)
    return await scene.cluster.apply(_fenced(_with_theirs(step, scene, wanted, live), live))


async def _remember_theirs(step: Step, scene: Scene, live: KubeObject) -> None:
    """What others keep would go with the object."""
    kept = step.arguments.get("kept")
    if kept and THEIRS not in scene.notes(step.id):
        await scene.note(step, THEIRS, keeping.values(live, kept))


def _with_theirs(step: Step, scene: Scene, wanted: KubeObject, live: KubeObject | None) -> KubeObject:
    kept = step.arguments.get("kept", ())
    if not kept:
        return wanted
    if live is not None:
        return keeping.as_theirs(wanted, live, kept)
    return keeping.filled(wanted, scene.notes(step.id).get(THEIRS) or {})


def _fenced(wanted: KubeObject, live: KubeObject | None) -> KubeObject:
    """With uid and resourceVersion of what was read: a request that was held up cannot undo what others did since."""
    if live is None:
        return wanted
    read = {"uid": live.uid, "resourceVersion": live.resource_version}
    return KubeObject({**wanted.raw, "metadata": {**wanted.metadata, **read}})


def _is_of(live: KubeObject, wanted: KubeObject) -> bool:
    return live.annotations.get(REVISION_ANNOTATION) == wanted.annotations.get(REVISION_ANNOTATION)


async def _remove_job(step: Step, scene: Scene, live: KubeObject) -> None:
    while live.kind == "Job" and _at_work(live):
        scene.progress(step, f"{live.ref} is at work; it is waited for, not deleted")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)
        again = await scene.cluster.get(live.ref)
        if again is None or again.uid != live.uid:
            return
        live = again
    await scene.checkpoint(step)
    await scene.cluster.delete(live.ref, uid=live.uid, propagation="Foreground")
    await _gone(step, scene, live)


def _at_work(job: KubeObject) -> bool:
    health = kstatus.judge(job)
    return not health.current and not health.failed and bool(job.get("status", "active", default=0))


async def _gone(step: Step, scene: Scene, live: KubeObject) -> None:
    while True:
        again = await scene.cluster.get(live.ref)
        if again is None or again.uid != live.uid:
            return
        scene.progress(step, f"waiting until the old {live.ref} is gone")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)
