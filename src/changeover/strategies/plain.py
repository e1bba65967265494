"""Apply in waves and wait: for installing, and for applications without users to protect.

Forward: wait for the window · look again · apply in waves, waiting where the author waits · remove what went · wait
until healthy · probe (all but sessions) · record. Back: every touched object, then wait until healthy.
"""

from __future__ import annotations

from collections.abc import Iterator

from changeover.plan.steps import Step, Steps
from changeover.plan.strategy import Situation
from changeover.strategies import changing, identities, opening, restoring


class Plain:
    """In one go, without a gate."""

    name = "plain"

    def steps(self, situation: Situation) -> Steps:
        """List what will be done, and what undoes it."""
        forward = tuple(self._forward(situation))
        forward = restoring.forward_only(situation, forward, backed_up=False)
        return Steps(forward, tuple(self._back(situation, forward)))

    def _forward(self, situation: Situation) -> Iterator[Step]:
        yield from opening.wait_window(situation)
        yield opening.recheck("before", "Look again whether the plan still holds")
        yield from changing.change(situation)
        yield changing.wait_ready(situation, situation.new)
        yield from (step for step in changing.probes(situation, situation.new) if "session" not in _form(step))
        yield changing.record(situation)

    def _back(self, situation: Situation, forward: tuple[Step, ...]) -> Iterator[Step]:
        touched = changing.touching(forward)
        yield from identities.undo(situation)
        yield from changing.undo_change(situation)
        if situation.old:
            yield changing.wait_ready(situation, situation.old, prefix="back/", undoes=touched)


def _form(step: Step) -> dict[str, object]:
    form: dict[str, object] = step.arguments["probe"]
    return form
