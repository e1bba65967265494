"""Verify behind the closed gate, then open it; and what of that can only be done in another order.

The gate has two parts: the admission policy, and the application's own switch. While the switch is on, the application
answers everybody with its maintenance page, our probes too. So the switch goes off first, the policy last: in between
only the run's own sessions are let in, and a failure still rolls back by itself. Where there is no policy, the switch
alone keeps people out: then what goes through the application is probed right behind the opened gate, and a failure
there is a person's decision (docs/decisions/0005-the-gate-opens-in-two-parts.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from changeover.plan.steps import Phase, Step, Verb
from changeover.plan.strategy import Situation
from changeover.strategies import changing

GATE_SECONDS = 180.0
OPEN_SWITCH = "open-switch"
OPEN_GATE = "open-gate"
OPENING = (OPEN_SWITCH, OPEN_GATE)


def probed(situation: Situation) -> Iterator[Step]:
    """The probes that can run before the gate is open, with the switch turned off for them."""
    if _has_switch(situation) and situation.policy_gate:
        yield _open(situation, part="switch")
    yield from (
        step for step in changing.probes(situation, situation.new) if not (_is_late(situation) and _goes_through(step))
    )


def opened(situation: Situation) -> Iterator[Step]:
    """Open the gate: the point of no return; then the probes that had to wait for it."""
    if situation.profile.sessions is None or situation.old is None:
        return
    yield replace(_open(situation), point_of_no_return=True)
    yield from (
        step for step in changing.probes(situation, situation.new) if _is_late(situation) and _goes_through(step)
    )


def probed_back(situation: Situation, touched: tuple[str, ...]) -> Iterator[Step]:
    """The same on the way back, with the old version."""
    sessions, old = situation.profile.sessions, situation.old
    if old is None:
        return
    probes = tuple(changing.probes(situation, old, prefix="back/", undoes=touched))
    if _has_switch(situation) and situation.policy_gate:
        yield replace(_open(situation, part="switch"), id=f"back/{OPEN_SWITCH}", undoes=("close-gate",))
    late = _is_late(situation)
    yield from (step for step in probes if not (late and _goes_through(step)))
    if sessions is not None:
        yield replace(_open(situation), id=f"back/{OPEN_GATE}", undoes=("close-gate",))
    yield from (step for step in probes if late and _goes_through(step))


def _has_switch(situation: Situation) -> bool:
    sessions = situation.profile.sessions
    return sessions is not None and sessions.gate.switch is not None and situation.old is not None


def _is_late(situation: Situation) -> bool:
    """Whether only the application's own switch keeps people out."""
    return _has_switch(situation) and not situation.policy_gate


def _goes_through(step: Step) -> bool:
    return bool({"http", "session"} & step.arguments["probe"].keys())


def _open(situation: Situation, *, part: str = "all") -> Step:
    sessions = situation.profile.sessions
    contract = sessions.model_dump(mode="json", by_alias=True) if sessions else {}
    return Step(
        id=OPEN_SWITCH if part == "switch" else OPEN_GATE,
        verb=Verb.OPEN_GATE,
        title="Switch the maintenance page off; the gate stays closed" if part == "switch" else "Open the gate",
        phase=Phase.VERIFY if part == "switch" else Phase.REOPEN,
        arguments={"of": "close-gate", "part": part, "policy": situation.policy_gate, "sessions": contract},
        deadline=GATE_SECONDS,
    )
