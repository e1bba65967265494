"""Known secret values, and what looks like one, are taken out of captured text. Pure.

* every value of the namespace's Secrets of at least 6 characters, line by line, plain and as base64
* what follows password=, token:, secret=, authorization: and the like; passwords in addresses
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable

from changeover.objects import KubeObject

SHORTEST = 6
"""Characters; shorter values would blacken ordinary words."""

MASK = "(secret)"
NAMED = re.compile(
    r"""(?i)((?:pass(?:word|wd)?|secret|token|api[-_]?key|authorization)["']?\s*[:=]\s*["']?(?:bearer\s+|basic\s+)?)[^\s"',;&]+"""
)
ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*://[^/\s:@]*:)[^@\s/]+@")


def values_of(secrets: Iterable[KubeObject]) -> frozenset[str]:
    """The texts that Secrets hold, as they might appear in a log."""
    found: set[str] = set()
    for secret in secrets:
        for encoded in (secret.get("data", default={}) or {}).values():
            found.update(_forms(str(encoded)))
    return frozenset(found)


def _forms(encoded: str) -> set[str]:
    try:
        text = base64.b64decode(encoded).decode()
    except (binascii.Error, UnicodeDecodeError):
        return {encoded} if len(encoded) >= SHORTEST else set()
    lines = {line.strip() for line in text.splitlines()}
    return {form for form in (*lines, encoded) if len(form) >= SHORTEST}


def redactor(values: Iterable[str]) -> Callable[[str], str]:
    """Takes them out of a text, the longest first."""
    known = sorted(set(values), key=len, reverse=True)

    def redact(text: str) -> str:
        for value in known:
            text = text.replace(value, MASK)
        return ADDRESS.sub(rf"\1{MASK}@", NAMED.sub(rf"\1{MASK}", text))

    return redact
