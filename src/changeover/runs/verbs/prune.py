"""PRUNE: remove an object that the revision does not have; what holds data only when its name was typed."""

from __future__ import annotations

from collections.abc import Mapping

from changeover.errors import Problem
from changeover.objects import Ref
from changeover.plan.data import why_data
from changeover.plan.steps import Step
from changeover.ports import Json
from changeover.runs.scene import Scene
from changeover.runs.verbs import service_form

POLL = 0.5


class HoldsData(Problem):
    """A step would remove what holds data, and nobody typed its name."""

    reference = "holds-data"


async def prune(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Delete by the uid that was first seen, and wait until it is gone."""
    ref = Ref.from_json(step.arguments["ref"])
    live = await scene.cluster.get(ref)
    known = scene.notes(step.id).get("uid")
    if live is None or (known and live.uid != known):
        return {"uid": known or "", "removed": bool(known)}
    reason = why_data(live)
    if reason and not step.arguments.get("accepted"):
        raise HoldsData(
            f"{ref} is not removed: {reason}.",
            hint=f"plan again with --accept-data-loss {live.name} when it may go",
        )
    if not known:
        await service_form.remember(step, scene, live)
        await scene.note(step, "uid", live.uid)
    await scene.checkpoint(step)
    if not live.terminating:
        await scene.cluster.delete(ref, uid=live.uid, propagation="Foreground" if live.kind == "Job" else "Background")
    while True:
        again = await scene.cluster.get(ref)
        if again is None or again.uid != live.uid:
            return {"uid": live.uid, "removed": True}
        scene.progress(step, f"waiting until {ref} is gone")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)
