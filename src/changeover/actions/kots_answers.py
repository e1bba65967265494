"""ConfigValues whose passwords KOTS encrypted: opened with the key that is given, or with the one in the cluster.

KOTS keeps its key in the Secret ``kotsadm-encryption`` of the namespace. It is only read when a document of answers
holds what looks encrypted; answers that were typed one by one are never touched.
"""

from __future__ import annotations

from dataclasses import replace

from changeover.actions import installations
from changeover.actions.outside import Outside
from changeover.package import kots_cipher
from changeover.package.answers import Given
from changeover.package.asked import Questions
from changeover.plan.model import Finding, Severity
from changeover.ports import Refused

_SECRET, _ENTRY = "kotsadm-encryption", "encryptionKey"


async def cipher_in(outside: Outside) -> str:
    """KOTS's encryption key as its Secret in the namespace has it; empty without one."""
    inside = await installations.read_secret(outside, _SECRET)
    return inside.get(_ENTRY, b"").decode(errors="replace")


async def opened(outside: Outside, given: Given) -> Given:
    """The answers, with what the cluster's key opens in plain text; who may not read the key has none."""
    if not _sealed(given):
        return given
    try:
        return with_key(given, await cipher_in(outside))
    except Refused:
        return given


def with_key(given: Given, cipher: str) -> Given:
    """The answers, with what this key opens in plain text."""
    loose = {name: value for name, value in given.values.items() if name not in given.strict}
    return replace(
        given, values={**given.values, **{name: kots_cipher.opened(one, [cipher]) for name, one in loose.items()}}
    )


def findings(given: Given | None, questions: Questions | None) -> tuple[Finding, ...]:
    """What a plan says of given passwords that are still as KOTS encrypts them."""
    asked = questions or {}
    names = [name for name in _sealed(given or Given()) if name in asked and asked[name].type == "password"]
    if not names:
        return ()
    return (
        Finding(
            "answers-still-encrypted",
            Severity.WARNS,
            f"{len(names)} passwords look as KOTS encrypts them and no key opens them: they are taken as they are.",
            found=", ".join(names),
            hint="name KOTS's key with --kots-encryption-key, or answer them anew",
        ),
    )


def _sealed(given: Given) -> tuple[str, ...]:
    """Names of answers of a document that look encrypted."""
    loose = ((name, value) for name, value in sorted(given.values.items()) if name not in given.strict)
    return tuple(name for name, value in loose if kots_cipher.looks_encrypted(value))
