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
