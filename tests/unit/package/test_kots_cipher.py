"""Passwords that KOTS encrypted are opened by its key, and nothing else is touched."""

import base64
from typing import Any

import pytest
import yaml

from changeover.actions import kots_answers
from changeover.package import answers, kots_cipher
from changeover.package.asked import Question
from tests.flows import kots

OTHER = base64.b64encode(bytes(36)).decode()
INSTALLATION = yaml.safe_dump({"kind": "Installation", "spec": {"encryptionKey": kots.CIPHER}})
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "kotsadm-encryption"}}


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (kots.sealed("tell-nobody"), "tell-nobody"),
        (kots.sealed(""), ""),
        (kots.sealed("über"), "über"),
        ("plain", "plain"),
        ("c2VjcmV0", "c2VjcmV0"),
        ("", ""),
        (7, 7),
        ({"value": kots.sealed("x"), "filename": kots.sealed("y")}, {"value": "x", "filename": kots.sealed("y")}),
    ],
)
def test_what_a_key_opens(value: Any, wanted: Any) -> None:
    assert kots_cipher.opened(value, ["", "no key", OTHER, kots.CIPHER]) == wanted


def test_another_key_opens_nothing() -> None:
    sealed = kots.sealed("tell-nobody")
    assert kots_cipher.opened(sealed, [OTHER]) == sealed


@pytest.mark.parametrize(
    "text",
    [
        kots.CIPHER,
        f"{kots.CIPHER}\n",
        INSTALLATION,
        yaml.safe_dump({**SECRET, "data": {"encryptionKey": base64.b64encode(kots.CIPHER.encode()).decode()}}),
        yaml.safe_dump({**SECRET, "stringData": {"encryptionKey": kots.CIPHER}}),
    ],
)
def test_where_a_key_may_stand(text: str) -> None:
    assert kots_cipher.read_key(text, name="file") == kots.CIPHER


@pytest.mark.parametrize("text", ["", "abc", "kind: Installation", "spec: {encryptionKey: abc}", "- a: b", OTHER[:40]])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(kots_cipher.BadEncryptionKey):
        kots_cipher.read_key(text, name="file")


def test_only_documents_are_opened_and_what_stays_sealed_is_told() -> None:
    given = answers.from_file(yaml.safe_dump(kots.values()), name="values.yaml")
    assert kots_answers.with_key(given, kots.CIPHER).values == {"colour": "red", "password": "tell-nobody"}
    questions = {"colour": Question("text"), "password": Question("password")}
    told = kots_answers.findings(given, questions)
    assert [(one.reference, one.found) for one in told] == [("answers-still-encrypted", "password")]
    assert kots_answers.findings(kots_answers.with_key(given, kots.CIPHER), questions) == ()
    typed = answers.from_pairs([f"password={kots.sealed('x')}"])
    assert kots_answers.with_key(typed, kots.CIPHER) == typed
    assert kots_answers.findings(typed, questions) == ()
