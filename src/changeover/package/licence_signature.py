"""Decides what the signatures of a licence prove.

The chain, as vendors' portals make it: a global key signs the application's public key; that key signs the licence's
content, and each entitlement's value (as text) by itself. RSA-PSS with any salt length; MD5 for v1beta1 (weak, but that
is v1beta1), SHA-256 for v1beta2.

* proven: the chain is right and ends at a key that the operator or the vendor's package gave (global or application's);
* consistent: the chain is right in itself, but nobody gave a key, so anybody may have made it;
* unsigned: there is no signature;
* wrong: something does not fit; says what.

Fields written beside the signature do not count where they differ: what is signed wins, and the difference is told.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from changeover.errors import Problem
from changeover.package.licence import BadLicence, Licence

_LONGEST = 1_000_000
_UNSIGNED = frozenset({"signature"})
_END = "-----END PUBLIC KEY-----"


class BadLicenceKey(Problem):
    """A file that holds no RSA public key in PEM."""

    reference = "bad-licence-key"


class Proof(StrEnum):
    """How far a licence is to be believed."""

    PROVEN = "proven"
    CONSISTENT = "consistent"
    UNSIGNED = "unsigned"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Checked:
    """What the signatures say, and the licence with what is signed."""

    proof: Proof
    words: str
    licence: Licence
    differs: tuple[str, ...] = ()
    """Fields that stand beside the signature with another value than the signed one."""


class _Wrong(Exception):
    """Some link of the chain does not hold; the text says which."""


@dataclass(frozen=True, slots=True)
class _Chain:
    content: bytes
    content_signature: bytes
    key_text: bytes
    key: rsa.RSAPublicKey
    key_signature: bytes


def read_keys(text: str, *, file: str) -> tuple[rsa.RSAPublicKey, ...]:
    """The RSA public keys of a PEM text. Raises BadLicenceKey."""
    parts = [part + _END for part in text.split(_END)[:-1]]
    try:
        found = [_key(part.strip().encode()) for part in parts]
    except _Wrong as wrong:
        raise BadLicenceKey(f"{file}: {wrong}", hint="an RSA public key in PEM was expected") from None
    if not found:
        raise BadLicenceKey(f"{file} holds no public key.", hint="PEM begins with -----BEGIN PUBLIC KEY-----")
    return tuple(found)


def application_key(licence: Licence) -> rsa.RSAPublicKey | None:
    """The application's public key as the licence holds it, whoever signed it; None when there is none to be read."""
    try:
        return _chain(licence.signature, _prefix(licence)).key if licence.signature else None
    except _Wrong:
        return None


def check(licence: Licence, keys: Sequence[rsa.RSAPublicKey] = ()) -> Checked:
    """Follow the chain of signatures up to one of the keys. Never raises for a bad signature: says so."""
    if not licence.signature:
        return Checked(Proof.UNSIGNED, "it has no signature", licence)
    method = hashes.SHA256() if licence.api_version.endswith("v1beta2") else hashes.MD5()  # noqa: S303 - the format's
    try:
        chain = _chain(licence.signature, _prefix(licence))
        _verify(chain.key, chain.content, chain.content_signature, method, "its content was changed after signing")
        signed = _signed(licence, chain.content)
        _check_entitlements(signed, chain.key, method)
        proven = _anchored(chain, keys, method) if keys else False
    except (_Wrong, BadLicence) as wrong:
        return Checked(Proof.WRONG, str(wrong), licence)
    differs = tuple(sorted(name for name in _names(licence, signed) if licence.spec.get(name) != signed.spec.get(name)))
    if proven:
        return Checked(Proof.PROVEN, "signed by the given key", signed, differs)
    return Checked(Proof.CONSISTENT, "signed, but no key was given to check by whom", signed, differs)


def _prefix(licence: Licence) -> str:
    return "v2" if licence.api_version.endswith("v1beta2") else ""


def _names(written: Licence, signed: Licence) -> set[str]:
    told = {name for name, value in signed.spec.items() if value not in (None, "", 0, False, [], {})}
    return (told & written.spec.keys()) - _UNSIGNED


def _chain(signature: str, prefix: str) -> _Chain:
    outer = _json(signature.encode(), "signature")
    inner = _json(_text(outer, "innerSignature").encode(), "innerSignature")
    key_text = _text(inner, "publicKey").encode()
    key_signature = _json(_text(inner, _field("keySignature", prefix)).encode(), "keySignature")
    return _Chain(
        content=_bytes(_text(outer, "licenseData"), "licenseData"),
        content_signature=_bytes(_text(inner, _field("licenseSignature", prefix)), "licenseSignature"),
        key_text=key_text,
        key=_key(key_text),
        key_signature=_bytes(_text(key_signature, "signature"), "keySignature"),
    )


def _field(name: str, prefix: str) -> str:
    return prefix + name[0].upper() + name[1:] if prefix else name


def _anchored(chain: _Chain, keys: Sequence[rsa.RSAPublicKey], method: hashes.HashAlgorithm) -> bool:
    """One of the keys is the application's own, or signed it."""
    for key in keys:
        if key.public_numbers() == chain.key.public_numbers():
            return True
        try:
            _verify(key, chain.key_text, chain.key_signature, method, "")
        except _Wrong:
            continue
        return True
    raise _Wrong("it was signed by another key than the given one")


def _signed(licence: Licence, content: bytes) -> Licence:
    try:
        data = json.loads(content)
    except ValueError:
        raise _Wrong("its signed content is no JSON") from None
    spec = data.get("spec") if isinstance(data, Mapping) else None
    if not isinstance(spec, Mapping):
        raise _Wrong("its signed content is no licence")
    return licence.as_signed(spec)


def _check_entitlements(licence: Licence, key: rsa.RSAPublicKey, method: hashes.HashAlgorithm) -> None:
    for one in licence.entitlements:
        if one.signature:
            signature = _bytes(one.signature, f"entitlement {one.name}")
            _verify(key, one.text.encode(), signature, method, f"entitlement {one.name} was changed after signing")


def _verify(key: rsa.RSAPublicKey, content: bytes, signature: bytes, method: hashes.HashAlgorithm, wrong: str) -> None:
    try:
        key.verify(signature, content, padding.PSS(padding.MGF1(method), padding.PSS.AUTO), method)
    except (InvalidSignature, ValueError):
        raise _Wrong(wrong) from None
    except UnsupportedAlgorithm:
        raise _Wrong(f"this machine's OpenSSL does not carry out {method.name}") from None


def _key(text: bytes) -> rsa.RSAPublicKey:
    try:
        key = serialization.load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm):
        raise _Wrong("the public key cannot be read") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise _Wrong("the public key is no RSA key")
    return key


def _json(encoded: bytes, name: str) -> Mapping[str, Any]:
    try:
        data = json.loads(_bytes(encoded.decode(), name))
    except (ValueError, RecursionError):
        raise _Wrong(f"{name} cannot be read") from None
    if not isinstance(data, Mapping):
        raise _Wrong(f"{name} cannot be read")
    return data


def _bytes(text: str, name: str) -> bytes:
    if len(text) > _LONGEST:
        raise _Wrong(f"{name} is longer than {_LONGEST} characters")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _Wrong(f"{name} is no base64") from None


def _text(data: Mapping[str, Any], name: str) -> str:
    found = data.get(name)
    if not isinstance(found, str) or not found:
        raise _Wrong(f"{name} is missing")
    return found
