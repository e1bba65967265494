"""The steps before a change begins: wait for the window, tell people, look again whether the plan still holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from changeover.plan.steps import Phase, Step, Verb
from changeover.plan.strategy import Situation

SPARE_SECONDS = 600.0


def wait_window(situation: Situation, *, also: float = 0.0) -> Iterator[Step]:
    """Wait until the window opens, and do not begin what a freeze forbids, or what cannot end before it closes.

    `also` = seconds that the run needs beyond the change itself. The way back is never frozen.
    """
    chosen = situation.parameters
    if not (chosen.not_before or chosen.not_after):
        return
    reserve = chosen.reserve_seconds if chosen.reserve_seconds is not None else situation.estimates.rollback_seconds
    heeding = {} if situation.kind == "rollback" else {"overridden": list(chosen.overridden)}
    yield Step(
        id="wait-window",
        verb=Verb.WAIT_WINDOW,
        title=f"Wait until {chosen.not_before}"
        if chosen.not_before
        else f"Check that it fits before {chosen.not_after}",
        phase=Phase.WAIT,
        arguments={
            "notBefore": chosen.not_before,
            "end": chosen.not_after,
            "needSeconds": situation.estimates.change_seconds + also,
            "reserveSeconds": reserve,
            **heeding,
        },
        deadline=_forever(chosen.not_before, chosen.not_after),
    )


def _forever(not_before: str, not_after: str) -> float:
    """A deadline that no window outlasts: a year when nothing says when it ends."""
    if not (not_before and not_after):
        return 366 * 86400.0
    length = datetime.fromisoformat(not_after) - datetime.fromisoformat(not_before)
    return length.total_seconds() + 366 * 86400.0


def announce(situation: Situation) -> Iterator[Step]:
    """Tell people before the gate closes."""
    seconds = announced_seconds(situation)
    if seconds:
        yield Step(
            id="announce",
            verb=Verb.ANNOUNCE,
            title="Announce the maintenance",
            phase=Phase.ANNOUNCE,
            arguments={"seconds": seconds, "message": message(situation)},
            deadline=seconds + SPARE_SECONDS,
        )


def announced_seconds(situation: Situation) -> int:
    """How long before the gate closes people are told."""
    seconds = situation.parameters.announce_seconds
    return situation.profile.announce_seconds if seconds is None else seconds


def still_fits(situation: Situation, *, after: str, also: float = 0.0) -> Iterator[Step]:
    """After a drain or a backup, which take as long as they take: nothing is changed that would not end in time.

    A freeze that began meanwhile does not matter: the run is under way.
    """
    if not situation.parameters.not_after:
        return
    for step in wait_window(situation, also=also):
        yield replace(
            step,
            id=f"still-fits/{after}",
            title=f"Check after the {after} that the rest still fits before {situation.parameters.not_after}",
            arguments={**{key: value for key, value in step.arguments.items() if key != "overridden"}, "notBefore": ""},
        )


def message(situation: Situation) -> str:
    """What users are told."""
    sessions = situation.profile.sessions
    return situation.parameters.message or (sessions.gate.message if sessions else "")


def recheck(when: str, title: str) -> Step:
    """Plan again; a difference stops the run."""
    return Step(id=f"recheck/{when}", verb=Verb.RECHECK, title=title, phase=Phase.WAIT, deadline=120)
