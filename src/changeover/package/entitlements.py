"""Entitlements from licence to licence, and what a package asks for. Pure.

* gained, lost, changed (value), retyped; a shorter or passed expiry is a loss like any other;
* what a package asks for is read off its texts: ``LicenseFieldValue "name"`` with a literal name that is no field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from changeover.package.licence import EXPIRY, Entitlement, Licence
from changeover.package.package import Package, is_text

_READ = re.compile(r"LicenseFieldValue\s+[\"'`]([^\"'`]+)[\"'`]")
_FIELD = re.compile(
    r"appSlug|channelID|channelName|customer(?:Name|Email|ID)|endpoint|licen[sc]e(?:ID|Id|Type|Sequence)|signature"
    r"|[iI]s[A-Z]\w*|replicatedProxyDomain"
)


class Fate(StrEnum):
    """What becomes of one entitlement."""

    GAINED = "gained"
    LOST = "lost"
    CHANGED = "changed"
    RETYPED = "retyped"


@dataclass(frozen=True, slots=True)
class Change:
    """One entitlement that is not what it was."""

    name: str
    fate: Fate
    words: str
    loses: bool = False
    """Whether something may be used less, or shorter, than before."""


def compare(before: Licence | None, now: Licence) -> tuple[Change, ...]:
    """What a licence changes against the one before; all of it is gained when there was none."""
    was = {one.name: one for one in before.entitlements} if before else {}
    is_now = {one.name: one for one in now.entitlements}
    found = [_change(name, was.get(name), is_now.get(name)) for name in dict.fromkeys((*was, *is_now))]
    return tuple(one for one in found if one)


def asked_for(package: Package) -> tuple[str, ...]:
    """Names of entitlements that the package's templates read, sorted."""
    texts = (
        content.decode() for content in package.files.values() if b"LicenseFieldValue" in content and is_text(content)
    )
    names = {name for text in texts for name in _READ.findall(text)}
    return tuple(sorted(name for name in names if not _FIELD.fullmatch(name)))


def _change(name: str, was: Entitlement | None, now: Entitlement | None) -> Change | None:
    if was is None or now is None:
        one = was or now
        if one is None:
            return None
        if was is None:
            return Change(name, Fate.GAINED, f"new, {_shown(one)}")
        return Change(name, Fate.LOST, f"gone, was {_shown(one)}", loses=True)
    if type(was.value) is not type(now.value):
        return Change(name, Fate.RETYPED, f"was {_shown(was)}, is {_shown(now)}", loses=True)
    if was.value == now.value:
        return None
    return Change(name, Fate.CHANGED, f"was {_shown(was)}, is {_shown(now)}", loses=_less(name, was, now))


def _less(name: str, was: Entitlement, now: Entitlement) -> bool:
    if isinstance(was.value, int) and isinstance(now.value, int):
        return now.value < was.value
    if name == EXPIRY:
        return bool(now.text) and (not was.text or now.text < was.text)
    return True


def _shown(one: Entitlement) -> str:
    return "hidden" if one.hidden else one.text or "empty"
