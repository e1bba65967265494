"""The Installation's own keys: a seed that signs evidence, a key for digests of secrets, and one that seals answers.

They are made once, at install, and stand in the Secret ``<installation>-keys``.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from changeover.actions import installations
from changeover.actions.outside import Outside
from changeover.objects import KubeObject

_NAMES = frozenset({"signing", "masking", "sealing"})


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys, 32 bytes each."""

    signing: bytes
    masking: bytes
    sealing: bytes


async def keys_of(outside: Outside, installation: KubeObject) -> Keys:
    """Read the keys, making those that are missing."""
    name = f"{installation.name}-keys"
    found = await installations.read_secret(outside, name)
    if found.keys() >= _NAMES:
        return Keys(*(found[key] for key in ("signing", "masking", "sealing")))
    made = {**{key: secrets.token_bytes(32) for key in _NAMES}, **found}
    await installations.write_secret(outside, installation.name, name, made)
    return Keys(made["signing"], made["masking"], made["sealing"])
