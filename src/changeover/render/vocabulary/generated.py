"""Values that a template makes up (keys, passwords, certificates): made once, then kept.

A kept value is found by file, object, function, arguments, and the how-many-eth such call it is in that object; a
certificate by its name and host, in all files. What is not kept yet comes from `produce`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from changeover.render.engine import values
from changeover.render.engine.values import ValueProblem

Produce = Callable[[str, tuple[Any, ...]], str]
"""(function, arguments) -> a fresh value; several values as a JSON list."""

_EVERYWHERE = frozenset({"genCertificate", "genAuthority", "genSignedCertificate"})


class Keeper:
    """Answers from what was kept, and remembers what was made."""

    def __init__(self, kept: Mapping[str, str], produce: Produce) -> None:
        self._before = kept
        self._produce = produce
        self._counts: dict[str, int] = {}
        self._place = ("", "")
        self._last: dict[str, list[str]] = {}
        self.used: dict[str, str] = {}

    def enter(self, file: str, obj: str) -> None:
        """From now on templates of this object of this file are rendered."""
        self._place = (file, obj)

    def value(self, function: str, *arguments: Any) -> str:
        """The kept value of a call, or a fresh one."""
        place = ("", "") if function in _EVERYWHERE else self._place
        key = json.dumps([*place, function, *arguments], ensure_ascii=False, default=str)
        if function not in _EVERYWHERE:
            number = self._counts.get(key, 0)
            self._counts[key] = number + 1
            key = f"{key}#{number}"
        if key not in self.used:
            self.used[key] = self._before.get(key) or self._produce(function, arguments)
        return self.used[key]

    def pair(self, function: str, name: str, *arguments: Any) -> list[str]:
        """A certificate and its key, remembered under the name for who asks with the name only."""
        if name in self._last and not arguments:
            return self._last[name]
        found: list[str] = json.loads(self.value(function, name, *arguments))
        self._last[name] = found
        return found


def functions(keeper: Keeper) -> dict[str, Callable[..., Any]]:
    """The functions that make values up."""

    def random_string(length: int, characters: str = "[_A-Za-z0-9]") -> str:
        if not characters.startswith("[") or not characters.endswith("]") or length <= 0 or "[" in characters[1:]:
            return ""
        return keeper.value("RandomString", _bounded(length), characters)

    def leaf(name: str, host: str = "", addresses: Any = None, names: Any = None, days: int = 365) -> list[str]:
        return keeper.pair("genCertificate", name, host, addresses or [], names or [], days)

    def named(name: str, *rest: Any) -> list[str]:
        return leaf(name, *rest) if rest else keeper.pair("genCertificate", name)

    def signed(authority: str, name: str, *request: Any) -> list[str]:
        host, addresses, names, days = request
        signer = keeper.pair("genAuthority", authority, days)
        return keeper.pair("genSignedCertificate", name, host, addresses or [], names or [], days, signer)

    def self_signed(host: str, addresses: Any, names: Any, days: int) -> dict[str, str]:
        cert, key = keeper.pair("genCertificate", f"self:{host}", host, addresses or [], names or [], days)
        return {"Cert": cert, "Key": key}

    def authority(host: str, days: int) -> dict[str, str]:
        cert, key = keeper.pair("genAuthority", host, days)
        return {"Cert": cert, "Key": key}

    return {
        "RandomString": random_string,
        "RandomBytes": lambda length: keeper.value("RandomBytes", _bounded(length)) if length > 0 else "",
        "TLSCert": lambda name, *rest: named(name, *rest)[0],
        "TLSKey": lambda name, *rest: named(name, *rest)[1],
        "TLSCACert": lambda name, days=365: keeper.pair("genAuthority", name, days)[0],
        "TLSCertFromCA": lambda authority, name, *request: signed(authority, name, *request)[0],
        "TLSKeyFromCA": lambda authority, name, *request: signed(authority, name, *request)[1],
        "genPrivateKey": lambda kind: keeper.value("genPrivateKey", kind),
        "genSelfSignedCert": self_signed,
        "genCA": authority,
        "htpasswd": lambda user, password: f"{user}:" + keeper.value("bcrypt", password),
        "bcrypt": lambda password: keeper.value("bcrypt", password),
        "randAlphaNum": lambda length: keeper.value("RandomString", _bounded(length), "[A-Za-z0-9]"),
        "randAlpha": lambda length: keeper.value("RandomString", _bounded(length), "[A-Za-z]"),
        "randNumeric": lambda length: keeper.value("RandomString", _bounded(length), "[0-9]"),
        "randAscii": lambda length: keeper.value("RandomString", _bounded(length), "[ -~]"),
        "randBytes": lambda length: keeper.value("RandomBytes", _bounded(length)),
        "shuffle": lambda text: keeper.value("shuffle", text),
        "uuidv4": lambda: keeper.value("uuidv4"),
    }


def _bounded(length: Any) -> int:
    if isinstance(length, bool) or not isinstance(length, int) or not 0 <= length <= 1_000_000:
        raise ValueProblem(f"a length of {values.plain(length)} is out of bounds")
    return length
