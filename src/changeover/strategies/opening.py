"""The steps before a change begins: wait for the window, tell people, look again whether the plan still holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from changeover.plan.steps import Phase, Step, Verb
from changeover.plan.strategy import Situation

SPARE_SECONDS = 600.0


def wait_window(situation: Situation, *, also: float = 0.0) -> Iterator[Step]:
    """Wait until the window opens, and do not begin what cannot end before it closes.

    `also` = seconds that the run needs beyond the change itself.
    """
    chosen = situation.parameters
    if not (chosen.not_before or chosen.not_after):
        return
    reserve = chosen.reserve_seconds if chosen.reserve_seconds is not None else situation.estimates.rollback_seconds
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
            "needSeconds": situation.estimates.change_seconds + _announced(situation) + also,
            "reserveSeconds": reserve,
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
    seconds = _announced(situation)
    if seconds:
        yield Step(
            id="announce",
            verb=Verb.ANNOUNCE,
            title="Announce the maintenance",
            phase=Phase.ANNOUNCE,
            arguments={"seconds": seconds, "message": message(situation)},
            deadline=seconds + SPARE_SECONDS,
        )


def _announced(situation: Situation) -> int:
    seconds = situation.parameters.announce_seconds
    return situation.profile.announce_seconds if seconds is None else seconds


def still_fits(situation: Situation, *, also: float = 0.0) -> Iterator[Step]:
    """After a drain, which takes as long as it takes: nothing is changed when it would not end in time."""
    if not situation.parameters.not_after:
        return
    for step in wait_window(situation, also=also - _announced(situation)):
        yield replace(
            step,
            id="still-fits",
            title=f"Check that the rest still fits before {situation.parameters.not_after}",
            arguments={**step.arguments, "notBefore": ""},
        )


def message(situation: Situation) -> str:
    """What users are told."""
    sessions = situation.profile.sessions
    return situation.parameters.message or (sessions.gate.message if sessions else "")


def recheck(when: str, title: str) -> Step:
    """Plan again; a difference stops the run."""
    return Step(id=f"recheck/{when}", verb=Verb.RECHECK, title=title, phase=Phase.WAIT, deadline=120)
