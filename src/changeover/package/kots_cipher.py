"""Passwords among ConfigValues as KOTS encrypts them: AES-192-GCM, each with the installation's one key and nonce.

Key and nonce stand together, in base64, as ``encryptionKey`` in installation.yaml and in the Secret
``kotsadm-encryption``. What a key opens is an answer in plain text; what none opens was never encrypted, or with
another key: KOTS takes it as it is, and so does an adoption.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from changeover.errors import Problem
from changeover.package import yaml_text

_KEY_BYTES, _NONCE_BYTES, _TAG_BYTES = 24, 12, 16


class BadEncryptionKey(Problem):
    """What was given as KOTS's encryption key is none."""

    reference = "bad-encryption-key"
    exit_code = 2


def read_key(text: str, *, name: str) -> str:
    """The key of a text: installation.yaml, a Secret's manifest, or the key itself. Raises BadEncryptionKey."""
    found = text.strip()
    if ":" in found:
        data = yaml_text.load(found, file=name)
        inside = data if isinstance(data, Mapping) else {}
        parts = [inside.get(part) for part in ("spec", "stringData", "data")]
        keys = [str(part["encryptionKey"]) for part in parts if isinstance(part, Mapping) and part.get("encryptionKey")]
        found = _plain(keys[0]) if keys and inside.get("kind") == "Secret" else "".join(keys[:1])
    if len(_bytes(found)) != _KEY_BYTES + _NONCE_BYTES:
        raise BadEncryptionKey(
            f"{name} holds no encryption key of KOTS.",
            found=f"{len(found)} characters",
            hint="installation.yaml of `kubectl kots download` holds it, and the Secret kotsadm-encryption",
        )
    return found


def _plain(text: str) -> str:
    """The key of a Secret: base64 once more in ``data``."""
    if len(_bytes(text)) == _KEY_BYTES + _NONCE_BYTES:
        return text
    return _bytes(text).decode(errors="replace")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def opened(value: Any, ciphers: Sequence[str]) -> Any:
    """An answer with what the first fitting key opens in plain text; everything else as it is."""
    if isinstance(value, Mapping):
        return {name: opened(one, ciphers) if name == "value" else one for name, one in value.items()}
    if not isinstance(value, str) or not value:
        return value
    return next((plain for cipher in ciphers if (plain := _decrypted(value, cipher)) is not None), value)


def looks_encrypted(value: Any) -> bool:
    """Whether a text may be one that KOTS encrypted: base64 of something longer than GCM's tag, and no text."""
    content = _bytes(value) if isinstance(value, str) else b""
    if len(content) <= _TAG_BYTES:
        return False
    try:
        return not content.decode().isprintable()
    except UnicodeDecodeError:
        return True


def _decrypted(value: str, cipher: str) -> str | None:
    """The plain text, or None when this key did not make it; GCM's tag tells."""
    try:
        content, parts = base64.b64decode(value, validate=True), base64.b64decode(cipher, validate=True)
        key, nonce = parts[:_KEY_BYTES], parts[_KEY_BYTES:]
        return AESGCM(key).decrypt(nonce, content, None).decode()
    except (binascii.Error, ValueError, InvalidTag):
        return None
