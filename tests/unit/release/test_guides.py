"""Which of the vendor's notes concern an update, and which must be acknowledged."""

import itertools

import pytest

from changeover.release import guides
from changeover.release.documents import Guide, Predicate, ReleaseDocument
from changeover.release.guides import Concern
from changeover.release.versions import Scheme


def release(*entries: dict[str, object]) -> ReleaseDocument:
    return ReleaseDocument.model_validate({"guide": list(entries)})


def guide(**said: object) -> Guide:
    return Guide.model_validate({"id": "one", "text": "words", **said})


def when(**said: object) -> Predicate:
    return Predicate.model_validate(said)


def test_a_note_counts_once_in_its_newest_words_and_breaking_ones_come_first() -> None:
    older = release({"id": "a", "text": "old words"}, {"id": "b", "text": "b"})
    newer = release({"id": "a", "text": "new words"}, {"id": "c", "text": "c", "severity": "breaking"})
    found = guides.passed([("1.1", older), ("1.2", newer)])
    assert [(one.key, one.guide.text) for one in found] == [
        ("1.2/c", "c"),
        ("1.2/a", "new words"),
        ("1.1/b", "b"),
    ]


@pytest.mark.parametrize(
    ("wanted", "concern"),
    [
        (None, Concern.YES),
        (when(), Concern.YES),
        (when(**{"from": "<2022.09.0"}), Concern.YES),
        (when(**{"from": ">=2022.09.0"}), Concern.NO),
        (when(**{"from": "no range at all"}), Concern.UNKNOWN),
    ],
)
def test_the_version_that_is_updated_from(wanted: Predicate | None, concern: Concern) -> None:
    assert guides.by_version(wanted, "2022.08.0", Scheme.CALVER).concern is concern


@pytest.mark.parametrize(
    ("asked", "concern"),
    [
        ({}, Concern.YES),
        ({"colour": "blue"}, Concern.YES),
        ({"colour": "blue", "size": "1"}, Concern.NO),
        ({"nothing": "1"}, Concern.UNKNOWN),
    ],
)
def test_the_answers_that_hold(asked: dict[str, str], concern: Concern) -> None:
    held = {"colour": "blue", "size": "2"}
    assert guides.by_answers(when(answers=asked), held).concern is concern


def test_a_predicates_check_holds_when_it_passes() -> None:
    said = {verdict: guides.by_check(verdict, "").concern for verdict in ("pass", "warn", "fail", "unknown", None)}  # type: ignore[arg-type]
    assert said == {
        "pass": Concern.YES,
        "warn": Concern.NO,
        "fail": Concern.NO,
        "unknown": Concern.UNKNOWN,
        None: Concern.YES,
    }


def test_what_must_be_read() -> None:
    verdicts = (None, "pass", "warn", "fail", "unknown")
    for severity, acknowledge, verdict in itertools.product(
        ("breaking", "notice", "security"), (True, False), verdicts
    ):
        one = guide(severity=severity, acknowledge=acknowledge)
        due = guides.must_be_read(one, Concern.YES, verdict)  # type: ignore[arg-type]
        proven_done = verdict == "pass"
        seen_undone = severity == "breaking" and verdict in ("fail", "unknown")
        assert due == (not proven_done and (acknowledge or seen_undone)), (severity, acknowledge, verdict)
        assert guides.must_be_read(one, Concern.UNKNOWN, verdict) != proven_done  # type: ignore[arg-type]
