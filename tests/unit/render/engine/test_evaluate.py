"""The template language: what Go's text/template does, bounded."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.render.engine import evaluate, values
from changeover.render.engine.evaluate import Delimiters
from changeover.render.engine.lexer import TemplateProblem
from changeover.render.engine.sprig import FUNCTIONS

GO = Delimiters("{{", "}}")


def _render(text: str) -> str:
    return evaluate.render(text, FUNCTIONS, delimiters=GO, file="t")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a {{- 1 -}} b", "a1b"),
        ("a {{-1}} b", "a -1 b"),
        ("{{/* note */}}x{{- /* note */ -}} y", "xy"),
        ('{{ "}}" }}', "}}"),
        ("{{ `raw \\n` }}", "raw \\n"),
        ('{{ "a\\tb\\u00e9" }}', "a\tbé"),
        ("{{ .x }}", "<no value>"),
        ("{{ if false }}a{{ else if true }}b{{ else }}c{{ end }}", "b"),
        ("{{ with 0 }}a{{ else }}b{{ end }}", "b"),
        ("{{ with dict `a` 1 }}{{ .a }}{{ end }}", "1"),
        ("{{ range $i, $v := list 5 6 }}{{ $i }}={{ $v }};{{ end }}", "0=5;1=6;"),
        ("{{ range list }}a{{ else }}none{{ end }}", "none"),
        ("{{ range list 1 2 3 }}{{ if eq . 2 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "13"),
        ("{{ range list 1 2 3 }}{{ if eq . 2 }}{{ break }}{{ end }}{{ . }}{{ end }}", "1"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}", "1"),
        ('{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" 3 }}', "<3>"),
        ('{{ block "t" 4 }}({{ . }}){{ end }}', "(4)"),
        ('{{ "x" | printf "%s-%d" | upper }}', "X-%!D(MISSING)"),
        ("{{ (dict `a` (dict `b` 2)).a.b }}", "2"),
        ("{{ and 1 0 2 }}{{ or 0 `` 3 }}{{ not 1 }}", "03false"),
        ("{{ or 1 (fail `never`) }}", "1"),
        ("{{ index (list 1 2) 1 }}{{ len `é` }}{{ slice `hello` 1 3 }}", "22el"),
        ("{{ print 1 2 `a` 3 }}|{{ println 1 `a` }}", "1 2a3|1 a\n"),
        ("{{ 1e3 }} {{ 0x10 }} {{ 010 }} {{ 'a' }} {{ 1.50 }}", "1000 16 8 97 1.5"),
        ("{{ list 1 `a` nil }} {{ dict `b` 1 `a` true }}", "[1 a <nil>] map[a:true b:1]"),
        ("{{ eq 1 2 1 }}{{ lt 1.0 2.0 }}{{ ne `a` `b` }}", "truetruetrue"),
        ("{{ html `<a&\"'>` }}", "&lt;a&amp;&#34;&#39;&gt;"),
    ],
)
def test_go_would_print(text: str, shown: str) -> None:
    assert _render(text) == shown


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("{{ Nope }}", 1, "function 'Nope' not defined"),
        ("\n{{ if true }}", 2, "if without end"),
        ("{{ end }}", 1, "unexpected {{end}}"),
        ("a\n\n{{ 1", 3, "unclosed action"),
        ('{{ "a }}', 1, "unterminated quoted string"),
        ("{{ (1 }}", 1, "unclosed left paren"),
        ("{{ }}", 1, "missing value"),
        ("{{ 1 | }}", 1, "missing value after |"),
        ("{{ $x }}", 1, "undefined variable $x"),
        ("{{ eq 1 `a` }}", 1, "incompatible types"),
        ("{{ div 1 0 }}", 1, "divide by zero"),
        ("{{ `a` 1 }}", 1, "can't give argument to non-function"),
        ("{{ upper }}", 1, "wrong arguments for upper"),
        ("{{ break }}", 1, "break outside range"),
        ('{{ template "t" }}', 1, "not defined"),
        ("{{ fail `no way` }}", 1, "no way"),
        ("{{ if }}{{ end }}", 1, "missing value"),
        ("{{ range 5.5 }}{{ end }}", 1, "can't iterate"),
    ],
)
def test_mistakes_are_named_with_their_line(text: str, line: int, words: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        _render(text)
    assert words in str(caught.value)
    assert caught.value.line == line


@pytest.mark.parametrize(
    "text",
    [
        '{{ define "t" }}{{ template "t" }}{{ end }}{{ template "t" }}',
        "{{ repeat 999999999 `x` }}",
        "{{ indent 999999999 `x` }}",
        "{{ until 999999999 }}",
        "{{ range until 2000 }}{{ range until 2000 }}x{{ end }}{{ end }}",
        "{{ range 2000000 }}{{ end }}",
    ],
)
def test_nothing_runs_away(text: str) -> None:
    with pytest.raises(TemplateProblem):
        _render(text)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.0, "1"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (0.00001, "1e-05"),
        (1.5e-7, "1.5e-07"),
        (0.1, "0.1"),
    ],
)
def test_floats_are_shown_as_go_shows_them(value: float, shown: str) -> None:
    assert values.plain(value) == shown


WORDS = '{{ }} - if end range else with define "a" `b` ( ) | $x := .a 1 1.5 . list dict printf index \' nil upper , = é'
PARTS = st.lists(st.sampled_from([*WORDS.split(), " ", "\n", '"', "/*", "*/"]), max_size=30)


@given(PARTS)
def test_any_text_is_rendered_or_refused_with_words(parts: list[str]) -> None:
    with contextlib.suppress(TemplateProblem):
        _render("".join(parts))
        _render("{{ " + " ".join(parts) + " }}")
