"""What must not be shown: values are replaced by a short fingerprint that tells equal from different, and no more.

* every leaf under `data` and `stringData` of a Secret
* the value of anything whose name looks secret (PASSWORD, token, jwtSecret, …), also as ``name: value`` inside a text
* every occurrence of a known secret answer, plain or base64, of four characters or more; a shorter one only when it is
  the whole value

The fingerprint is an HMAC under a key of the Installation, so that nobody can try values against it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_LOOKS_SECRET = re.compile(
    r"passw(or)?d|passphrase|secret(?!name|ref|_name|-name)|token|credential|private[-_]?key|api[-_]?key"
    r"|access[-_]?key|signing[-_]?key|encryption[-_]?key|dockerconfigjson|htpasswd|auth$",
    re.IGNORECASE,
)
_NAMES_ONLY = re.compile(
    r"(secret|token|password|credential)s?[-_]?(name|ref|file|path|dir|mount|key|ttl|url|expiration|lifetime)s?$"
    r"|automountserviceaccounttoken|imagepullsecrets|^checksum/",
    re.IGNORECASE,
)
_PAIR = re.compile(
    r"""(?P<head>["']?(?P<name>[\w.\-]+)["']?\s*[:=]\s*)(?P<value>"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,}\]"']+)"""
)
_IN_TEXT = 4
_A_LINE = 16


def looks_secret(name: str) -> bool:
    """Whether a field or variable of this name should hold something secret."""
    return bool(_LOOKS_SECRET.search(name)) and not _NAMES_ONLY.search(name)


@dataclass(frozen=True, slots=True)
class Masking:
    """Hides secrets; `key` belongs to the Installation, `known` are answers that must never be shown."""

    key: bytes = field(default=b"", repr=False)
    known: frozenset[str] = field(default=frozenset(), repr=False)

    @staticmethod
    def of(key: bytes, answers: Iterable[str]) -> Masking:
        """From the Installation's key and the secret answers; each also as base64, as JSON and by its lines."""
        plain = {answer for answer in answers if answer}
        coded = {base64.b64encode(answer.encode()).decode() for answer in plain}
        quoted = {json.dumps(answer)[1:-1] for answer in plain}
        lines = {line.strip() for answer in plain if "\n" in answer for line in answer.splitlines()}
        return Masking(key, frozenset(plain | coded | quoted | {line for line in lines if len(line) >= _A_LINE}))

    def fingerprint(self, value: str) -> str:
        """``secret:1a2b3c4d``, the same for the same value only."""
        return "secret:" + hmac.new(self.key, value.encode(), hashlib.sha256).hexdigest()[:8]

    def text(self, value: str) -> str:
        """A text without the secrets in it."""
        if value in self.known:
            return self.fingerprint(value)
        for secret in sorted(self.known, key=len, reverse=True):
            if len(secret) >= _IN_TEXT and secret in value:
                value = value.replace(secret, self.fingerprint(secret))
        return _PAIR.sub(self._pair, value)

    def _pair(self, found: re.Match[str]) -> str:
        value = found["value"]
        plain = value.strip("\"'")
        if not plain or plain in {"true", "false", "null", "{", "["} or not looks_secret(found["name"]):
            return found[0]
        return found["head"] + (plain if plain.startswith("secret:") else self.fingerprint(plain))
