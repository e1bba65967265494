"""Answers carried from one release to the next: none is lost silently."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changeover.package.answers import Given
from changeover.package.asked import Question
from changeover.package.continuity import Fate, carry_over

OLD = {"host": Question("text"), "size": Question("text"), "tls": Question("bool"), "old": Question("password")}
NEW = {"hostname": Question("text", required=True), "size": Question("select_one"), "tls": Question("bool")}
NEW |= {"key": Question("text", required=True)}
RENAMES = {"host": "domain", "domain": "hostname"}


def _fates(values: dict[str, str], renames: dict[str, str] | None = None) -> dict[str, str]:
    found = carry_over(Given(values), before=OLD, now=NEW, renames=RENAMES if renames is None else renames)
    return {line.name: line.fate.value for line in found.report}


@pytest.mark.parametrize(
    ("values", "fates"),
    [
        ({"tls": "1"}, {"tls": "kept", "key": "new"}),
        ({"host": "a"}, {"host": "moved", "key": "new"}),
        ({"host": "a", "hostname": "b"}, {"host": "dropped", "hostname": "kept", "key": "new"}),
        ({"size": "big"}, {"size": "retyped", "key": "new"}),
        ({"old": "x"}, {"old": "dropped", "key": "new"}),
        ({"never": "x"}, {"never": "unasked", "key": "new"}),
    ],
)
def test_each_answer_has_a_fate(values: dict[str, str], fates: dict[str, str]) -> None:
    found = _fates(values)
    assert {name: fate for name, fate in found.items() if name in fates} == fates


def test_a_value_that_became_a_mapping_and_one_that_was_a_mapping_are_retyped() -> None:
    before = {"size": Question("number"), "image.tag": Question("text"), "image.pull": Question("text")}
    now = {"size.width": Question("number"), "image": Question("text")}
    answers = Given({"size": 1, "image.tag": "a"})
    report = carry_over(answers, before=before, now=now, renames={}).report
    assert [(line.name, line.fate.value, line.words.partition(";")[0]) for line in report] == [
        ("image.tag", "retyped", "image was a mapping, is text"),
        ("size", "retyped", "was number, is a mapping"),
    ]


def test_renames_are_followed_through_chains_with_their_origins() -> None:
    answers = Given({"host": "a"}, {"host": "prod.yaml line 3"})
    found = carry_over(answers, before=OLD, now=NEW, renames=RENAMES).answers
    assert found.values == {"hostname": "a"}
    assert found.origins == {"hostname": "prod.yaml line 3, as host"}


def test_renames_in_a_circle_end() -> None:
    found = carry_over(Given({"host": "a"}), before=OLD, now=NEW, renames={"host": "x", "x": "host"})
    assert set(found.answers.values.values()) == {"a"}


def test_where_nobody_knows_what_was_asked_nothing_is_called_dropped() -> None:
    found = carry_over(Given({"old": "x", "tls": "1"}), before=None, now=NEW, renames={})
    assert {line.name: line.fate for line in found.report} == {"old": Fate.UNASKED, "tls": Fate.KEPT}


NAMES = st.sampled_from([*OLD, *NEW, "x", "y"])


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(NAMES, st.text(max_size=3)), st.dictionaries(NAMES, NAMES, max_size=4))
def test_no_answer_disappears_without_a_line(values: dict[str, str], renames: dict[str, str]) -> None:
    found = carry_over(Given(values), before=OLD, now=NEW, renames=renames)
    told = {line.name for line in found.report}
    for name in values:
        assert name in told or name in found.answers.values
        if name not in found.answers.values:
            assert any(line.name == name and line.fate in {Fate.MOVED, Fate.DROPPED} for line in found.report)
