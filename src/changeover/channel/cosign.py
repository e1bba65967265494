"""Whether something in a registry was signed with a key, as ``cosign sign --key`` does it.

* until cosign 2 the signature of ``sha256:abc…`` lies under the tag ``sha256-abc….sig``: each layer is a signed text
  that names the digest, and its annotation holds the signature
* since cosign 3 it is a Sigstore bundle that refers to the digest: a DSSE envelope around an in-toto statement of the
  predicate `SIGNED`, so that an attestation by the same key is no signature

Keys are ECDSA, Ed25519 or RSA; one good signature is enough. The transparency log is not asked, and keyless signatures
(certificates) are not read.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from changeover.release.signed_address import UnusableKey

SIGNATURE = "dev.cosignproject.cosign/signature"
PAYLOAD = "application/vnd.dev.cosign.simplesigning.v1+json"


BUNDLE = "application/vnd.dev.sigstore.bundle"
"""How the media types of bundles begin; a version follows."""
SIGNED = "https://sigstore.dev/cosign/sign/v1"
_STATEMENT = "application/vnd.in-toto+json"


def is_bundle_for(content: bytes, digest: str, key: bytes) -> bool:
    """Whether a bundle is a signature of a digest (``sha256:…``) with the private half of a key. Raises UnusableKey."""
    bundle = _mapping(content)
    envelope = bundle.get("dsseEnvelope")
    if not isinstance(envelope, Mapping) or envelope.get("payloadType") != _STATEMENT:
        return False
    try:
        payload = base64.b64decode(str(envelope.get("payload", "")), validate=True)
    except binascii.Error:
        return False
    texts = [str(one.get("sig", "")) for one in _mappings(envelope.get("signatures"))]
    signed = b"DSSEv1 %d %s %d %s" % (len(_STATEMENT), _STATEMENT.encode(), len(payload), payload)
    return _names(_mapping(payload), digest) and any(is_signed(signed, text, key) for text in texts)


def _names(statement: Mapping[str, Any], digest: str) -> bool:
    """Whether an in-toto statement says that this digest is signed."""
    digests = (one.get("digest") for one in _mappings(statement.get("subject")))
    algorithm, _, value = digest.partition(":")
    named = any(isinstance(one, Mapping) and one.get(algorithm) == value for one in digests)
    return statement.get("predicateType") == SIGNED and named


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _mapping(content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def tag_of(digest: str) -> str:
    """Where the signatures of a digest lie."""
    return f"{digest.replace(':', '-')}.sig"


def signed_digest(payload: bytes) -> str:
    """The digest that a signed text vouches for; empty when it names none."""
    try:
        found: Any = json.loads(payload)
    except ValueError:
        return ""
    for name in ("critical", "image", "docker-manifest-digest"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else ""


def is_signed(payload: bytes, signature: str, key: bytes) -> bool:
    """Whether the signature (base64) of a text was made with the private half of a key (DER). Raises UnusableKey."""
    try:
        loaded = load_der_public_key(key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnusableKey("The public key cannot be read.", found=str(error)) from None
    try:
        content = base64.b64decode(signature, validate=True)
        if isinstance(loaded, ec.EllipticCurvePublicKey):
            loaded.verify(content, payload, ec.ECDSA(hashes.SHA256()))
        elif isinstance(loaded, ed25519.Ed25519PublicKey):
            loaded.verify(content, payload)
        elif isinstance(loaded, rsa.RSAPublicKey):
            loaded.verify(content, payload, padding.PKCS1v15(), hashes.SHA256())
        else:
            raise UnusableKey("The public key is of a kind that signs no charts.", found=type(loaded).__name__)
    except (InvalidSignature, binascii.Error):
        return False
    return True
