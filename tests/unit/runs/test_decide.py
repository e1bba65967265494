"""What comes next, as a table: a journal in short form, and the move that follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from changeover.plan.steps import Phase, Step, Steps, Verb
from changeover.runs.decide import Ask, End, Go, Move, Turn, Wait, next_move
from changeover.runs.state import RunState, Verdict, fold


def step(name: str, verb: Verb = Verb.APPLY, **more: Any) -> Step:
    return Step(name, verb, f"Do {name}", Phase.CHANGE, **more)


STEPS = Steps(
    forward=(
        step("a"),
        step("b1", wave="b"),
        step("b2", wave="b"),
        step("open", Verb.OPEN_GATE, point_of_no_return=True),
        step("soak", Verb.SOAK),
    ),
    back=(
        step("undo-b1", undoes=("b1",), wave="undo"),
        step("undo-a", undoes=("a",), wave="undo"),
        step("always", Verb.RECORD),
    ),
)
RESTORING = Steps(STEPS.forward, (step("restore", Verb.RESTORE, undoes=("a",)), *STEPS.back))
PROBLEM = {"code": "x", "message": "it broke"}


def journal(*events: str) -> RunState:
    """``done a``, ``begun a``, ``failed a``, ``asks a``, ``turned``, ``paused`` and so on."""
    records: list[dict[str, Any]] = [{"event": "opened", "plan": "sha256:p"}]
    for text in events:
        event, _, name = text.partition(" ")
        if event == "done":
            records.append({"event": "begun", "step": name})
        if event in ("begun", "done"):
            records.append({"event": event, "step": name})
        elif event in ("failed", "asks"):
            problem = PROBLEM | ({"choices": ["waive", "back"], "subjects": [{"name": "s"}]} if event == "asks" else {})
            records += [{"event": "begun", "step": name}, {"event": "failed", "step": name, "problem": problem}]
        else:
            more = {
                "because": "somebody said so",
                "verdict": name,
                "answer": {"choice": name},
                "question": {"text": "?"},
            }
            records.append({"event": event, **more})
    return fold(records)


def told(move: Move) -> str:
    """A move in short form."""
    if isinstance(move, Go):
        return "go " + " ".join(one.id for one in move.steps)
    if isinstance(move, Turn):
        return f"turn: {move.because}"
    if isinstance(move, Ask):
        return "ask " + " ".join(move.question["choices"])
    return f"end {move.verdict.value}" if isinstance(move, End) else "wait"


FORWARD = ("done a", "done b1", "done b2")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), "go a"),
        (("begun a",), "go a"),
        (("done a",), "go b1 b2"),
        (("done a", "done b1", "begun b2"), "go b2"),
        (FORWARD, "go open"),
        ((*FORWARD, "done open", "done soak"), "end committed"),
        (("done a", "failed b1"), "turn: Do b1: it broke"),
        (("done a", "asks b1"), "ask waive back"),
        ((*FORWARD, "failed open"), "ask finish again back"),
        ((*FORWARD, "done open", "failed soak"), "ask finish again back"),
        (("done a", "aborted"), "turn: somebody said so"),
        (("done a", "asks b1", "aborted"), "turn: somebody said so"),
        ((*FORWARD, "begun open", "aborted"), "ask again back"),
        (("paused",), "wait"),
        (("paused", "resumed"), "go a"),
        (("asks a", "asked"), "wait"),
        (("asks a", "asked", "answered again"), "go a"),
        (("turned",), "go always"),
        (("done a", "turned"), "go undo-a"),
        (("done a", "begun b1", "turned"), "go undo-b1 undo-a"),
        (("done a", "failed b1", "turned", "done undo-b1"), "go undo-a"),
        (("done a", "turned", "failed undo-a"), "ask again finish"),
        (("done a", "turned", "failed undo-a", "asked", "answered again"), "go undo-a"),
        (("done a", "turned", "done undo-a", "done always"), "end rolled back"),
        (("turned", "done always", "ended rolled back"), "end rolled back"),
        (("ended committed",), "end committed"),
    ],
)
def test_the_next_move(events: tuple[str, ...], expected: str) -> None:
    assert told(next_move(STEPS, journal(*events))) == expected


def test_where_data_must_come_back_the_choice_is_called_restore() -> None:
    move = next_move(RESTORING, journal(*FORWARD, "done open", "failed soak"))
    assert told(move) == "ask finish again restore"


def test_a_question_names_its_step_and_subjects() -> None:
    move = next_move(STEPS, journal("asks a"))
    assert isinstance(move, Ask)
    assert move.question["step"] == "a"
    assert move.question["subjects"] == [{"name": "s"}]


def test_nobody_is_asked_twice() -> None:
    assert isinstance(next_move(STEPS, journal("asks a", "asked")), Wait)


def test_an_ended_run_stays_ended() -> None:
    assert next_move(STEPS, RunState(verdict=Verdict.COMMITTED, paused=True)) == End(Verdict.COMMITTED)
