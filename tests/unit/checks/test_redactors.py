"""Redactors: what is hidden, what stays; the recorded answers are judged in tests/cases."""

import contextlib
import random

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


PATTERNS = [
    r"(?P<mask>a+)",
    r"(^)(?P<mask>a)",
    r"(?P<mask>b)($)",
    r"(\Aa)(?P<mask>b)",
    r"(b)(?P<mask>a)(\z)",
    r"(a)(?P<mask>[^c]*)(b)",
    r"(a\s*)(?P<mask>b)",
    r"(?s)(a.)(?P<mask>b)",
    r"(?-m)(^)(?P<mask>c)",
    r"(\bab\b)(?P<mask>)",
    r"(a)(?P<mask>\n)(b)",
    r"(?P<mask>x*)",
    r"(?i)(A)(?P<mask>B)",
    r"(?P<mask>\Qa.\E)",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_whole_text_is_read_as_line_by_line(pattern: str) -> None:
    chance = random.Random(7)
    redactor = [{"removals": {"regex": [{"redactor": pattern}]}}]
    for _ in range(40):
        lines = ["".join(chance.choices("abc A.\u00fc\udc80\r", k=chance.randrange(6))) for _ in range(6)]
        alone = [redactors.redact(line, "x.txt", redactor) for line in lines]
        whole = redactors.redact("\n".join(lines), "x.txt", redactor)
        assert whole.output == "\n".join(one.output for one in alone)
        assert [one.line for one in whole.redactions] == [at for at, one in enumerate(alone, 1) for _ in one.redactions]


def test_values_are_masked_one_after_the_other_wherever_they_stand() -> None:
    long = "k" * 200
    values = [long, "HIDDEN", "a|b", "x\\A", "two\nlines", "\u00fc\u00fc"]
    text = f"{long}\n{long[:100]}\na|b a b\nx\\A\ntwo\nlines\n\u00fc\u00fc\udc80\n"
    done = redactors.redact(text, "x.txt", [{"name": "v", "removals": {"values": values}}])
    masked = "***HIDDEN***".replace("HIDDEN", "***HIDDEN***")
    assert done.output == f"{masked}\n{long[:100]}\n***HIDDEN*** a b\n***HIDDEN***\ntwo\nlines\n***HIDDEN***\udc80\n"
    assert [(one.name, one.line) for one in done.redactions] == [
        ("v.literal.0", 1),
        ("v.literal.1", 1),
        ("v.literal.2", 3),
        ("v.literal.3", 4),
        ("v.literal.5", 7),
    ]
