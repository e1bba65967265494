"""What must not be shown: values are replaced by a short fingerprint that tells equal from different, and no more.

* every leaf under `data` and `stringData` of a Secret
* the value of anything whose name looks secret (PASSWORD, token, jwtSecret, …), also as ``name: value`` inside a text
* every occurrence of a known secret answer, plain or base64, of four characters or more; a shorter one only when it is
  the whole value
* every occurrence of what a Secret holds, where it is long and mixed enough not to be a mere word
* private keys, password hashes and other opaque texts of 40 and more characters, whatever their name

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

from changeover.objects import KubeObject

_LOOKS_SECRET = re.compile(
    r"passw(or)?d|passphrase|secret(?!name|ref|_name|-name)|token|credential|private[-_]?key|api[-_]?key"
    r"|access[-_]?key|signing[-_]?key|encryption[-_]?key|dockerconfigjson|htpasswd|auth$",
    re.IGNORECASE,
)
_NAMES_ONLY = re.compile(
    r"(secret|token|password|credential)s?[-_]?(name|ref|file|path|dir|mount|ttl|url|expiration|lifetime)s?$"
    r"|automountserviceaccounttoken|imagepullsecrets|^checksum/",
    re.IGNORECASE,
)
_PAIR = re.compile(
    r"""(?P<head>["']?(?P<name>[\w.\-]+)["']?\s*[:=]\s*)(?P<value>"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,}\]"']+)"""
)
_OPAQUE = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
_HASH = re.compile(r"\$(?:2[abxy]|apr1|[156]|argon2\w*)\$[^\s\"':]{20,}")
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_FINGERPRINT = re.compile(r"[0-9a-f]{8}")
_IN_TEXT = 4
_A_LINE = 16
_OF_SECRETS = 12


def looks_secret(name: str) -> bool:
    """Whether a field or variable of this name should hold something secret."""
    return bool(_LOOKS_SECRET.search(name)) and not _NAMES_ONLY.search(name)


@dataclass(frozen=True, slots=True)
class Masking:
    """Hides secrets; `key` belongs to the Installation, `known` are answers that must never be shown."""

    key: bytes = field(default=b"", repr=False)
    known: frozenset[str] = field(default=frozenset(), repr=False)
    _begins: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What is known, by its first characters: a text is searched for all of it in one pass, however much that is."""

    def __post_init__(self) -> None:
        for secret in self.known:
            if len(secret) >= _IN_TEXT:
                self._begins.setdefault(secret[:_IN_TEXT], []).append(secret)

    @staticmethod
    def of(key: bytes, answers: Iterable[str], *, objects: Iterable[KubeObject] = ()) -> Masking:
        """From the Installation's key, the secret answers, and the Secrets among these objects."""
        plain = {answer for answer in answers if answer}
        plain.update(value for obj in objects if obj.kind == "Secret" for value in _held(obj))
        coded = {base64.b64encode(answer.encode()).decode() for answer in plain}
        quoted = {json.dumps(answer)[1:-1] for answer in plain}
        lines = {line.strip() for answer in plain if "\n" in answer for line in answer.splitlines()}
        return Masking(key, frozenset(plain | coded | quoted | {line for line in lines if len(line) >= _A_LINE}))

    def fingerprint(self, value: str) -> str:
        """``secret:1a2b3c4d``, the same for the same value only."""
        return "secret:" + hmac.new(self.key, value.encode(), hashlib.sha256).hexdigest()[:8]

    def text(self, value: str) -> str:
        """A text of others (a setting, a file) without the secrets in it."""
        value = self.sentence(value)
        for form in (_PRIVATE, _HASH):
            value = form.sub(lambda found: self.fingerprint(found[0]), value)
        return _OPAQUE.sub(self._opaque, _PAIR.sub(self._pair, value))

    def sentence(self, value: str) -> str:
        """Words of ours or of the server, which name objects and fields, without known secrets."""
        if value in self.known:
            return self.fingerprint(value)
        for secret in sorted(self._present(value), key=len, reverse=True):
            value = value.replace(secret, self.fingerprint(secret))
        return value

    def _present(self, value: str) -> set[str]:
        places = range(len(value) - _IN_TEXT + 1) if self._begins else ()
        begins = ((at, self._begins.get(value[at : at + _IN_TEXT], ())) for at in places)
        return {secret for at, some in begins for secret in some if value.startswith(secret, at)}

    def _opaque(self, found: re.Match[str]) -> str:
        return self.fingerprint(found[0]) if _is_mixed(found[0], kinds=3) else found[0]

    def _pair(self, found: re.Match[str]) -> str:
        value = found["value"]
        plain = value.strip("\"'")
        if found["name"] == "secret" and _FINGERPRINT.fullmatch(plain):
            return found[0]
        if not plain or plain in {"true", "false", "null", "{", "["} or not looks_secret(found["name"]):
            return found[0]
        return found["head"] + (plain if plain.startswith("secret:") else self.fingerprint(plain))


def _held(secret: KubeObject) -> Iterable[str]:
    for value in secret.get("data", default={}).values():
        try:
            text = base64.b64decode(str(value), validate=True).decode()
        except ValueError:
            continue  # not text: it cannot stand in a text
        if len(text) >= _OF_SECRETS and _is_mixed(text, kinds=2):
            yield text


def _is_mixed(text: str, *, kinds: int) -> bool:
    """Whether it has that many of: capital letters, small letters, digits."""
    return sum((any(map(str.isupper, text)), any(map(str.islower, text)), any(map(str.isdigit, text)))) >= kinds
