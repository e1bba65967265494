"""Captured text without secrets, and still readable."""

import base64

import pytest

from changeover.checks.bundle import Mask
from changeover.checks.redactors import redact
from changeover.checks.secret_values import redactors_for, values_of
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
        ("login " + "s3cr3t-in-yaml", "s3cr3t-in-yaml"),
        ("login dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("password=abc", "abc"),
        ('{"token": "abc"}', "abc"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ("mysql://root:abc@db/x", "abc"),
    ],
)
def test_secrets_go(text: str, gone: str) -> None:
    login = '{"auths": {"r.example.com": {"auth": "dXNlcjpwYXNz"}}}'
    config = "kind: Deployment\npassword: s3cr3t-in-yaml\n"
    known = values_of(
        [secret(password="hunter2hunter2", key="-----BEGIN-----\nMIIEvQIBADANBg\n", login=login, config=config)]
    )
    assert gone not in redact(text, "x.log", redactors_for(known)).output


def test_ordinary_words_stay() -> None:
    known = values_of([secret(user="db", flag="true", empty="", config="kind: Deployment\nreplicas: 3\n")])
    text = "db is true, and kind: Deployment has 3 of 4 at http://db:3306/x"
    assert redact(text, "x.log", redactors_for(known)).output == text


def test_a_document_is_still_one() -> None:
    text = '{"volumes": [{"secret": {"secretName": "a"}}], "automountServiceAccountToken": true}'
    assert redact(text, "cluster-resources/pods/x.json", redactors_for(())).output == text


def test_a_chart_s_release_record_hides_no_words() -> None:
    raw = secret(release="nothing to hide").raw
    assert not values_of([KubeObject({**raw, "type": "helm.sh/release.v1"})])


def test_messages_that_are_looked_at_together_are_masked_each_by_itself() -> None:
    mask = Mask(values=["hunter2-hunter2"])
    texts = ["say hunter2-hunter2", "", 'name: "password"', "plain", "plain", "two\nlines\x00", "hunter2-hunter2"]
    assert mask.each(texts) == [mask.words(one) if one else "" for one in texts]
    odd = ["a\n\x00\nhunter2-hunter2", "b"]
    assert mask.each(odd) == ["a\n\x00\n***HIDDEN***", "b"]
    assert mask.each([]) == []
