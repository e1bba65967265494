"""YAML as Kubernetes' own loader reads it: every row was asked of sigs.k8s.io/yaml v1.6.0 (strict)."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.package import yaml_text

MEANINGS: list[tuple[str, Any]] = [
    *((word, True) for word in ("y", "Y", "yes", "YES", "on", "On", "true", "TRUE")),
    *((word, False) for word in ("n", "N", "no", "NO", "off", "Off", "false", "FALSE")),
    *((word, None) for word in ("~", "null", "NULL", "")),
    *((word, word) for word in ("yEs", "tRUE", "nULL", "12:30", "1:2:3", "1.2.3", "2022.09.0", "0x", "0o8", "0b2")),
    *((word, word) for word in ("2001-01-01", "2001-01-01T10:00:00Z", ".", "..", "1..2", "1e400", "=")),
    ("08", 8),
    ("010", 8),
    ("0o10", 8),
    ("0x1F", 31),
    ("0b11", 3),
    ("-0b11", -3),
    ("1_000", 1000),
    ("+12", 12),
    ("1.0", 1),
    ("2022.10", 2022.1),
    (".5", 0.5),
    ("5.", 5),
    ("1e3", 1000),
    ("18446744073709551615", 18446744073709551615),
    ("18446744073709551616", 18446744073709551616.0),
    ("!!str y", "y"),
    ('!!int "3"', 3),
    ("!!binary aGk=", "hi"),
    ("!foo 12", "12"),
    ("true: a", {"true": "a"}),
    ("1: a", {"1": "a"}),
    ("08: x", {"8": "x"}),
    ("a: &x 1\nb: *x", {"a": 1, "b": 1}),
    ("o: &b {p: 1, q: 1}\nd:\n  q: 2\n  <<: *b", {"o": {"p": 1, "q": 1}, "d": {"p": 1, "q": 2}}),
    ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
    ("# nothing", None),
]


@pytest.mark.parametrize(("text", "meaning"), MEANINGS, ids=[repr(text) for text, _ in MEANINGS])
def test_text_means_what_kubernetes_reads(text: str, meaning: Any) -> None:
    found = yaml_text.load(text)
    assert found == meaning
    assert type(found) is type(meaning)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [1", 2, "expected"),
        ("a: 1\na: 2", 2, "'a' is given twice"),
        ("x: {a: 1, a: 2}", 1, "'a' is given twice"),
        ("a:\n\tb: 1", 2, "token"),
        ("a: *nobody", 1, "no finished anchor &nobody"),
        ("a: &a\n  b: *a", 2, "no finished anchor &a"),
        ("a: .nan", 1, "no form in JSON"),
        ("? [a]\n: b", 1, "a key must be text"),
        ("~: 1", 1, "a key must be text"),
        ("d:\n  <<: 3", 2, "<< needs a mapping"),
        ("a: !!int x", 1, "not a int"),
        ("---\na: 1\n---\nb: 2", 4, "second document"),
        ("a: 1\nb: \ud800", 2, "no text (UTF-8)"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(yaml_text.BrokenYaml) as caught:
        yaml_text.load(text, file="x.yaml")
    assert caught.value.line == line
    assert words in caught.value.reason
    assert str(caught.value).startswith(f"x.yaml line {line}")


def test_hints_say_what_to_do() -> None:
    with pytest.raises(yaml_text.BrokenYaml) as tab:
        yaml_text.load("a:\n\tb: 1")
    assert "spaces" in (tab.value.hint or "")
    with pytest.raises(yaml_text.BrokenYaml) as template:
        yaml_text.load("a: {{repl ConfigOption }}")
    assert "quotes" in (template.value.hint or "")


def test_the_last_of_two_keys_can_win() -> None:
    assert yaml_text.load("a: 1\na: 2", last_key_wins=True) == {"a": 2}


def test_an_alias_bomb_is_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    with pytest.raises(yaml_text.BrokenYaml, match="aliases repeat more"):
        yaml_text.load(bomb)


def test_endless_nesting_is_refused() -> None:
    with pytest.raises(yaml_text.BrokenYaml, match="nested deeper"):
        yaml_text.load("[" * 5000 + "]" * 5000)


def test_documents_are_cut_at_their_lines() -> None:
    text = "# head\n---\na: 1\n--- # next\n\n---\nb: |\n  ---\n"
    assert [(line, part.strip()) for line, part in yaml_text.split_documents(text)] == [
        (2, "a: 1"),
        (6, "b: |\n  ---"),
    ]


def test_the_place_in_the_file_survives_the_cut() -> None:
    line, part = yaml_text.split_documents("a: 1\n---\nb: 1\nb: 2\n")[1]
    with pytest.raises(yaml_text.BrokenYaml) as caught:
        yaml_text.load(part, first_line=line)
    assert caught.value.line == 4


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_categories=("Cs", "Cc")))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=("Cs", "Cc"))), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert yaml_text.load(yaml_text.dump(value)) == value


@pytest.mark.parametrize("text", ["y", "n", "08", "0o10", "1_000", "12:30", "a\nb\n", " x", "a: b", "é", "<<", "="])
def test_doubtful_texts_stay_texts(text: str) -> None:
    assert yaml_text.load(yaml_text.dump({"a": text, text: 1})) == {"a": text, text: 1}


@given(st.text(st.characters() | st.sampled_from("[]{}:,-&*!|>\n\t'\"#%@` "), max_size=80))
def test_any_text_is_read_or_refused_with_words(text: str) -> None:
    with contextlib.suppress(yaml_text.BrokenYaml):
        yaml_text.load(text)
