"""A licence is read with file and line of what is wrong, and believed as far as its signatures go."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from changeover.package.entitlements import Fate, asked_for, compare
from changeover.package.licence import BadLicence, Licence, read_licence
from changeover.package.licence_signature import BadLicenceKey, Proof, check, read_keys
from changeover.package.package import read_package
from tests.licences import ENTITLEMENTS, Portal, public

PLAIN = """apiVersion: kots.io/v1beta1
kind: License
metadata: {name: acme}
spec:
  appSlug: letters
  licenseID: id-1
  channelID: c2
  channels:
  - {channelID: c1, channelName: Beta}
  - {channelID: c2, channelName: Stable, isDefault: true}
  entitlements:
    expires_at:
      value: "2030-01-02T00:00:00Z"
    seats: {value: 25, valueType: Integer}
    motd: {value: "hello", isHidden: true}
"""


def read(text: str) -> Licence:
    return read_licence(text, file="acme.yaml")


def test_what_a_licence_says() -> None:
    licence = read(PLAIN)
    assert (licence.application, licence.channel["channelName"]) == ("letters", "Stable")
    assert [(one.name, one.value, one.hidden) for one in licence.entitlements][1:] == [
        ("seats", 25, False),
        ("motd", "hello", True),
    ]
    assert not licence.expired(datetime(2030, 1, 1, tzinfo=UTC))
    assert licence.expired(datetime(2030, 1, 2, tzinfo=UTC))
    assert "id-1" not in repr(licence)


@pytest.mark.parametrize("empty", ['""', "null"])
def test_an_empty_expiry_is_never(empty: str) -> None:
    assert read(PLAIN.replace('"2030-01-02T00:00:00Z"', empty)).expires is None


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("kind: License", "kind: Config", "acme.yaml line 2: this is no licence"),
        ("kots.io/v1beta1", "kots.io/v1", "acme.yaml line 1: apiVersion must be"),
        ("  licenseID: id-1\n", "", "spec.licenseID is missing"),
        ("  appSlug: letters", "  appSlug: [a]", "acme.yaml line 5: spec.appSlug must be text"),
        ("2030-01-02T00:00:00Z", "tomorrow", "acme.yaml line 13: expires_at is no time"),
        ("value: 25", "value: 2.5", "acme.yaml line 14: the value of entitlement seats"),
        ("    seats: {value: 25, valueType: Integer}", "    seats: 25", "acme.yaml line 14: entitlement seats must be"),
        ("spec:\n", "spec: 3\nother:\n", "acme.yaml line 4: a licence has a spec"),
        ("channelID: c2", "channelID: {a: 1}", "acme.yaml line 7: spec.channelID must be text"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(before: str, after: str, wanted: str) -> None:
    assert before in PLAIN
    with pytest.raises(BadLicence) as raised:
        read(PLAIN.replace(before, after, 1))
    assert wanted in raised.value.message


@pytest.mark.parametrize("version", ["v1beta1", "v1beta2"])
def test_a_chain_is_proven_by_the_global_or_the_applications_key(version: str) -> None:
    licence = read(Portal(version).licence())
    assert check(licence).proof is Proof.CONSISTENT
    for number, proof in ((0, Proof.PROVEN), (1, Proof.PROVEN), (2, Proof.WRONG)):
        assert check(licence, read_keys(public(number), file="key.pem")).proof is proof
    both = read_keys(public(2) + public(0), file="keys.pem")
    assert check(licence, both).proof is Proof.PROVEN


def test_no_signature_is_unsigned() -> None:
    assert check(read(PLAIN), read_keys(public(0), file="key.pem")).proof is Proof.UNSIGNED


def test_what_is_signed_wins_over_what_was_edited() -> None:
    edited = dict(Portal().document["spec"]["entitlements"])
    edited["seats"] = {**edited["seats"], "value": 9999}
    checked = check(read(Portal().licence(entitlements=edited, customerName="Mallory")))
    assert checked.differs == ("customerName", "entitlements")
    seats = checked.licence.entitlement("seats")
    assert seats is not None
    assert seats.value == 25
    assert checked.licence.spec["customerName"] == "Acme"


def _tampered(change: Any) -> str:
    document = yaml.safe_load(Portal().licence())
    outer = json.loads(base64.b64decode(document["spec"]["signature"]))
    inner = json.loads(base64.b64decode(outer["innerSignature"]))
    change(outer, inner)
    outer["innerSignature"] = base64.b64encode(json.dumps(inner).encode()).decode()
    document["spec"]["signature"] = base64.b64encode(json.dumps(outer).encode()).decode()
    return yaml.safe_dump(document)


def _other_content(outer: dict[str, Any], inner: dict[str, Any]) -> None:
    content = json.loads(base64.b64decode(outer["licenseData"]))
    content["spec"]["customerName"] = "Mallory"
    outer["licenseData"] = base64.b64encode(json.dumps(content).encode()).decode()


def _other_key(outer: dict[str, Any], inner: dict[str, Any]) -> None:
    inner["publicKey"] = public(2)


def _entitlement_of_another(outer: dict[str, Any], inner: dict[str, Any]) -> None:
    content = json.loads(base64.b64decode(outer["licenseData"]))
    content["spec"]["entitlements"]["seats"]["value"] = 9999
    text = json.dumps(content).encode()
    outer["licenseData"] = base64.b64encode(text).decode()
    inner["licenseSignature"] = Portal().sign(1, text)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_other_content, "its content was changed"),
        (_other_key, "its content was changed"),
        (_entitlement_of_another, "entitlement seats was changed"),
        (lambda outer, _: outer.pop("licenseData"), "licenseData is missing"),
        (lambda _, inner: inner.update(publicKey="no key"), "the public key cannot be read"),
        (lambda _, inner: inner.update(keySignature="AA=="), "keySignature cannot be read"),
    ],
)
def test_a_broken_link_is_named(change: Any, words: str) -> None:
    checked = check(read(_tampered(change)), read_keys(public(0), file="key.pem"))
    assert checked.proof is Proof.WRONG
    assert words in checked.words


@pytest.mark.parametrize("signature", ["AA==", "%%%", "e30=", "W10=", "A" * 1_000_001])
def test_no_signature_breaks_the_reader(signature: str) -> None:
    text = PLAIN.replace("  appSlug", f"  signature: '{signature}'\n  appSlug")
    assert check(read(text)).proof is Proof.WRONG


@pytest.mark.parametrize("text", ["", "hello", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_file_without_a_key_is_refused(text: str) -> None:
    with pytest.raises(BadLicenceKey, match=r"key\.pem"):
        read_keys(text, file="key.pem")


def test_entitlements_are_compared() -> None:
    later = {
        "expires_at": {**ENTITLEMENTS["expires_at"], "value": "2030-01-01T00:00:00Z"},
        "seats": {**ENTITLEMENTS["seats"], "value": 50},
        "audit": {"value": "yes"},
    }
    found = {
        one.name: (one.fate, one.loses)
        for one in compare(read(Portal().licence()), read(Portal(entitlements=later).licence()))
    }
    assert found == {
        "expires_at": (Fate.CHANGED, True),
        "seats": (Fate.CHANGED, False),
        "sso": (Fate.LOST, True),
        "audit": (Fate.GAINED, False),
    }
    assert compare(read(PLAIN), read(PLAIN.replace("25", '"25"')))[0].fate is Fate.RETYPED
    assert compare(read(PLAIN), read(PLAIN)) == ()


def test_what_a_package_asks_for_is_read_off_its_templates() -> None:
    files = {
        "app.yaml": b"apiVersion: kots.io/v1beta1\nkind: Application\nmetadata: {name: a}\n",
        "map.yaml": b"""apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}
data:
  a: '{{repl LicenseFieldValue "seats" }}'
  b: 'repl{{ LicenseFieldValue `sso` }}'
  c: '{{repl LicenseFieldValue "customerName" }}'
""",
    }
    assert asked_for(read_package(files, "a")) == ("seats", "sso")
