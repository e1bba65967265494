"""Keeps autoscalers from taking the nodes on which sessions are being saved, and lets them again afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from changeover.objects import GROUP, Kind, KubeObject, Ref
from changeover.plan.steps import Step
from changeover.ports import Refused
from changeover.runs.scene import Scene

NODE = Kind("v1", "Node")
DISABLED = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
OURS = f"{GROUP}/protected-by"


async def protect(step: Step, scene: Scene, names: Sequence[str]) -> None:
    """Annotate nodes that nobody has annotated; without the right to, sessions are drained all the same."""
    done = set(scene.notes(step.id).get("protected", ()))
    fresh = [name for name in names if name and name not in done]
    if not fresh:
        return
    await scene.note(step, "protected", sorted(done | set(fresh)))
    for name in fresh:
        node = await _seen(scene, name)
        if node is None or DISABLED in node.annotations:
            continue
        await scene.checkpoint(step)
        if not await _annotate(scene, name, {DISABLED: "true", OURS: scene.subject.run}):
            return


async def release(step: Step, scene: Scene) -> None:
    """Take back what `protect` did."""
    for name in scene.notes(step.id).get("protected", ()):
        node = await _seen(scene, name)
        if node is not None and node.annotations.get(OURS) == scene.subject.run:
            await _annotate(scene, name, {DISABLED: None, OURS: None})


async def _seen(scene: Scene, name: str) -> KubeObject | None:
    try:
        return await scene.cluster.get(Ref(NODE, "", name))
    except Refused:
        return None


async def _annotate(scene: Scene, name: str, annotations: dict[str, str | None]) -> bool:
    try:
        await scene.cluster.patch(Ref(NODE, "", name), {"metadata": {"annotations": annotations}})
    except Refused:
        return False
    return True
