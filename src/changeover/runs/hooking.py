"""Running one hook as Helm does: whatever has its name goes, it is made anew, its end is awaited.

* Jobs and Pods have an end; anything else is done once it is there
* a definition is changed in place: all objects of its kind would go with it
* a Job that is still at work is waited for; what holds data is not made anew unless its name was typed
* a cause that waiting cannot cure ends the waiting after a grace
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from changeover.errors import Problem
from changeover.objects import KubeObject, Ref
from changeover.plan.data import why_data
from changeover.plan.immutables.job import is_unfinished
from changeover.ports import Clock, Cluster
from changeover.runs.health import causes, kstatus
from changeover.runs.verbs import prune, time_to_live
from changeover.runs.verbs.installing import logs
from changeover.settings import STEP_ANNOTATION

POLL = 0.5
GRACE_SECONDS = 45.0
"""How long a cause that waiting cannot cure may stand."""
_DEFINITION = "CustomResourceDefinition"


class HookFailed(Problem):
    """A hook of a chart did not succeed."""

    reference = "hook-failed"


@dataclass(frozen=True, slots=True)
class Desk:
    """What running hooks needs."""

    cluster: Cluster
    clock: Clock
    tell: Callable[[str], Awaitable[None]]
    """Says what is awaited; raises when nothing may be done any more. Called before every change."""


async def made(desk: Desk, wanted: KubeObject, mark: str, *, accepted: bool = False) -> KubeObject:
    """The hook's object of this mark, made anew unless it is there; `accepted` = data may go. Raises HoldsData."""
    live = await desk.cluster.get(wanted.ref)
    if live is not None and live.annotations.get(STEP_ANNOTATION) == mark and not live.terminating:
        return live
    if live is not None and live.kind != _DEFINITION:
        await _out_of_the_way(desk, live, accepted=accepted)
    await desk.tell(f"making {wanted.ref}")
    marked = time_to_live.kept(wanted, mark)
    return await (desk.cluster.apply(marked) if live is not None else desk.cluster.create(marked))


async def _out_of_the_way(desk: Desk, live: KubeObject, *, accepted: bool) -> None:
    reason = why_data(live)
    if reason and not accepted:
        raise prune.HoldsData(
            f"{live.ref} is not made anew by its hook: {reason}.", hint="save its data, and remove it yourself"
        )
    there: KubeObject | None = live
    while there is not None and there.kind == "Job" and is_unfinished(there) and not there.terminating:
        await desk.tell(f"{there.ref} is at work; it is waited for, not deleted")
        await desk.clock.sleep(POLL)
        there = await desk.cluster.get(live.ref)
    await cleared(desk, [live.ref])


async def ended(desk: Desk, hook: KubeObject) -> str:
    """Wait for its end; why it failed, empty when it succeeded."""
    since: float | None = None
    live: KubeObject | None = hook
    while True:
        if live is None or live.uid != hook.uid:
            return "it was removed before it had ended"
        done, failure = _outcome(live)
        if done:
            return failure
        cause = causes.first([live], await logs.pods_of(desk.cluster, live))
        now = desk.clock.monotonic()
        since = (since if since is not None else now) if cause and cause.hopeless else None
        if cause and since is not None and now - since >= GRACE_SECONDS:
            return cause.text
        await desk.tell(f"{live.ref} {failure}" + (f": {cause.text}" if cause else ""))
        await desk.clock.sleep(POLL)
        live = await desk.cluster.get(hook.ref)


def _outcome(live: KubeObject) -> tuple[bool, str]:
    """Whether it has ended, and why it failed or what is awaited."""
    if live.kind == "Pod":
        phase = str(live.get("status", "phase", default="Pending"))
        return phase in ("Succeeded", "Failed"), "" if phase == "Succeeded" else f"is {phase}"
    if live.kind != "Job":
        return True, ""
    health = kstatus.judge(live)
    return health.current or health.failed, "" if health.current else health.message


async def cleared(desk: Desk, refs: Iterable[Ref]) -> None:
    """Remove these, one after another, and wait until they are gone."""
    for ref in refs:
        live = await desk.cluster.get(ref)
        if live is None or live.kind == _DEFINITION:
            continue
        await desk.tell(f"removing {ref}")
        await desk.cluster.delete(ref, uid=live.uid, propagation="Foreground" if live.kind == "Job" else "Background")
        while (again := await desk.cluster.get(ref)) is not None and again.uid == live.uid:
            await desk.tell(f"waiting until {ref} is gone")
            await desk.clock.sleep(POLL)


async def given_back(desk: Desk, hook: KubeObject, wanted: KubeObject) -> None:
    """Its author's own time-to-live, now that it has been read."""
    live = await desk.cluster.get(hook.ref)
    seconds = time_to_live.to_give_back(live, wanted, hook.uid)
    if live is not None and seconds is not None:
        await desk.tell(f"giving {live.ref} its time-to-live back")
        await time_to_live.give_back(desk.cluster, live, seconds)


def failed(event: str, hook: Ref, why: str) -> HookFailed:
    """In words."""
    return HookFailed(
        f"The {event} hook {hook} must succeed.",
        found=why,
        hint="its log is kept; the chart's author says what it is for",
    )
