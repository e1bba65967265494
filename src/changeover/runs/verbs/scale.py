"""SCALE: to a number, or back to what a step found; former replicas are in the journal and on the object.

* a HorizontalPodAutoscaler rests while its target has 0 replicas (Kubernetes: ScalingDisabled), so none is in the way
* a session controller is not scaled down while sessions are there: it makes their backups
* down to 0 is done when the pods are gone; up is done when it is asked for: a later step judges health, with causes
"""

from __future__ import annotations

from collections.abc import Mapping

from changeover.errors import Problem
from changeover.objects import KubeObject, Ref
from changeover.plan.steps import Step
from changeover.ports import Json
from changeover.runs.health import informers
from changeover.runs.health.causes import POD
from changeover.runs.scene import Scene
from changeover.runs.verbs.stopping import PROBE_LABEL
from changeover.settings import SCALED_ANNOTATION

POLL = 0.5


class NoWorkload(Problem):
    """The profile names a workload that is not there."""

    reference = "no-workload"


class SessionsLeft(Problem):
    """The session controller must stay while sessions are there."""

    reference = "sessions-left"


async def scale(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Scale; down to 0 waits until the pods have ended."""
    wanted = step.arguments["replicas"]
    if wanted == "restore":
        return await _restore(step, scene)
    live = await _workload(step, scene)
    await _refuse(step, scene, live)
    before = scene.notes(step.id).get("replicas")
    if before is None:
        before = int(live.get("spec", "replicas", default=1))
        await scene.note(step, "replicas", before)
    await scene.checkpoint(step)
    patch = {"metadata": {"annotations": {SCALED_ANNOTATION: str(before)}}, "spec": {"replicas": int(wanted)}}
    await scene.cluster.patch(live.ref, patch)
    await _pods_gone(step, scene, live)
    return {"replicas": before}


async def _workload(step: Step, scene: Scene) -> KubeObject:
    informer = informers.parse(step.target)
    kind = informer.kind if informer else None
    live = None
    if informer and kind:
        live = await scene.cluster.get(Ref(kind, informer.namespace or scene.subject.namespace, informer.name))
    if live is None:
        raise NoWorkload(f"{step.target} must be there to be scaled.", hint="the profile names it as kind/name")
    return live


async def _refuse(step: Step, scene: Scene, live: KubeObject) -> None:
    selector = str(step.arguments.get("sessions", ""))
    if selector:
        pods = await scene.cluster.list(POD, namespace=live.namespace, selector=selector)
        left = [pod.name for pod in pods if PROBE_LABEL not in pod.labels and not await _is_given_up(scene, pod)]
        if left:
            raise SessionsLeft(
                f"{live.ref} must not be stopped while sessions are there: it makes their backups.",
                found=", ".join(left[:10]),
                hint="they were started after the drain; begin again",
            )


async def _is_given_up(scene: Scene, pod: KubeObject) -> bool:
    """Whether it was told to stop and a person has waived its backup: it may hang for ever."""
    return pod.terminating and await scene.waived(pod.name)


async def _pods_gone(step: Step, scene: Scene, live: KubeObject) -> None:
    selector = ",".join(
        f"{key}={value}" for key, value in live.get("spec", "selector", "matchLabels", default={}).items()
    )
    while True:
        pods = await scene.cluster.list(POD, namespace=live.namespace, selector=selector)
        if not pods:
            return
        scene.progress(step, f"waiting until {pods[0].name} has ended")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)


async def _restore(step: Step, scene: Scene) -> Mapping[str, Json]:
    before = next((found for name in step.arguments["of"] if (found := _replicas(scene, name)) is not None), None)
    if before is None:
        return {"restored": False}  # the step that it undoes had not come to scaling anything
    live = await _workload(step, scene)
    await scene.checkpoint(step)
    patch = {"metadata": {"annotations": {SCALED_ANNOTATION: None}}, "spec": {"replicas": before}}
    await scene.cluster.patch(live.ref, patch)
    return {"replicas": before, "restored": True}


def _replicas(scene: Scene, step_id: str) -> int | None:
    found = scene.notes(step_id).get("replicas")
    return None if found is None else int(found)
