"""Reads a licence (kots.io/v1beta1 and v1beta2): whom it is for, what it entitles to, until when.

* an entitlement's value is a text, a whole number or a yes/no, whatever its valueType says (the linter of vendors);
* ``expires_at`` is RFC 3339; empty or absent = never;
* the channel is the one of ``channels`` that is named by channelID, else the default one, else the top-level fields.

What a signature proves is decided in `licence_signature`; this module only reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from changeover.errors import Problem
from changeover.gotemplate import formatting
from changeover.package import yaml_text

API_VERSIONS = ("kots.io/v1beta1", "kots.io/v1beta2")
EXPIRY = "expires_at"
_TEXTS = ("appSlug", "channelID", "channelName", "customerName", "customerEmail", "customerID", "endpoint")
_NEEDED = ("appSlug", "licenseID")


class BadLicence(Problem):
    """A file that is no licence, or says something that no licence can say; names file and line."""

    reference = "bad-licence"


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One thing that the customer may have."""

    name: str
    value: str | int | bool
    title: str = ""
    type: str = ""
    """String, Text, Integer, Boolean: as the vendor declared it."""
    hidden: bool = False
    signature: str = ""
    """Base64, over the value as text; empty when it is not signed by itself."""

    @property
    def text(self) -> str:
        """The value as templates and signatures see it."""
        return formatting.to_text(self.value)


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence as read. `spec` is what templates read; it holds the licence's id, which logs in."""

    api_version: str
    spec: Mapping[str, Any] = field(repr=False)
    entitlements: tuple[Entitlement, ...] = ()
    expires: datetime | None = None
    """None = never."""
    name: str = ""

    @property
    def application(self) -> str:
        """The vendor's short name of the application that it is for."""
        return str(self.spec.get("appSlug") or "")

    @property
    def signature(self) -> str:
        """As written: base64 of JSON."""
        return str(self.spec.get("signature") or "")

    @property
    def channel(self) -> Mapping[str, Any]:
        """channelID, channelName, endpoint … of the channel that it is for."""
        listed = [one for one in self.spec.get("channels") or () if isinstance(one, Mapping)]
        wanted = self.spec.get("channelID")
        named = [one for one in listed if one.get("channelID") == wanted]
        return next(iter([*named, *(one for one in listed if one.get("isDefault") is True)]), self.spec)

    def expired(self, now: datetime) -> bool:
        """Whether it had run out at that time."""
        return self.expires is not None and now >= self.expires

    def entitlement(self, name: str) -> Entitlement | None:
        """The entitlement of that name."""
        return next((one for one in self.entitlements if one.name == name), None)

    def as_signed(self, spec: Mapping[str, Any]) -> Licence:
        """The same with what the signature covers: signed values win over those written beside it."""
        signed = {**self.spec, **spec, "signature": self.signature}
        read = _licence(_Text("", "the signed part of the licence"), self.api_version, signed)
        return replace(read, name=self.name)


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    file: str

    def line(self, *path: str) -> int:
        """The line of a key, found by its parents in order; 1 when it is not written."""
        at = 0
        for key in path:
            found = re.compile(rf"(?:^|[\s{{,])[\"']?{re.escape(key)}[\"']?\s*:", re.MULTILINE).search(self.text, at)
            if not found:
                break
            at = found.end()
        return self.text.count("\n", 0, max(at - 1, 0)) + 1

    def wrong(self, message: str, *path: str, found: Any = None, hint: str = "") -> BadLicence:
        where = f"{self.file} line {self.line(*path)}" if self.text else self.file
        shown = None if found is None else formatting.to_text(found)[:80]
        return BadLicence(f"{where}: {message}", found=shown, hint=hint or "ask the vendor for the licence file again")


def read_licence(text: str, *, file: str) -> Licence:
    """Read a licence file. Raises BrokenYaml, BadLicence with file and line."""
    source = _Text(text, file)
    data = yaml_text.load(text, file=file)
    if not isinstance(data, Mapping) or data.get("kind") != "License":
        found = data.get("kind") if isinstance(data, Mapping) else type(data).__name__
        raise source.wrong("this is no licence: kind License was expected.", "kind", found=found or "no kind")
    version = data.get("apiVersion")
    if version not in API_VERSIONS:
        raise source.wrong(f"apiVersion must be {' or '.join(API_VERSIONS)}.", "apiVersion", found=version)
    spec = data.get("spec")
    if not isinstance(spec, Mapping):
        raise source.wrong("a licence has a spec.", "spec", found=type(spec).__name__)
    for name in _NEEDED:
        if not spec.get(name):
            raise source.wrong(f"spec.{name} is missing.", "spec", name)
    metadata = data.get("metadata")
    licence = _licence(source, str(version), spec)
    return replace(licence, name=str(metadata.get("name") or "") if isinstance(metadata, Mapping) else "")


def _licence(source: _Text, version: str, spec: Mapping[str, Any]) -> Licence:
    for name in _TEXTS:
        if not isinstance(spec.get(name, "") or "", str):
            raise source.wrong(f"spec.{name} must be text.", "spec", name, found=spec[name])
    listed = spec.get("entitlements") or {}
    if not isinstance(listed, Mapping):
        raise source.wrong("spec.entitlements must be a mapping.", "spec", "entitlements")
    known = tuple(_entitlement(source, version, str(name), one) for name, one in listed.items())
    return Licence(version, dict(spec), known, _expiry(source, known))


def _entitlement(source: _Text, version: str, name: str, one: Any) -> Entitlement:
    path = ("spec", "entitlements", name)
    if not isinstance(one, Mapping):
        raise source.wrong(f"entitlement {name} must be a mapping with a value.", *path, found=one)
    value = one.get("value", "")
    value = "" if value is None else value
    if not isinstance(value, str | int):
        wanted = "a text, a whole number, true or false"
        raise source.wrong(f"the value of entitlement {name} must be {wanted}.", *path, "value", found=value)
    signature = one.get("signature")
    signed = signature.get("v2" if version.endswith("v1beta2") else "v1") if isinstance(signature, Mapping) else ""
    return Entitlement(
        name=name,
        value=value,
        title=str(one.get("title") or ""),
        type=str(one.get("valueType") or ""),
        hidden=one.get("isHidden") is True,
        signature=str(signed or ""),
    )


def _expiry(source: _Text, entitlements: tuple[Entitlement, ...]) -> datetime | None:
    stated = next((one.value for one in entitlements if one.name == EXPIRY), "")
    if stated == "":
        return None
    try:
        found = datetime.fromisoformat(str(stated))
    except ValueError:
        hint = "a time as in 2030-01-31T00:00:00Z; empty means never"
        path = ("spec", "entitlements", EXPIRY, "value")
        raise source.wrong(f"{EXPIRY} is no time.", *path, found=stated, hint=hint) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
