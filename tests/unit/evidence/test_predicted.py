"""What a plan foretold, beside what the run saw."""

from typing import Any

import pytest

from changeover.evidence import predicted
from changeover.objects import Kind, Ref
from changeover.plan.model import Effect, ObjectChange, Plan
from changeover.plan.steps import Phase, Step, Steps, Verb
from changeover.runs.state import fold

WEB = Ref(Kind("apps/v1", "Deployment"), "ns", "web")


def plan(effect: Effect, restarts: str = "", *, scaled: bool = False, expected: float = 10.0) -> Plan:
    steps = (
        *([Step("stop", Verb.SCALE, "Stop web", Phase.CHANGE, target="deployment/web")] if scaled else []),
        Step("apply", Verb.APPLY, "Apply web", Phase.CHANGE, target=WEB.key),
        Step("ready", Verb.WAIT_READY, "Wait", Phase.VERIFY),
        Step("record", Verb.RECORD, "Record", Phase.COMMIT),
    )
    change = ObjectChange(WEB, effect, restarts=restarts)
    digests = {"from_revision": "a", "to_revision": "b", "from_version": "1", "to_version": "2", "digest": "p"}
    facts = {"expectedSeconds": expected}
    return Plan(
        "update", "plain", changes=(change,), findings=(), steps=Steps(steps), summary="", facts=facts, **digests
    )


def records(**figures: Any) -> list[dict[str, Any]]:
    seen = {WEB.key: {"pods": 2, "new": 0, "readySeconds": 0.0, "fell": 0, **figures}}
    told: tuple[tuple[str, int, str, dict[str, Any]], ...] = (
        ("begun", 10, "apply", {}),
        ("done", 11, "apply", {}),
        ("begun", 11, "ready", {}),
        ("done", 25, "ready", {}),
        ("done", 26, "record", {"observed": seen}),
    )
    return [
        {"event": event, "at": f"2026-11-23T10:00:{at}+00:00", "step": step, "data": data}
        for event, at, step, data in told
    ]


def judged(made: Plan, journal: list[dict[str, Any]]) -> list[tuple[str, str, bool]]:
    found = predicted.compare(made, fold(journal), journal)
    return [(one.predicted, one.observed, one.held) for one in found]


@pytest.mark.parametrize(
    ("made", "figures", "expected"),
    [
        (plan(Effect.RESTART, "2 pods: image"), {"new": 2}, ("2", "2 of 2", True)),
        (plan(Effect.RESTART, "2 pods: image"), {"new": 1}, ("2", "1 of 2", False)),
        (plan(Effect.PATCH), {"new": 0}, ("0", "0 of 2", True)),
        (plan(Effect.RECREATE_KEEPING_PODS), {"new": 1}, ("0", "1 of 2", False)),
        (plan(Effect.UNCHANGED, scaled=True), {"new": 2}, ("all 2: scaled down and up", "2 of 2", True)),
        (plan(Effect.PATCH), {"fell": 3}, ("0", "0 of 2, 3 containers fell", True)),
    ],
)
def test_pods_that_restart(made: Plan, figures: dict[str, int], expected: tuple[str, str, bool]) -> None:
    assert judged(made, records(**figures))[0] == expected


@pytest.mark.parametrize(("expected", "held"), [(10.0, True), (7.5, True), (7.0, False)])
def test_the_time_of_the_change_holds_within_a_factor_of_two(expected: float, *, held: bool) -> None:
    assert judged(plan(Effect.PATCH, expected=expected), records())[1] == (f"{expected:g}", "15", held)


def test_a_new_workload_is_no_restart_and_an_unfinished_run_no_prediction() -> None:
    assert [one[0] for one in judged(plan(Effect.CREATE), records(new=2))] == ["10"]
    assert judged(plan(Effect.PATCH), records()[:-1]) == []
    assert predicted.change_seconds(plan(Effect.PATCH), records()[:2]) is None
