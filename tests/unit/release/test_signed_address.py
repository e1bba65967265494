"""Addresses that name a key."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from changeover.channel import cosign
from changeover.release import signed_address
from changeover.release.signed_address import UnusableKey

ADDRESS = "oci://registry.example/charts/web"
EC, ED, RSA = (
    ec.generate_private_key(ec.SECP256R1()),
    ed25519.Ed25519PrivateKey.generate(),
    rsa.generate_private_key(65537, 2048),
)


def pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


@pytest.mark.parametrize(
    ("key", "signature"),
    [
        (EC, EC.sign(b"text", ec.ECDSA(SHA256()))),
        (ED, ED.sign(b"text")),
        (RSA, RSA.sign(b"text", PKCS1v15(), SHA256())),
    ],
    ids=["ecdsa", "ed25519", "rsa"],
)
def test_a_key_in_an_address_verifies(key: object, signature: bytes) -> None:
    import base64

    joined = signed_address.join(ADDRESS, pem(key))
    split = signed_address.split(joined)
    assert (split.address, split.keyring) == (ADDRESS, b"")
    found = split.key
    text = base64.b64encode(signature).decode()
    assert cosign.is_signed(b"text", text, found)
    assert not cosign.is_signed(b"other", text, found)
    assert not cosign.is_signed(b"text", "%%", found)
    assert signed_address.join(joined, pem(key)) == joined


@pytest.mark.parametrize("text", ["", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END-----"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(UnusableKey):
        signed_address.join(ADDRESS, text)


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(UnusableKey):
        cosign.is_signed(b"text", "AAAA", b"no key")
    with pytest.raises(UnusableKey):
        signed_address.split(f"{ADDRESS}?key=%%%")


def test_an_address_without_a_key_is_itself() -> None:
    assert signed_address.split(f"{ADDRESS}:1.0.0") == signed_address.Signed(f"{ADDRESS}:1.0.0")


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"critical": {"image": []}}', b'{"critical": 7}', b"\xff"])
def test_a_signed_text_that_names_nothing(payload: bytes) -> None:
    assert cosign.signed_digest(payload) == ""


BINARY = b"\x98\x33\x04\x01\x02\x03"
ARMOURED = b"""-----BEGIN PGP PUBLIC KEY BLOCK-----
Comment: the vendor's

mDME
AQID
=abcd
-----END PGP PUBLIC KEY BLOCK-----
"""


def test_a_keyring_stands_in_the_address_in_its_binary_form() -> None:
    joined = signed_address.join_keyring(f"{ADDRESS}#web", ARMOURED)
    assert joined == signed_address.join_keyring(
        f"{ADDRESS}#web", ARMOURED.replace(b"Comment: the vendor's\n\n", b"\n")
    )
    assert joined == signed_address.join_keyring(f"{ADDRESS}#web", BINARY)
    assert signed_address.split(joined) == signed_address.Signed(f"{ADDRESS}#web", keyring=BINARY)
    assert signed_address.split(joined).text == joined


@pytest.mark.parametrize(
    "content",
    [b"", b"text", b"\x95\x01secret", BINARY + bytes(signed_address.LARGEST), ARMOURED.replace(b"mDME", b"mDM%")],
)
def test_what_is_no_keyring_is_refused(content: bytes) -> None:
    with pytest.raises(UnusableKey):
        signed_address.join_keyring(ADDRESS, content)


def test_an_address_that_is_used_once_is_signed_as_the_usual_one_of_its_host() -> None:
    usual = signed_address.join(ADDRESS, pem(EC))
    other = signed_address.join_keyring(f"{ADDRESS}:2.0.0", BINARY)
    key = signed_address.split(usual).key
    assert signed_address.split(signed_address.inherit(f"{ADDRESS}:2.0.0", usual)).key == key
    assert signed_address.inherit(other, usual) == other
    for elsewhere in ("oci://registry.other/charts/web", "./web-2.0.0.tgz"):
        assert signed_address.inherit(elsewhere, usual) == elsewhere
    assert signed_address.inherit("./web", "./web-1.0.0.tgz") == "./web"
