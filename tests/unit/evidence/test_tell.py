"""Evidence from a journal: the same records always tell the same story."""

from typing import Any

from changeover.evidence import report, signature
from changeover.evidence.model import Evidence
from changeover.evidence.tell import Whose, tell
from changeover.objects import Kind, Ref
from changeover.plan.model import Effect, ObjectChange, Plan
from changeover.plan.steps import Phase, Step, Steps, Verb

PLAN = Plan(
    kind="update",
    strategy="window",
    from_revision="sha256:a",
    to_revision="sha256:b",
    from_version="1",
    to_version="2",
    changes=(ObjectChange(Ref(Kind("v1", "ConfigMap"), "ns", "x"), Effect.PATCH),),
    findings=(),
    steps=Steps(
        forward=(
            Step("gate", Verb.CLOSE_GATE, "Close the gate", Phase.GATE),
            Step("drain", Verb.DRAIN, "Save and stop sessions", Phase.DRAIN),
            Step("open", Verb.OPEN_GATE, "Open the gate", Phase.REOPEN, point_of_no_return=True),
        )
    ),
    summary="One object changes.",
    digest="sha256:plan",
)
WHOSE = Whose("wb-1", "wb", "ns", "cluster")


def _record(event: str, second: int, **more: Any) -> dict[str, Any]:
    return {"event": event, "at": f"2026-11-23T10:00:{second:02d}+00:00", "by": "me", **more}


CALM = [
    _record("opened", 0, plan="sha256:plan"),
    _record("begun", 1, step="gate"),
    _record("done", 2, step="gate"),
    _record("begun", 3, step="drain"),
    _record(
        "noted",
        4,
        step="drain",
        key="session:ws-1",
        data={"owner": "ada", "outcome": "proven", "bytes": 7, "sha256": "ab"},
    ),
    _record(
        "noted", 4, step="drain", key="session:<b>", data={"owner": "eve", "outcome": "waived", "reason": "no <script>"}
    ),
    _record("begun", 9, step="drain"),
    _record("done", 10, step="drain"),
    _record("begun", 11, step="open"),
    _record("done", 12, step="open"),
    _record("ended", 13, verdict="committed"),
]


def told() -> Evidence:
    return tell(CALM, PLAN, WHOSE)


def test_figures_come_from_the_journal() -> None:
    evidence = told()
    assert (evidence.verdict, evidence.seconds, evidence.gate_closed_seconds) == ("committed", 13.0, 10.0)
    assert [(step.id, step.seconds, step.times) for step in evidence.steps] == [
        ("gate", 1.0, 1),
        ("drain", 7.0, 2),
        ("open", 1.0, 1),
    ]
    assert {one.name: one.outcome for one in evidence.sessions} == {"ws-1": "proven", "<b>": "waived"}


def test_text_from_the_cluster_is_never_markup() -> None:
    page = report.as_html(told())
    assert "<script>" not in page
    assert "no &lt;script&gt;" in page


def test_the_headline_names_what_was_lost() -> None:
    assert report.headline(told()) == "wb runs 2. 1 session could not be proven saved."


def test_markdown_has_every_step() -> None:
    text = report.as_markdown(told())
    assert all(step.title in text for step in PLAN.steps.forward)


def test_a_signature_holds_for_this_document_only() -> None:
    document = told().as_json()
    block = signature.sign(document, b"k" * 32)
    assert signature.holds(document, block)
    assert not signature.holds({**document, "verdict": "held"}, block)
    assert not signature.holds(document, block, public=b"p" * 32)
