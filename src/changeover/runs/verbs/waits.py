"""WAIT-WINDOW, ANNOUNCE, RECHECK: what happens before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from changeover import __version__
from changeover.errors import Problem
from changeover.objects import API_VERSION, Kind, Ref
from changeover.plan.model import Effect, Plan
from changeover.plan.steps import Step
from changeover.ports import Busy, Json
from changeover.runs.fitting import Need
from changeover.runs.freezes import Freeze, Frozen, holding
from changeover.runs.scene import Scene

POLL = 1.0


class WindowTooShort(Problem):
    """The run would not end, with its way back, before the window closes; it does not begin."""

    reference = "window-too-short"


class PlanChanged(Problem):
    """The cluster changed since the plan was made; what would happen now is not what was approved."""

    reference = "plan-changed"
    exit_code = 3


async def wait_window(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Wait until the window opens; refuse what a freeze forbids then, or what cannot end before it closes."""
    begin, end = str(step.arguments["notBefore"]), str(step.arguments["end"])
    while begin and scene.clock.now() < datetime.fromisoformat(begin):
        left = (datetime.fromisoformat(begin) - scene.clock.now()).total_seconds()
        scene.progress(step, f"the window opens at {begin}, in {left:.0f} s; `changeover abort` cancels")
        await scene.checkpoint(step)
        await scene.clock.sleep(min(POLL, left))
    if "overridden" in step.arguments:
        await _refuse_frozen(step, scene)
    if end:
        need = Need(float(step.arguments["needSeconds"]), float(step.arguments["reserveSeconds"]))
        latest, now = need.latest_start(datetime.fromisoformat(end)), scene.clock.now()
        if now > latest:
            raise WindowTooShort(
                f"The run must begin before {latest.isoformat(timespec='seconds')} to end before {end}.",
                found=f"it is {now.isoformat(timespec='seconds')}; the change and its way back may take "
                f"{need.change + need.reserve:.0f} s",
                hint="`--at next` chooses the next window in which it fits; or say --until a later time",
            )
    return {"began": scene.clock.now().isoformat(timespec="seconds")}


async def _refuse_frozen(step: Step, scene: Scene) -> None:
    """A freeze that was set while the run waited holds for it too: nothing was begun."""
    subject = scene.subject
    live = await scene.cluster.get(Ref(Kind(API_VERSION, "Installation"), subject.namespace, subject.installation))
    rules = live.get("spec", "policy", "freezes", default=[]) if live else []
    for held in holding([Freeze.of(one) for one in rules], scene.clock.now()):
        if held.freeze.name not in step.arguments["overridden"]:
            raise Frozen(f"{held.told}.", found=held.origin, hint=held.way_out)


async def announce(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Tell people, then give them time; the time counts from the first announcement, also after a crash."""
    noted = scene.notes(step.id).get("at")
    if noted is None:
        noted = scene.clock.now().isoformat()
        await scene.note(step, "at", noted)
    until = datetime.fromisoformat(str(noted)) + timedelta(seconds=float(step.arguments["seconds"]))
    while (left := (until - scene.clock.now()).total_seconds()) > 0:
        scene.progress(step, f"the gate closes in {left:.0f} s")
        await scene.checkpoint(step)
        await scene.clock.sleep(min(POLL, left))
    return {"announced": str(noted), "message": step.arguments.get("message", "")}


async def recheck(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Plan again; a difference stops.

    Another version may list other steps for the same change. Those that were shown are carried out, so that alone stops
    nothing where every object would still become what it was to become.
    """
    await scene.checkpoint(step)
    wanted, found = scene.subject.plan, await scene.replan()
    if found.digest == wanted.digest:
        return {"digest": found.digest}
    unseen = _not_looked_at(wanted, found)
    if unseen:
        raise Busy("The cluster could not be looked at as a whole.", found=", ".join(unseen[:5]))
    before = {change.ref.key: (change.effect, tuple(one.path for one in change.fields)) for change in wanted.changes}
    after = {change.ref.key: (change.effect, tuple(one.path for one in change.fields)) for change in found.changes}
    names = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    if not names and scene.subject.made_by != __version__:
        return {"digest": found.digest, "plannedBy": scene.subject.made_by}
    told = [f"{key} was {_word(before.get(key))}, is now {_word(after.get(key))}" for key in names[:5]]
    raise PlanChanged(
        "The cluster changed since the plan was made: it would do something else now.",
        found="; ".join(told) + (f", and {len(names) - 5} more" if len(names) > 5 else "") or "other steps",
        hint="look at the new plan, then begin again",
    )


def _not_looked_at(wanted: Plan, found: Plan) -> list[str]:
    """Objects that only this look could not settle: passing trouble, so it is worth another look."""
    known = {change.ref.key for change in wanted.changes if change.effect is not Effect.UNKNOWN}
    return [str(change.ref) for change in found.changes if change.effect is Effect.UNKNOWN and change.ref.key in known]


def _word(change: tuple[object, ...] | None) -> str:
    if change is None:
        return "not in it"
    effect, paths = change
    return f"{effect}" + (f" ({', '.join(paths[:3])})" if isinstance(paths, tuple) and paths else "")
