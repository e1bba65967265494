"""RUN-HOOK: one hook of a chart at one event, as Helm runs it (`runs.hooking`).

* an attempt's object carries its mark, so that another process goes on with it; when a person has it tried again after
  a failure, it is made anew
* a hook that failed keeps its log in the journal, then goes if its policy says so; so do those that had succeeded
* when the last of an event has succeeded, those that shall go then are removed, the newest first
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NoReturn

from changeover.objects import KubeObject, Ref
from changeover.plan.hooks import FAILED
from changeover.plan.steps import Step
from changeover.ports import Json
from changeover.runs import hooking
from changeover.runs.holding import Aborted, Overdue
from changeover.runs.hooking import Desk
from changeover.runs.scene import Scene
from changeover.runs.state import AGAIN
from changeover.runs.verbs.installing import logs
from changeover.runs.verbs.manifests import dressed, manifest


async def run_hook(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Run it, or go on with one that was begun. Raises HookFailed."""
    desk = Desk(scene.cluster, scene.clock, _teller(step, scene))
    wanted = dressed(step, scene)
    if "succeeded" not in scene.notes(step.id):
        await _run(step, scene, desk, wanted)
    if step.arguments["last"]:
        await hooking.cleared(desk, _refs(step, scene))
    return {"event": step.arguments["event"]}


async def _run(step: Step, scene: Scene, desk: Desk, wanted: KubeObject) -> None:
    notes = scene.notes(step.id)
    attempt = int(notes.get(AGAIN, 0))
    failed = notes.get("failed") or {}
    if failed.get("attempt") == attempt:  # it was cut off before it could say so
        await _give_up(step, desk, wanted, str(failed["why"]), others=_refs(step, scene))
    mark = f"{scene.subject.run}/{step.id}/{attempt}"
    hook = await hooking.made(desk, wanted, mark, accepted=bool(step.arguments["accepted"]))
    try:
        why = await hooking.ended(desk, hook)
    except (Aborted, Overdue):
        await scene.note(step, "log", await _log(scene, hook))
        raise
    if not why:
        await hooking.given_back(desk, hook, wanted)
        await scene.note(step, "succeeded", data=True)
        return
    await scene.note_many(step, {"log": await _log(scene, hook), "failed": {"attempt": attempt, "why": why}})
    await hooking.given_back(desk, hook, wanted)
    await _give_up(step, desk, wanted, why, others=_refs(step, scene))


async def _give_up(step: Step, desk: Desk, wanted: KubeObject, why: str, *, others: Sequence[Ref]) -> NoReturn:
    """Remove what shall go after a failure, and say so."""
    own = [wanted.ref] if FAILED in step.arguments["deletes"] else []
    await hooking.cleared(desk, [*own, *(ref for ref in others if ref.key != step.target)])
    raise hooking.failed(step.arguments["event"], wanted.ref, why)


async def _log(scene: Scene, hook: KubeObject) -> str:
    return logs.masking_for(scene.subject.new).text(await logs.whole(scene.cluster, hook))


def _refs(step: Step, scene: Scene) -> list[Ref]:
    """The hooks of this event so far that go when it is over."""
    return [manifest(step, scene, key).ref for key in step.arguments["clears"]]


def _teller(step: Step, scene: Scene) -> Callable[[str], Awaitable[None]]:
    async def tell(text: str) -> None:
        scene.progress(step, text)
        await scene.checkpoint(step)

    return tell
