"""The Changeover object's status: a bounded summary of the run, for ``kubectl get`` and for whoever looks in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover.plan.model import Plan
from changeover.plan.steps import Step, Verb
from changeover.runs.state import RunState, Verdict, Way

TEXT = 1500
"""Characters of any text in the status."""
SUBJECTS = 20
"""Names that a question lists in the status; the journal has all."""


def summary(plan: Plan, state: RunState, *, holder: str, waiting_for: str) -> dict[str, Any]:
    """The status as a merge patch; every list and text is bounded."""
    forward = state.way is Way.FORWARD
    steps = plan.steps.forward if forward else _due(plan, state)
    current = _current(steps, state)
    return {
        "phase": _phase(current, state),
        "way": state.way.value,
        "holder": "" if state.verdict else holder,
        "step": current.title if current and not state.verdict else "",
        "waitingFor": "" if state.verdict else waiting_for[:TEXT],
        "counts": {"done": sum(step.id in state.done for step in steps), "total": len(steps)},
        "gates": closed_gates(plan, state),
        "verdict": _verdict(state),
        "reason": state.turned_because[:TEXT],
        "question": _question(state.question),
        "journal": {"records": state.records},
        "paused": state.paused,
        **_times(state),
    }


def _times(state: RunState) -> dict[str, str]:
    began, last = state.times
    return ({"startedAt": began} if began else {}) | ({"endedAt": last} if state.verdict else {})


def _due(plan: Plan, state: RunState) -> tuple[Step, ...]:
    begun = set(state.begun)
    return tuple(step for step in plan.steps.back if not step.undoes or begun.intersection(step.undoes))


def _current(steps: tuple[Step, ...], state: RunState) -> Step | None:
    return next((step for step in steps if step.id not in state.done), None)


def _phase(current: Step | None, state: RunState) -> str:
    if state.verdict:
        return "ended"
    if state.question is not None:
        return "held"
    if state.paused:
        return "paused"
    name = current.phase.value if current else "ending"
    return f"going back: {name}" if state.way is Way.BACK else name


def _verdict(state: RunState) -> str:
    if state.verdict:
        return state.verdict.value
    return Verdict.HELD.value if state.question is not None else ""


def _question(question: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if question is None:
        return None
    subjects = list(question.get("subjects", ()))[:SUBJECTS]
    return {**question, "text": str(question.get("text", ""))[:TEXT], "subjects": subjects}


def closed_gates(plan: Plan, state: RunState) -> list[str]:
    """The gates that this run closed and has not opened again, in the order in which that happened."""
    steps = {step.id: step for step in (*plan.steps.forward, *plan.steps.back)}
    closed: list[str] = []
    for name in state.begun:
        step = steps.get(name)
        if step is None:
            continue
        if step.verb is Verb.CLOSE_GATE:
            closed.append(name)
        elif step.verb is Verb.OPEN_GATE and name in state.done and step.arguments.get("part") != "switch":
            closed.clear()
    return closed
