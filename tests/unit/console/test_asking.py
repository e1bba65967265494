"""A held run's question: what each way costs, what has to be typed, and which answers the run would not take."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from changeover.actions.watching import Seen
from changeover.console import asking
from changeover.console.access.refusal import Refusal
from changeover.console.asking import Answer
from changeover.plan.model import Plan
from changeover.plan.steps import Phase, Step, Steps, Verb
from changeover.runs.state import RunState

DRAIN = Step("drain", Verb.DRAIN, "Save and stop every session", Phase.DRAIN)
OPEN = Step("open", Verb.OPEN_GATE, "Open the gate", Phase.REOPEN, point_of_no_return=True)
WATCH = Step("watch", Verb.SOAK, "Watch for 120 s", Phase.REOPEN)
TRUTH = (
    {"until": "the gate opens", "way": "instant", "words": "1.0 can read the data", "automatic": True},
    {"until": "afterwards", "way": "restore", "words": "the backup of 12:11 is put back", "loses_minutes": 11},
)
UNPROVEN = {
    "text": "1 of 3 could not be proven saved. ws-1",
    "choices": ["waive", "back", "again"],
    "step": "drain",
    "subjects": [{"name": "ws-1", "owner": "ada", "reason": "its backup failed"}],
    "objects": {"old": {"count": 9}, "new": {"count": 0}, "unsure": {"count": 0}},
    "gates": ["close"],
}
BROKEN = {
    "text": "It does not start.",
    "choices": ["finish", "again", "restore"],
    "step": "watch",
    "objects": {"old": {"count": 1}, "new": {"count": 8}, "unsure": {"count": 0}},
    "gates": [],
}


def seen(question: dict[str, Any] | None, *begun: str, truth: tuple[Any, ...] = TRUTH) -> Seen:
    facts = {"rollback": truth, "rollbackSeconds": 90}
    steps = Steps((DRAIN, OPEN, WATCH), ())
    plan = Plan("update", "window", "", "", "1.0", "2.0", (), (), steps, "", "", facts)
    failed = {"drain": {"message": "1 of 3 could not be proven saved."}} if question is UNPROVEN else {}
    state = RunState(begun=begun, question=question, failed=failed)
    made = SimpleNamespace(name="desk-2", plan=plan, state=state, evidence=SimpleNamespace(sessions=(1,)))
    return cast("Seen", made)


def test_before_the_point_of_no_return_nothing_has_to_be_typed() -> None:
    held = seen(UNPROVEN, "drain")
    assert asking.headline(held) == "1 of 3 could not be proven saved."
    assert asking.lead(held).startswith("Every object is of 1.0. The gate is closed")
    waive, back, again = asking.choices(held)
    assert (waive.loses, waive.typed) == ("may lose what one session has not saved", "")
    assert (back.word, back.loses, back.typed) == ("Go back to 1.0", "loses nothing", "")
    assert "about 1 min 30 s" in back.follows
    assert "“Save and stop every session” once more" in again.follows
    assert [(one.name, one.owner, one.reason) for one in asking.subjects(held)] == [
        ("ws-1", "ada", "its backup failed")
    ]


def test_after_it_the_loss_is_said_and_typed() -> None:
    held = seen(BROKEN, "drain", "open", "watch")
    assert asking.headline(held) == "It does not start."
    assert asking.lead(held).startswith("8 objects changed, 1 did not yet. The gate is open.")
    finish, _, restore = asking.choices(held)
    assert (finish.word, finish.loses) == ("Keep 2.0 as it is", "loses nothing")
    assert (restore.loses, restore.typed) == ("loses up to 11 min", "lose 11 minutes")
    assert "The backup of 12:11 is put back." in restore.follows


@pytest.mark.parametrize(
    ("question", "answer", "reference"),
    [
        (UNPROVEN, Answer("restore"), "not-offered"),
        (UNPROVEN, Answer(""), "not-offered"),
        (UNPROVEN, Answer("waive", "", ("ws-1",)), "reason-missing"),
        (UNPROVEN, Answer("waive", "told", ()), "reason-missing"),
        (BROKEN, Answer("restore", typed="lose 1 minutes"), "loss-not-typed"),
        (None, Answer("back"), "nothing-asked"),
        (UNPROVEN, Answer("waive", "told", ("ws-1",)), ""),
        (UNPROVEN, Answer("back"), ""),
        (BROKEN, Answer("restore", typed=" lose 11 minutes "), ""),
    ],
)
def test_what_the_run_would_not_take_is_refused(
    question: dict[str, Any] | None, answer: Answer, reference: str
) -> None:
    found = ""
    try:
        asking.refuse(seen(question, "drain", "open"), answer)
    except Refusal as refusal:
        found = refusal.reference
    assert found == reference


def test_forward_only_is_chosen_by_typing() -> None:
    never = ({"until": "afterwards", "way": "forward only", "words": "the data of x is gone", "automatic": False},)
    (back,) = (one for one in asking.choices(seen(UNPROVEN, truth=never)) if one.value == "back")
    assert (back.loses, back.typed) == ("loses what cannot be undone", "lose data")
