"""The signature under evidence: Ed25519 over its canonical JSON (sorted keys, no white space, UTF-8).

The private half is readable by the engine only. What this does not protect against: whoever administers the cluster can
read the key and write what they like; it binds evidence to an Installation, not to a person.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def canonical(document: Mapping[str, Any]) -> bytes:
    """The bytes that are signed."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sign(document: Mapping[str, Any], private: bytes) -> dict[str, str]:
    """The signature block for a document; `private` is the 32-byte seed."""
    key = Ed25519PrivateKey.from_private_bytes(private)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {
        "scheme": "ed25519",
        "publicKey": base64.b64encode(public).decode(),
        "signature": base64.b64encode(key.sign(canonical(document))).decode(),
    }


def holds(document: Mapping[str, Any], block: Mapping[str, str], *, public: bytes | None = None) -> bool:
    """Whether the block is a signature of this document, by `public` when that is pinned."""
    key = base64.b64decode(block["publicKey"])
    if public is not None and key != public:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(base64.b64decode(block["signature"]), canonical(document))
    except InvalidSignature:
        return False
    return True
