"""Seals what must not be readable at rest, with AES-256-GCM under the Installation's own key.

The key stands in another Secret of the same namespace: who may read both can open it. What is gained is that an answer
is neither in a listing, a backup of one Secret, nor in what a person pastes.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from changeover.errors import Problem

_MARK = b"sealed:v1:"
_NONCE = 12


class BrokenSeal(Problem):
    """Something sealed that this Installation's key does not open."""

    reference = "broken-seal"


def seal(key: bytes, content: bytes, *, name: str) -> bytes:
    """The content sealed; `name` is what it is kept as, and part of the seal."""
    nonce = secrets.token_bytes(_NONCE)
    return _MARK + nonce + AESGCM(key).encrypt(nonce, content, name.encode())


def unseal(key: bytes, content: bytes, *, name: str) -> bytes:
    """The content as it was; what was never sealed is taken as it is. Raises BrokenSeal."""
    if not content.startswith(_MARK):
        return content
    nonce, sealed = content[len(_MARK) : len(_MARK) + _NONCE], content[len(_MARK) + _NONCE :]
    try:
        return AESGCM(key).decrypt(nonce, sealed, name.encode())
    except (InvalidTag, ValueError):
        raise BrokenSeal(
            f"{name} cannot be opened with this Installation's key.",
            found="changed by hand, or sealed by another Installation",
            hint="restore the Secret whose name ends with -keys, or give the answers again",
        ) from None
