"""Answers as people keep them."""

import pytest

from changeover.package import answers

CONFIG_VALUES = """
apiVersion: kots.io/v1beta1
kind: ConfigValues
spec:
  values:
    domain: {value: example.com, default: x}
    on: {value: true}
    secret: {valuePlaintext: s3cret}
    file: {value: aGk=, filename: a.txt}
    empty: {default: d}
"""


def test_config_values_become_answers() -> None:
    found = answers.from_text(CONFIG_VALUES.replace("    on:", '    "on":'))
    assert found == {
        "domain": "example.com",
        "on": "1",
        "secret": "s3cret",
        "file": {"value": "aGk=", "filename": "a.txt"},
        "empty": "",
    }


def test_a_plain_mapping_is_taken_as_it_is() -> None:
    assert answers.from_text("replicas: 2\nimage: {tag: v1}\n") == {"replicas": 2, "image": {"tag": "v1"}}
    assert answers.from_text("") == {}


def test_answers_survive_being_written() -> None:
    given = {"a": "x", "b": "1", "f": {"value": "aGk=", "filename": "a.txt"}}
    assert answers.from_text(answers.to_text(given, name="x")) == given


@pytest.mark.parametrize("text", ["- a", "just text", "apiVersion: v1\nkind: Secret\n"])
def test_what_holds_no_answers_is_refused(text: str) -> None:
    with pytest.raises(answers.UnusableAnswers, match="holds no answers"):
        answers.from_text(text)


def test_layers_keep_the_origin_of_each_answer() -> None:
    first = answers.from_file("a: 1\nb: 2\nc: 3\n", name="base.yaml")
    later = answers.from_file('{"b": 4}', name="prod.json")
    found = answers.layered([first, later, answers.from_pairs(["c=5"]), answers.Given(removed=frozenset({"a"}))])
    assert found.values == {"b": 4, "c": "5"}
    assert found.origins == {"b": "prod.json line 1", "c": "--set"}


@pytest.mark.parametrize("pair", ["novalue", "=x", ""])
def test_a_pair_needs_a_name_and_a_value(pair: str) -> None:
    with pytest.raises(answers.UnusableAnswers, match="NAME=VALUE"):
        answers.from_pairs([pair])


def test_secret_answers_are_written_as_what_they_are() -> None:
    text = answers.to_text({"a": "x", "p": "geheim"}, name="x", secret=frozenset({"p"}))
    assert "valuePlaintext: geheim" in text
    assert answers.from_text(text) == {"a": "x", "p": "geheim"}
