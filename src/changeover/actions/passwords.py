"""Passwords of the console: argon2id hashes, made-up passwords, and what a chosen one must be.

Parameters are OWASP's second choice (19 MiB, 2 passes, 1 lane): a guesser's try may not cost us 64 MiB.
Only the hash is ever kept.
"""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from changeover.errors import Problem

LEAST = 10
"""Characters of a chosen password."""
MOST = 256
"""Characters that we hash: longer ones only cost time."""

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look alike: 0 o, 1 l i."""
_GROUPS, _GROUP = 4, 5
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _HASHER.hash(secrets.token_urlsafe())


class WeakPassword(Problem):
    """A password that is too short, too long, or the user's own name."""

    reference = "weak-password"
    exit_code = 2


def made_up() -> str:
    """A new password of about 99 bits, easy to type: ``fk3mp-…``."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def hashed(password: str, *, name: str) -> str:
    """The hash to keep. Raises WeakPassword."""
    if not LEAST <= len(password) <= MOST or password.casefold() == name.casefold():
        raise WeakPassword(
            f"A password has {LEAST} to {MOST} characters and is not the user's name.",
            found=f"{len(password)} characters",
            hint="leave it out and one is made up",
        )
    return _HASHER.hash(password)


def matches(kept: str, password: str) -> bool:
    """Whether this is the password; an unknown user's (empty) hash takes as long as a known one's."""
    try:
        right = _HASHER.verify(kept or _NOBODY, password[:MOST])
    except (VerificationError, InvalidHashError):
        return False
    return right and bool(kept)
