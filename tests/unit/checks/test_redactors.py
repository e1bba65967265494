"""Redactors: what is hidden, what stays; the recorded answers are judged in tests/cases."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changeover.checks import redactors
from changeover.errors import Problem

KEEP = {"name": "keep", "removals": {"regex": [{"redactor": "(a)(?P<drop>b)(?P<mask>c)(?P<host>d)"}]}}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("http://u:p@h:80", "http://***HIDDEN***:***HIDDEN***@h:80"),
        ("Pwd=geheim;", "Pwd=***HIDDEN***;"),
        ("nothing here", "nothing here"),
        ("abcd abcd", "a***HIDDEN***d a***HIDDEN***d"),
    ],
)
def test_groups_are_hidden_dropped_or_kept(line: str, shown: str) -> None:
    assert redactors.redact(line, "x", [KEEP]).output == shown


def test_what_is_changed_is_counted_in_bytes_with_its_line() -> None:
    done = redactors.redact("one\nPwd=ä;\n", "a/b", [])
    assert [(one.line, one.characters_removed, one.file) for one in done.redactions] == [(2, -10, "a/b")]


@pytest.mark.parametrize(("glob", "path", "hit"), [("a/*", "a/b", 1), ("a/*", "a/b/c", 0), ("a/**", "a/b/c", 1)])
def test_a_star_stays_within_a_folder(glob: str, path: str, hit: int) -> None:
    entry = {"fileSelector": {"file": glob}, "removals": {"values": ["geheim"]}}
    assert len(redactors.redact("geheim", path, [entry]).redactions) == hit


def test_a_pattern_that_is_none_is_named() -> None:
    with pytest.raises(redactors.BadRedactor, match=r"mine\.regex\.0"):
        redactors.redact("x", "x", [{"name": "mine", "removals": {"regex": [{"redactor": "(a"}]}}])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=6),
    lambda some: (
        st.lists(some, max_size=2)
        | st.dictionaries(
            st.sampled_from(["name", "removals", "regex", "values", "yamlPath", "redactor", "file"]), some
        )
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=200),
    st.lists(st.dictionaries(st.sampled_from(["removals", "fileSelector"]), ANYTHING), max_size=2),
)
def test_any_text_and_any_redactor_end(content: str, entries: list[dict[str, object]]) -> None:
    with contextlib.suppress(Problem):
        done = redactors.redact(content, "x", entries)
        assert bool(done.redactions) or done.output == content
