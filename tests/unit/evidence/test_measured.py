"""How long workloads were short of ready pods, told from the journal alone: also what nobody saw."""

from typing import Any

import pytest

from changeover.evidence import predicted, report
from changeover.evidence.measured import Short, measured
from changeover.evidence.tell import Whose, tell
from changeover.objects import Kind, Ref
from changeover.plan.model import Availability, Effect, ObjectChange, Plan
from changeover.plan.steps import Phase, Step, Steps, Verb
from changeover.runs.state import fold

WEB = Ref(Kind("apps/v1", "Deployment"), "ns", "web")
STEPS = (
    Step("announce", Verb.ANNOUNCE, "Announce", Phase.ANNOUNCE),
    Step("apply", Verb.APPLY, "Apply web", Phase.CHANGE, target=WEB.key),
    Step("ready", Verb.WAIT_READY, "Wait", Phase.VERIFY),
    Step("record", Verb.RECORD, "Record", Phase.COMMIT),
)


def plan(availability: Availability | None = Availability(2, 0, 5.0, "Recreate")) -> Plan:  # noqa: B008  a value
    change = ObjectChange(WEB, Effect.RESTART, restarts="2 pods: image", availability=availability)
    digests = {"from_revision": "a", "to_revision": "b", "from_version": "1", "to_version": "2", "digest": "p"}
    return Plan("update", "plain", changes=(change,), findings=(), steps=Steps(STEPS), summary="", **digests)


def watched(second: int, seconds: float, away: float = 0.0, below: float = 0.0) -> dict[str, Any]:
    found = {WEB.key: [away, below]} if away or below else {}
    return {"event": "watched", "at": at(second), "data": {"seconds": seconds, "away": found}}


def at(second: int) -> str:
    return f"2026-11-23T10:00:{second:02}+00:00"


def journal(*stretches: dict[str, Any]) -> list[dict[str, Any]]:
    """Touched at second 10, ended at second 30."""
    told: tuple[tuple[str, int, str, dict[str, Any]], ...] = (
        ("begun", 1, "announce", {}),
        ("begun", 10, "apply", {}),
        ("done", 11, "apply", {}),
    )
    seen = {"observed": {WEB.key: {"pods": 2, "new": 2, "readySeconds": 5.0, "fell": 0}}}
    ends: tuple[tuple[str, int, str, dict[str, Any]], ...] = (("done", 29, "record", seen),)

    def records(rows: tuple[tuple[str, int, str, dict[str, Any]], ...]) -> list[dict[str, Any]]:
        return [{"event": event, "at": at(second), "step": step, "data": data} for event, second, step, data in rows]

    return [*records(told), *stretches, *records(ends), {"event": "ended", "verdict": "committed", "at": at(30)}]


WHOLE = (watched(15, 5.0, 2.0, 2.0), watched(20, 5.0, 2.25, 2.25), watched(30, 10.0))
HALF = (watched(15, 5.0, 2.0, 2.0), watched(30, 5.0))


def test_stretches_add_up() -> None:
    found = measured(journal(*WHOLE), plan())
    assert found is not None
    assert (found.watched_seconds, found.unseen_seconds, found.is_whole) == (20.0, 0.0, True)
    assert found.of(WEB.key) == Short(4.25, 4.25)


def test_what_no_stretch_covers_was_not_seen() -> None:
    found = measured(journal(*HALF), plan())
    assert found is not None
    assert (found.watched_seconds, found.unseen_seconds, found.is_whole) == (10.0, 10.0, False)


def test_where_nothing_was_touched_or_is_to_be_watched_nothing_is_said() -> None:
    assert measured(journal()[:1], plan()) is None
    assert measured(journal(), plan(None)) is None


def told(made: Plan, *stretches: dict[str, Any]) -> list[tuple[str, str, str, bool | None]]:
    records = journal(*stretches)
    found = predicted.compare(made, fold(records), records)
    return [(one.what.split(" of ")[0], one.predicted, one.observed, one.held) for one in found[1:]]


@pytest.mark.parametrize(
    ("availability", "stretches", "expected"),
    [
        (Availability(2, 0, 5.0), WHOLE, [("seconds without a ready pod", "5", "4.2", True)]),
        (Availability(2, 0, 2.0), WHOLE, [("seconds without a ready pod", "2", "4.2", False)]),
        (Availability(2, 0, 5.0), HALF, [("seconds without a ready pod", "5", "2.0, and 10 unseen", None)]),
        (Availability(2, 0, 0.5), HALF, [("seconds without a ready pod", "0.5", "2.0, and 10 unseen", False)]),
        (Availability(2, 2), (watched(30, 20.0),), []),
        (Availability(2, 2), (watched(30, 20.0, 0.5, 0.5),), [("seconds without a ready pod", "0", "0.5", True)]),
        (
            Availability(2, 2),
            (watched(30, 20.0, 0.0, 9.0),),
            [("seconds with fewer than 2 ready pods", "0", "9.0", False)],
        ),
        (
            Availability(2, 2, down=True),
            WHOLE[:1],
            [("seconds without a ready pod", "it was down before", "2.0, and 15 unseen", None)],
        ),
    ],
)
def test_beside_what_was_foretold(availability: Availability, stretches: Any, expected: list[Any]) -> None:
    assert told(plan(availability), *stretches) == expected


def test_the_evidence_says_it_also_of_a_run_that_went_back() -> None:
    records = [one for one in journal(*HALF) if one.get("step") != "record"]
    records[-1] = {**records[-1], "verdict": "rolled back"}
    evidence = tell(records, plan(), Whose("r", "i", "ns", "uid"))
    assert evidence.as_json()["measured"] == {
        "watchedSeconds": 10.0,
        "unseenSeconds": 10.0,
        "workloads": {WEB.key: {"awaySeconds": 2.0, "belowSeconds": 2.0}},
    }
    text = report.as_markdown(evidence)
    assert "- Deployment/web: no ready pod for 2.0 s, fewer than it keeps for 2.0 s" in text
    assert "Another 10 s nobody saw: what was then is unknown." in text
    assert "no ready pod" in report.as_html(evidence).lower()
