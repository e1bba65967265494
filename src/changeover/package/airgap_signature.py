"""Decides what the signature of an air-gap bundle proves: that the vendor of the licence's application made it for it.

The signature (base64, in airgap.yaml) is one over the application's short name, by the application's own key, which
stands in the licence: RSA-PSS with any salt length, MD5 or SHA-256. It covers no image, no file and no version: who has
one bundle of a vendor can put its signature on another. So a right one says whose bundle it claims to be, no more.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from changeover.package import licence_signature
from changeover.package.airgap import Airgap
from changeover.package.licence import Licence

_METHODS = (hashes.SHA256, hashes.MD5)


class Verdict(StrEnum):
    """What came of a bundle's signature."""

    RIGHT = "right"
    WRONG = "wrong"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict, with the reason in words."""

    verdict: Verdict
    words: str


def judge(about: Airgap, licence: Licence | None, keys: Sequence[rsa.RSAPublicKey] = ()) -> Judged:
    """Check a bundle's signature with the key in the licence, else with the given ones. Never raises."""
    if not about.signature:
        return Judged(Verdict.UNCHECKED, "the bundle has no signature")
    if licence is None:
        return Judged(Verdict.UNCHECKED, "there is no licence, which would hold the vendor's key")
    own = licence_signature.application_key(licence)
    known = [own] if own else list(keys)
    if not known:
        return Judged(Verdict.UNCHECKED, "the licence holds no key of the vendor, and none was given")
    try:
        signature = base64.b64decode(about.signature, validate=True)
    except (binascii.Error, ValueError):
        return Judged(Verdict.WRONG, "it is no base64")
    content = licence.application.encode()
    try:
        if any(_holds(key, content, signature, method()) for key in known for method in _METHODS):
            return Judged(Verdict.RIGHT, f"the key of {licence.application} made it")
    except UnsupportedAlgorithm:
        return Judged(Verdict.UNCHECKED, "this machine's OpenSSL does not carry out MD5")
    told = about.application or "no application by name"
    return Judged(Verdict.WRONG, f"the licence is for {licence.application}, the bundle for {told}")


def _holds(key: rsa.RSAPublicKey, content: bytes, signature: bytes, method: hashes.HashAlgorithm) -> bool:
    try:
        key.verify(signature, content, padding.PSS(padding.MGF1(method), padding.PSS.AUTO), method)
    except (InvalidSignature, ValueError):
        return False
    return True
