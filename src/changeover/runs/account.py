"""What a held run has to say for itself: which object is of which revision, and which gates are closed. Pure.

From the journal alone: what was applied is of the new revision, what the way back has applied is of the old one again;
a step that was begun and is not done may or may not have had its effect, and is named as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover.plan.model import Plan
from changeover.plan.steps import CHANGES, Step
from changeover.runs.state import RunState
from changeover.runs.summary import closed_gates

NAMED = 20
"""Objects that are named per revision; the journal has all."""


def account(plan: Plan, state: RunState) -> Mapping[str, Any]:
    """``objects``: old, new and unsure, counted and named; ``gates``: the ids of the steps that closed them."""
    fate = {step.target: "old" for step in plan.steps.forward if step.verb in CHANGES}
    for step in plan.steps.forward:
        _decide(fate, step, state, becomes="new")
    for step in plan.steps.back:
        _decide(fate, step, state, becomes="old")
    return {"objects": _counted(fate), "gates": closed_gates(plan, state)}


def _decide(fate: dict[str, str], step: Step, state: RunState, *, becomes: str) -> None:
    if step.verb not in CHANGES or step.target not in fate:
        return
    if step.id in state.done:
        fate[step.target] = becomes
    elif step.id in state.begun:
        fate[step.target] = "unsure"


def _counted(fate: Mapping[str, str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for word in ("old", "new", "unsure"):
        names = [target for target, found in fate.items() if found == word]
        result[word] = {"count": len(names), "names": names[:NAMED]}
    return result
