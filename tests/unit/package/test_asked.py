"""What a package asks for, and answers that it does not ask for."""

import pytest

from changeover.package import asked
from changeover.package.answers import Given, from_file, from_pairs, layered
from changeover.package.asked import Question, UnknownAnswer
from changeover.package.package import read_package

CHART = {
    "Chart.yaml": b"name: web\nversion: 1.0.0\n",
    "values.yaml": b"image: {tag: a, pull: null}\nreplicas: 1\nnodeSelector: {}\nargs: [a]\n",
}
CONFIG = """apiVersion: kots.io/v1beta1
kind: Config
spec:
  groups:
  - name: g
    items:
    - {name: domain, type: text, required: true}
    - {name: size, type: select_one, items: [{name: small}, {name: large}]}
    - {name: host, type: text, repeatable: true}
"""


def test_a_config_asks_for_its_items_and_their_choices() -> None:
    found = asked.asked_by(read_package({"config.yaml": CONFIG.encode()}, "x"))
    assert found["domain"] == Question("text", required=True)
    assert set(found) == {"domain", "size", "small", "large", "host"}


def test_a_chart_asks_for_its_values_by_their_paths() -> None:
    found = asked.asked_by(read_package(CHART, "x"))
    assert {name: one.type for name, one in found.items()} == {
        "image.tag": "text",
        "image.pull": "null",
        "replicas": "number",
        "nodeSelector": "mapping",
        "args": "list",
    }


def test_a_chart_asks_for_what_switches_its_subcharts_even_where_no_values_name_it() -> None:
    chart = {
        "Chart.yaml": b"name: web\nversion: 1.0.0\ndependencies:\n"
        b"- {name: db, alias: store, condition: 'store.on, global.db', tags: [data]}\n",
        "charts/db/Chart.yaml": b"name: db\nversion: 1.0.0\ndependencies: [{name: top, condition: top.on}]\n",
        "charts/db/charts/top/Chart.yaml": b"name: top\nversion: 1.0.0\n",
    }
    found = asked.asked_by(read_package(chart, "x"))
    switches = {name for name, one in found.items() if one.type == "boolean"}
    assert switches == {"store.on", "global.db", "tags.data", "store.top.on"}


@pytest.mark.parametrize(
    ("name", "value", "is_asked"),
    [
        ("domain", "x", True),
        ("domian", "x", False),
        ("host-12345678", {"value": "x", "repeatableItem": "host"}, True),
        ("global.registry", "x", True),
    ],
)
def test_an_answer_belongs_to_a_question(name: str, value: object, is_asked: object) -> None:
    questions = asked.asked_by(read_package({"config.yaml": CONFIG.encode()}, "x"))
    assert asked.is_asked(name, value, questions) is is_asked


def test_a_mistyped_name_is_refused_with_its_place_and_the_nearest_name() -> None:
    questions = asked.asked_by(read_package({"config.yaml": CONFIG.encode()}, "x"))
    with pytest.raises(UnknownAnswer) as caught:
        asked.check_names(from_file("size: large\ndomian: x\n", name="prod.yaml"), questions)
    assert caught.value.found == "domian (prod.yaml line 2)"
    assert caught.value.hint == "did you mean domain?"


def test_config_values_may_hold_more_than_is_asked() -> None:
    text = "apiVersion: kots.io/v1beta1\nkind: ConfigValues\nspec: {values: {gone: {value: x}}}\n"
    asked.check_names(from_file(text, name="values.yaml"), {"domain": Question()})


def test_values_of_a_chart_are_laid_over_each_other_key_by_key() -> None:
    questions = asked.asked_by(read_package(CHART, "x"))
    layers = [from_file("image: {tag: b, pull: Always}\nnodeSelector: {a.b/c: d}\n"), from_file("image: {tag: c}\n")]
    given = asked.for_chart(layered([*layers, from_pairs(["replicas=3", "debug.level=x"])]), questions)
    assert given.values == {
        "image.tag": "c",
        "image.pull": "Always",
        "nodeSelector": {"a.b/c": "d"},
        "replicas": 3,
        "debug.level": "x",
    }
    assert asked.nested(given.values)["image"] == {"tag": "c", "pull": "Always"}


def test_a_dot_in_a_key_is_no_path() -> None:
    given = asked.for_chart(Given({"ingress": {"nginx.io/x": "1"}}), {"ingress.on": Question("boolean")})
    assert asked.nested(given.values) == {"ingress": {"nginx.io/x": "1"}}
