"""Regular expressions: Go's words for mistakes, Go's idea of empty matches, and never for ever."""

import pytest

from changeover.gotemplate.sprig.re2 import BadPattern, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("[a", "missing closing ]: `[a`"),
        ("(a", "missing closing ): `(a`"),
        ("a)", "unexpected ): `a)`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a{2000}", "invalid repeat count: `{2000}`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("x" * 10_001, "expression too large"),
    ],
)
def test_mistakes_are_told_in_gos_words(pattern: str, words: str) -> None:
    with pytest.raises(BadPattern) as caught:
        compile_pattern(pattern)
    assert words in str(caught.value)


def test_an_empty_match_directly_after_a_match_does_not_count() -> None:
    found = compile_pattern("a*").matches("baac")
    assert [(one.start(), one.end()) for one in found] == [(0, 0), (1, 3), (4, 4)]


def test_places_are_characters_also_where_bytes_are_no_text() -> None:
    found = compile_pattern("(?P<word>[a-z]+)(x)?").matches("äö\udcff abc")
    assert [(one.group("word"), one.group(2), one.start()) for one in found] == [("abc", "", 4)]


def test_a_pattern_that_would_backtrack_for_ever_ends() -> None:
    text = "a" * 100_000 + "c"
    assert compile_pattern("(a*)*b").search(text) is None
    assert compile_pattern(".*.*.*=.*").search(text) is None
