"""Values that a template makes up (keys, passwords, certificates): made once, then kept.

A kept value is found by file, object, function, arguments, and the how-many-eth such call it is in that object;
certificates of the TLS functions by their names alone, in all files. What is not kept yet is made from `produce`.
Long and secret arguments enter the key as a digest.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from changeover.gotemplate.sources import CertificateRequest
from changeover.render.functions import bcrypt, certificates

Produce = Callable[[str, tuple[Any, ...]], str]
"""(what, arguments) -> a fresh value: RandomString, RandomBytes (base64), genPrivateKey, certificateKey (PEM)."""

_LONGEST = 120
_SECRET = frozenset({"bcrypt", "encryptAES", "shuffle", "genSignedCert", "genCA", "genSelfSignedCert"})


class Keeper:
    """Answers from what was kept, remembers what was made: the `Sources` of the template functions."""

    def __init__(self, kept: Mapping[str, str], produce: Produce, now: datetime) -> None:
        self._before = kept
        self._produce = produce
        self._now = now
        self._counts: dict[str, int] = {}
        self._place = ("", "")
        self.used: dict[str, str] = {}

    def enter(self, file: str, obj: str) -> None:
        """From now on templates of this object of this file are rendered."""
        self._place = (file, obj)

    def now(self) -> datetime:
        """The time of the rendering."""
        return self._now

    def random_text(self, count: int, characters: str) -> str:
        """So many random characters of a class."""
        return self._produce("RandomString", (count, characters))

    def random_bytes(self, count: int) -> bytes:
        """So many random bytes."""
        return base64.b64decode(self._produce("RandomBytes", (count,)))

    def private_key(self, kind: str) -> str:
        """A new private key as PEM."""
        return self._produce("genPrivateKey", (kind,))

    def certificate(self, request: CertificateRequest) -> tuple[str, str]:
        """(certificate, key) as PEM. Raises ValueError."""
        key = request.key or self._small_key()
        return certificates.make(request, key, serial=self.random_bytes(16), now=self._now), key

    def password_hash(self, password: str) -> str:
        """The bcrypt hash."""
        return bcrypt.hashed(password, self.random_bytes(16))

    def kept(self, function: str, arguments: tuple[Any, ...], produce: Callable[[], str]) -> str:
        """The kept value of a call, else a fresh one."""
        key = _key((*self._place, function), arguments, secret=function in _SECRET)
        number = self._counts.get(key, 0)
        self._counts[key] = number + 1
        return self._remembered(f"{key}#{number}", produce)

    def everywhere(self, function: str, names: tuple[str, ...], produce: Callable[[], str]) -> str:
        """The same, found by these names in every file."""
        return self._remembered(_key(("", "", function), names, secret=False), produce)

    def _remembered(self, key: str, produce: Callable[[], str]) -> str:
        if key not in self.used:
            self.used[key] = self._before.get(key) or produce()
        return self.used[key]

    def _small_key(self) -> str:
        """RSA 2048, as the keys of certificates are."""
        return self._produce("certificateKey", ())


def _key(place: tuple[str, ...], arguments: tuple[Any, ...], *, secret: bool) -> str:
    told = json.dumps(arguments, ensure_ascii=True, default=str)
    if secret or len(told) > _LONGEST:
        arguments = (hashlib.sha256(told.encode()).hexdigest()[:24],)
    return json.dumps([*place, *arguments], ensure_ascii=True, default=str)
