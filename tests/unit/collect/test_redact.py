"""Captured text without secrets, and still readable."""

import base64

import pytest

from changeover.collect.redact import redactor, values_of
from changeover.objects import KubeObject


def secret(**data: str) -> KubeObject:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return KubeObject({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": encoded})


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("connecting with hunter2hunter2 to db", "hunter2hunter2"),
        ("encoded " + base64.b64encode(b"hunter2hunter2").decode(), base64.b64encode(b"hunter2hunter2").decode()),
        ("line of a key: MIIEvQIBADANBg", "MIIEvQIBADANBg"),
        ("password=abc", "abc"),
        ('{"token": "abc"}', "abc"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ("mysql://root:abc@db/x", "abc"),
    ],
)
def test_secrets_go(text: str, gone: str) -> None:
    known = values_of([secret(password="hunter2hunter2", key="-----BEGIN-----\nMIIEvQIBADANBg\n")])
    assert gone not in redactor(known)(text)


def test_ordinary_words_stay() -> None:
    known = values_of([secret(user="db", flag="true", empty="")])
    text = "db is true, and the pool has 3 of 4 at http://db:3306/x"
    assert redactor(known)(text) == text
