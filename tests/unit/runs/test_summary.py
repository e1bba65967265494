"""The status is a summary: bounded however long the run, and right about gates and objects."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from changeover.objects import Kind, Ref
from changeover.plan.model import Effect, ObjectChange, Plan
from changeover.plan.steps import Phase, Step, Steps, Verb
from changeover.runs.account import account
from changeover.runs.state import RunState, fold
from changeover.runs.summary import closed_gates, summary
from changeover.settings import STATUS_BYTES

NAMES = [f"object-with-a-rather-long-name-{n:04d}" for n in range(300)]


def step(name: str, verb: Verb, **more: Any) -> Step:
    return Step(name, verb, f"Do {name}", Phase.CHANGE, **more)


STEPS = Steps(
    (
        step("close", Verb.CLOSE_GATE),
        *(step(f"apply/{name}", Verb.APPLY, target=name) for name in NAMES),
        step("switch", Verb.OPEN_GATE, arguments={"part": "switch"}),
        step("open", Verb.OPEN_GATE, arguments={"part": "all"}, point_of_no_return=True),
    ),
    (
        step("back/close", Verb.CLOSE_GATE, undoes=("open",)),
        *(step(f"back/{name}", Verb.APPLY, target=name, undoes=(f"apply/{name}",)) for name in NAMES),
        step("back/open", Verb.OPEN_GATE, undoes=("close",)),
    ),
)
PLAN = Plan(
    kind="update",
    strategy="window",
    from_revision="sha256:1",
    to_revision="sha256:2",
    from_version="1",
    to_version="2",
    changes=(ObjectChange(Ref(Kind("v1", "ConfigMap"), "app", "x"), Effect.PATCH),),
    findings=(),
    steps=STEPS,
    summary="",
    digest="sha256:p",
)


def after(*events: str) -> RunState:
    records: list[dict[str, Any]] = [{"event": "opened", "plan": "sha256:p", "at": "2026-03-02T03:00:00+00:00"}]
    for text in events:
        event, _, name = text.partition(" ")
        if event == "done":
            records.append({"event": "begun", "step": name})
        records.append({"event": event, "step": name, "because": "x", "at": "2026-03-02T03:00:01+00:00"})
    return fold(records)


def gates(*events: str) -> list[str]:
    return closed_gates(PLAN, after(*events))


def test_a_gate_is_closed_from_the_moment_its_closing_began_until_its_opening_was_done() -> None:
    assert gates() == []
    assert gates("begun close") == ["close"]
    assert gates("done close", "begun open") == ["close"]
    assert gates("done close", "done open") == []


def test_switching_the_maintenance_page_off_does_not_open_the_gate() -> None:
    assert gates("done close", "done switch") == ["close"]


def test_a_gate_that_was_closed_again_is_closed() -> None:
    assert gates("done close", "done open", "turned", "done back/close") == ["back/close"]
    assert gates("done close", "done open", "turned", "done back/close", "done back/open") == []


def test_a_held_run_tells_old_new_and_unsure_objects() -> None:
    state = after(
        f"done apply/{NAMES[0]}", f"done apply/{NAMES[1]}", "turned", f"done back/{NAMES[0]}", f"begun back/{NAMES[1]}"
    )
    found = account(PLAN, state)["objects"]
    assert found["unsure"]["names"] == [NAMES[1]]
    assert (found["old"]["count"], found["new"]["count"]) == (len(NAMES) - 1, 0)
    assert NAMES[0] in found["old"]["names"]


def test_the_summary_of_the_worst_run_fits() -> None:
    state = after("done close", *(f"done apply/{name}" for name in NAMES))
    subjects = [{"name": f"ws-{n:05d}", "owner": "somebody", "reason": "no receipt " * 30} for n in range(1000)]
    question = {
        "text": "x" * 5000,
        "choices": ["finish", "again", "back"],
        "subjects": subjects,
        **account(PLAN, state),
    }
    state = replace(state, question=question, turned_because="y" * 5000)
    found = summary(PLAN, state, holder="somebody", waiting_for="z" * 5000)
    assert len(json.dumps(found)) <= STATUS_BYTES


def test_the_summary_says_where_the_run_is() -> None:
    found = summary(PLAN, after("done close", f"begun apply/{NAMES[0]}"), holder="ada", waiting_for="an image")
    assert found["counts"] == {"done": 1, "total": len(STEPS.forward)}
    assert (found["way"], found["holder"], found["waitingFor"]) == ("forward", "ada", "an image")
    assert found["step"] == f"Do apply/{NAMES[0]}"
