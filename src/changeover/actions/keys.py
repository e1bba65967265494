"""The Installation's own keys: an Ed25519 seed that signs evidence, and a key under which secrets enter digests.

They are made once, at install, and stand in the Secret ``<installation>-keys``.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from changeover.actions import installations
from changeover.actions.outside import Outside
from changeover.objects import KubeObject


@dataclass(frozen=True, slots=True)
class Keys:
    """Both keys, 32 bytes each."""

    signing: bytes
    masking: bytes


async def keys_of(outside: Outside, installation: KubeObject) -> Keys:
    """Read the keys, making those that are missing."""
    name = f"{installation.name}-keys"
    found = await installations.read_secret(outside, name)
    if {"signing", "masking"} <= found.keys():
        return Keys(found["signing"], found["masking"])
    made = {"signing": secrets.token_bytes(32), "masking": secrets.token_bytes(32), **found}
    await installations.write_secret(outside, installation.name, name, made)
    return Keys(made["signing"], made["masking"])
