"""Templates: any text, and any call of any function with any arguments."""

import contextlib

from hypothesis import example, given
from hypothesis import strategies as st

from changeover.errors import Problem
from changeover.gotemplate import parse
from changeover.package.questions import Config
from changeover.render import functions
from changeover.render.context import Context, Registry
from changeover.render.templates import Templates
from tests.fuzz.bounds import bounded

SLOW = frozenset({"genPrivateKey", "genCA", "genSelfSignedCert", "genSignedCert", "genCAWithKey", "htpasswd", "bcrypt"})
SLOW |= {"genSelfSignedCertWithKey", "genSignedCertWithKey", "derivePassword", "sealing", "getHostByName"}
SLOW |= {name for name in functions.names() if name.startswith("TLS")}
"""Made of keys and many rounds: one of each is enough, and tested elsewhere."""
NAMES = st.sampled_from(sorted(functions.names() - SLOW))
WORDS = st.one_of(
    st.sampled_from(["nil", "true", "false", "0", "-1", "1.5", "1e400", "'x'", "0x1F", "9223372036854775807", "$"]),
    st.sampled_from(['""', '"a"', '"1h"', '"2006-01-02"', '"^1.2"', '"[a"', '"%!d"', "`a\nb`", '"{\\"a\\":[1]}"']),
    st.sampled_from(['(dict "a" 1)', "(list)", "(dict)", "(now)", '(list "b" nil 1.5)', '(fromJson "[1,{}]")', "."]),
    st.text(st.characters(codec="utf-8", exclude_characters='"\\\n'), max_size=6).map(lambda text: f'"{text}"'),
    st.integers(-(2**70), 2**70).map(str),
)
CALLS = st.recursive(
    st.builds(lambda name, words: " ".join([name, *words]), NAMES, st.lists(WORDS, max_size=5)),
    lambda inner: st.one_of(
        st.builds(lambda one, other: f"{one} | {other}", inner, inner),
        st.builds(lambda name, one: f"{name} ({one})", NAMES, inner),
    ),
    max_leaves=4,
)
BLOCKS = st.builds(
    lambda word, call, inside: f"repl{{{{ {word} {call} }}}}{inside}repl{{{{ end }}}}",
    st.sampled_from(["if", "with", "range", "range $k, $v :=", 'block "x"', 'define "x"']),
    CALLS,
    st.sampled_from(
        ["a", "repl{{ . }}", "repl{{ else }}", "repl{{ .a.b }}", "repl{{ break }}", 'repl{{ template "x" . }}']
    ),
)
PIECES = st.sampled_from(
    ["repl{{", "{{repl", "}}", "-}}", "{{-", "if", "end", "else", '"', "`", "(", ")", "|", ":=", "$x", ".a"]
)


def _templates() -> Templates:
    context = Context("apps", slug="app", registry=Registry("r.example"))
    return Templates(Config(), {}, context, produce=lambda what, _: "a2V5" if what == "RandomBytes" else what)


def _ends_in_a_text_or_a_problem(text: str) -> None:
    with contextlib.suppress(Problem):
        assert isinstance(_templates().render("x.yaml", text), str)


@bounded
@given(CALLS)
@example('regexFindAll "(a*)*b" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac" -1')
@example('repeat 999999999 "x"')
@example("until 2000000000")
@example("seq 1 999999999")
@example('(repeat 1000 "x") | replace "x" (repeat 100000 "y")')
def test_any_call_ends(call: str) -> None:
    _ends_in_a_text_or_a_problem(f"repl{{{{ {call} }}}}")


@bounded
@given(st.lists(st.one_of(BLOCKS, st.text(max_size=5)), max_size=4).map("".join))
def test_any_blocks_end(text: str) -> None:
    _ends_in_a_text_or_a_problem(text)


@bounded
@given(st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=30).map(" ".join))
@example("repl{{ " + "(" * 5000)
@example("repl{{ if true }}" * 5000)
@example('repl{{ define "a" }}repl{{ template "a" }}repl{{ end }}repl{{ template "a" }}')
@example("repl{{ range until 100000 }}repl{{ range until 100000 }}x{{ end }}repl{{ end }}repl{{ end }}")
def test_any_text_ends(text: str) -> None:
    _ends_in_a_text_or_a_problem(text)


@bounded
@given(st.text(max_size=60), st.text(min_size=1, max_size=3), st.text(min_size=1, max_size=3))
def test_any_delimiters_end(text: str, left: str, right: str) -> None:
    with contextlib.suppress(Problem):
        parse(left + text + right, delimiters=(left, right)).render({"a": text})
