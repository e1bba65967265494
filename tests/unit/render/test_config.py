"""Config values: whose word counts, and in which order."""

import pytest

from changeover.package.documents import read_documents
from changeover.package.questions import BadConfig, Config, read_config
from changeover.render import config as configs
from changeover.render.context import Context
from changeover.render.templates import Templates


def _config(items: str) -> Config:
    text = "apiVersion: kots.io/v1beta1\nkind: Config\nspec:\n  groups:\n  - name: g\n    items:\n" + items
    return read_config(next(iter(read_documents("config.yaml", text))))


def _form(items: str, **answers: object) -> configs.EvaluatedConfig:
    return Templates(_config(items), answers, Context("apps"), produce=lambda name, _: name).form


def test_the_answer_wins_over_value_and_default() -> None:
    items = "    - {name: a, type: text, value: v, default: d}\n"
    assert _form(items).values["a"] == configs.ItemValue("v", "d")
    assert _form(items, a="x").values["a"].effective == "x"
    assert _form(items, a="").values["a"].effective == "d"


@pytest.mark.parametrize("kind", ["label", "heading", "anything"])
def test_what_cannot_be_edited_ignores_answers(kind: str) -> None:
    assert _form(f"    - {{name: a, type: {kind}, value: v}}\n", a="x").values["a"].value == "v"


def test_read_only_items_are_evaluated_every_time() -> None:
    items = "    - {name: a, type: text, readonly: true, value: 'repl{{ ConfigOption \"b\" }}!'}\n"
    items += "    - {name: b, type: text, default: one}\n"
    assert _form(items, a="x").values["a"].value == "one!"
    assert _form(items, a="x", b="two").values["a"].value == "two!"


def test_who_asks_comes_after_whom_it_asks() -> None:
    items = "".join(
        f"    - {{name: i{n}, type: text, default: 'repl{{{{ ConfigOption \"i{n + 1}\" }}}}{n}'}}\n" for n in range(5)
    )
    items += "    - {name: i5, type: text, default: end}\n"
    assert _form(items).values["i0"].effective == "end43210"


@pytest.mark.parametrize("other", ["a", "b"])
def test_a_circle_is_an_error(other: str) -> None:
    items = f"    - {{name: a, type: text, default: 'repl{{{{ ConfigOption \"{other}\" }}}}'}}\n"
    items += "    - {name: b, type: text, default: 'repl{{ ConfigOption \"a\" }}'}\n"
    with pytest.raises(configs.CircularConfig, match="wait for each other"):
        _form(items)


def test_booleans_are_ones_and_zeroes() -> None:
    found = _form("    - {name: a, type: bool, default: true}\n    - {name: b, type: bool, default: false}\n", b=True)
    assert (found.values["a"].effective, found.values["b"].effective) == ("1", "1")


@pytest.mark.parametrize(
    ("more", "answers", "missing"),
    [
        ("", {}, ("a",)),
        ("", {"a": "x"}, ()),
        (", default: d", {}, ()),
        (", hidden: true", {}, ()),
        (", when: false", {}, ()),
        (', when: \'repl{{ ConfigOptionEquals "b" "1" }}\'', {}, ()),
        (', when: \'repl{{ ConfigOptionEquals "b" "1" }}\'', {"b": "1"}, ("a",)),
    ],
)
def test_what_is_visible_and_required_must_be_answered(
    more: str, answers: dict[str, str], missing: tuple[str, ...]
) -> None:
    items = f"    - {{name: a, type: text, required: true{more}}}\n    - {{name: b, type: bool}}\n"
    assert _form(items, **answers).missing == missing


def test_one_name_may_be_asked_three_times() -> None:
    items = "".join(f"    - {{name: r, type: text, when: 'repl{{{{ eq {n} 1 }}}}'}}\n" for n in range(3))
    assert len(list(_config(items).questions())) == 3
    assert _form(items, r="x").values["r"].value == "x"


def test_a_boolean_as_name_is_explained() -> None:
    with pytest.raises(BadConfig, match="a name that is no text: False") as caught:
        _config("    - {name: off, type: text}\n")
    assert "quotes" in (caught.value.hint or "")


def test_a_default_that_fails_is_empty() -> None:
    assert _form("    - {name: a, type: text, default: 'repl{{ fail \"x\" }}'}\n").values["a"].effective == ""
