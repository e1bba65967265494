"""The licence of an Installation: kept sealed in the cluster, checked, compared when it changes, told in plans.

The Secret ``<installation>-licence`` holds ``licence.yaml`` (the next rendering reads it), ``key.pem`` (to check its
signature by, when the operator gave one) and ``running.yaml``: the licence that the running revision was rendered
with, so that a plan can say what a new one takes away. A key in the Release document serves when none was given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from changeover.actions import installations, keys, sealing
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.package import licence as reading
from changeover.package import licence_signature as signatures
from changeover.package.entitlements import Change, asked_for, compare
from changeover.package.licence import Entitlement, Licence
from changeover.package.licence_signature import Checked, Proof
from changeover.package.package import Package
from changeover.plan.model import Finding, Severity
from changeover.release.documents import ReleaseDocument

WRONG = "signature-wrong"
EXPIRED = "licence-expired"
OTHER_APPLICATION = "licence-for-another-application"
_LICENCE, _KEY, _RUNNING = "licence.yaml", "key.pem", "running.yaml"
_MASKED = 12


class NoLicence(Problem):
    """The Installation has no licence."""

    reference = "no-licence"


class LicenceRefused(Problem):
    """A licence whose signature does not hold; it was not taken."""

    reference = "licence-refused"


@dataclass(frozen=True, slots=True)
class Given:
    """A licence file as given by the operator, with the key to check it by; both as text."""

    text: str
    file: str
    key: str = ""
    key_file: str = ""

    def read(self) -> Licence:
        """The licence. Raises BadLicence, BadLicenceKey, BrokenYaml."""
        if self.key:
            signatures.read_keys(self.key, file=self.key_file or _KEY)
        return reading.read_licence(self.text, file=self.file)

    def keys(self) -> tuple[rsa.RSAPublicKey, ...]:
        """The operator's keys. Raises BadLicenceKey."""
        return signatures.read_keys(self.key, file=self.key_file or _KEY) if self.key else ()

    def checked(self, vendor_key: str = "") -> Checked:
        """The licence with what its signature proves, by the operator's key, else the vendor's."""
        key = self.key or vendor_key
        return signatures.check(self.read(), signatures.read_keys(key, file="the key") if key else ())


@dataclass(frozen=True, slots=True)
class View:
    """A licence for people and programs; its id and its signature are masked."""

    installation: str
    checked: Checked
    now: datetime
    changes: tuple[Change, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Everything that may be shown."""
        held = self.checked.licence
        return {
            "installation": self.installation,
            "application": held.application,
            "customer": str(held.spec.get("customerName") or ""),
            "type": str(held.spec.get("licenseType") or ""),
            "channel": str(held.channel.get("channelName") or ""),
            "expires": held.expires.isoformat() if held.expires else "never",
            "expired": held.expired(self.now),
            "signature": _masked(held.signature),
            "proof": self.checked.proof.value,
            "words": self.checked.words,
            "differs": list(self.checked.differs),
            "licenseID": _masked(str(held.spec.get("licenseID") or ""), 4),
            "entitlements": [_entitlement(one) for one in held.entitlements],
            "changes": [{"name": one.name, "fate": one.fate.value, "words": one.words} for one in self.changes],
        }


def _entitlement(one: Entitlement) -> dict[str, Any]:
    return {"name": one.name, "title": one.title, "type": one.type, "value": one.value, "signed": bool(one.signature)}


def _masked(text: str, shown: int = _MASKED) -> str:
    return f"{text[:shown]}…" if len(text) > shown else ("…" if text else "")


async def held(outside: Outside, installation: KubeObject) -> Given | None:
    """The licence that the next rendering reads."""
    entries = await _read(outside, installation)
    if _LICENCE not in entries:
        return None
    return Given(entries[_LICENCE], f"the licence of {installation.name}", entries.get(_KEY, ""), "the licence's key")


async def save(outside: Outside, installation: KubeObject, given: Given) -> View:
    """Take a licence for the next rendering. Raises LicenceRefused when its signature does not hold."""
    checked = given.checked()
    if checked.proof is Proof.WRONG:
        raise LicenceRefused(
            f"The signature of {given.file} does not hold: {checked.words}.",
            found=f"for {checked.licence.application or 'no application'}",
            hint="ask the vendor for the licence file again, and do not edit it; check --key",
        )
    entries = await _read(outside, installation)
    before = _licence_of(entries.get(_RUNNING) or entries.get(_LICENCE, ""))
    fresh = {_LICENCE: given.text, **({_KEY: given.key} if given.key else {})}
    await _write(outside, installation, {**entries, **fresh})
    return View(installation.name, checked, outside.clock.now(), compare(before, checked.licence))


async def take(outside: Outside, name: str, given: Given) -> View:
    """The same for the Installation of that name."""
    return await save(outside, await installations.find(outside, name), given)


async def show(outside: Outside, name: str) -> View:
    """The licence that is held. Raises NoLicence."""
    installation = await installations.find(outside, name)
    given = await held(outside, installation)
    if given is None:
        raise NoLicence(f"{installation.name} has no licence.", hint="`changeover licence set FILE` gives it one")
    before = _licence_of((await _read(outside, installation)).get(_RUNNING, ""))
    checked = given.checked()
    changes = compare(before, checked.licence) if before else ()
    return View(installation.name, checked, outside.clock.now(), changes)


def read(given: Given, now: datetime) -> View:
    """A licence file as it is, without a cluster."""
    return View("", given.checked(), now)


async def settle(outside: Outside, installation: KubeObject) -> None:
    """A revision was committed: the licence that it was rendered with is the running one."""
    entries = await _read(outside, installation)
    if entries.get(_LICENCE, "") != entries.get(_RUNNING, ""):
        await _write(outside, installation, {**entries, _RUNNING: entries[_LICENCE]})


async def findings(
    outside: Outside, installation: KubeObject, package: Package, release: ReleaseDocument, *, kind: str
) -> tuple[Finding, ...]:
    """What a plan says about the licence. An expired one blocks what is new, not a change of answers."""
    entries = await _read(outside, installation)
    given = await held(outside, installation)
    wanted = asked_for(package)
    if given is None:
        return tuple(_unlicensed(wanted, required=release.licence.required))
    checked = given.checked(release.licence.key)
    before = _licence_of(entries.get(_RUNNING, ""))
    return (
        *_believed(checked),
        *_expiry(checked.licence, outside.clock.now(), blocks=kind != "configure"),
        *_meant_for(checked.licence, package, release),
        *_changed(before, checked.licence),
        *_lacking(checked.licence, wanted),
    )


def _unlicensed(wanted: tuple[str, ...], *, required: bool) -> Iterator[Finding]:
    if required or wanted:
        yield Finding(
            "no-licence",
            Severity.BLOCKS if required else Severity.NOTES,
            "The release reads a licence, and none was given: what it reads is empty.",
            found=", ".join(wanted),
            hint="`changeover licence set FILE`, or --licence FILE at install",
        )


def _believed(checked: Checked) -> Iterator[Finding]:
    if checked.proof is Proof.WRONG:
        hint = "ask the vendor for the licence file again, and do not edit it"
        yield Finding(WRONG, Severity.BLOCKS, f"The licence's signature does not hold: {checked.words}.", hint=hint)
    elif checked.proof is not Proof.PROVEN:
        hint = "`changeover licence set FILE --key KEY.pem` with the vendor's public key proves it"
        yield Finding(
            "licence-unproven", Severity.NOTES, f"Who made the licence is not known: {checked.words}.", hint=hint
        )
    if checked.differs:
        yield Finding(
            "licence-edited",
            Severity.WARNS,
            "The licence says something else than what was signed; the signed values count.",
            found=", ".join(checked.differs),
        )


def _expiry(licence: Licence, now: datetime, *, blocks: bool) -> Iterator[Finding]:
    if licence.expires is not None and licence.expired(now):
        severity = Severity.BLOCKS if blocks else Severity.WARNS
        hint = "ask the vendor for a new one; `changeover licence set FILE`"
        yield Finding(EXPIRED, severity, f"The licence expired on {licence.expires:%Y-%m-%d %H:%M %Z}.", hint=hint)


def _meant_for(licence: Licence, package: Package, release: ReleaseDocument) -> Iterator[Finding]:
    """What the vendor states counts; the name of the Application document is only its author's habit."""
    stated = release.licence.application
    wanted = stated or package.application.name
    if wanted and wanted != licence.application:
        yield Finding(
            OTHER_APPLICATION,
            Severity.BLOCKS if stated else Severity.WARNS,
            f"The licence is for {licence.application}, the package is {wanted}.",
            hint="name the right licence file" if stated else "check that the licence is the one for this application",
        )


def _changed(before: Licence | None, now: Licence) -> Iterator[Finding]:
    changes = compare(before, now) if before else ()
    if changes:
        lost = any(one.loses for one in changes)
        yield Finding(
            "entitlements-changed",
            Severity.WARNS if lost else Severity.NOTES,
            f"The licence changes: {len(changes)} entitlements are not what they were.",
            found="; ".join(f"{one.name}: {one.words}" for one in changes),
        )


def _lacking(licence: Licence, wanted: tuple[str, ...]) -> Iterator[Finding]:
    lacking = [name for name in wanted if licence.entitlement(name) is None]
    if lacking:
        yield Finding(
            "entitlement-missing",
            Severity.WARNS,
            "The release reads entitlements that the licence does not have: they are empty.",
            found=", ".join(lacking),
            hint="the vendor may have added them since: ask for a new licence file",
        )


def _licence_of(text: str) -> Licence | None:
    if not text:
        return None
    return signatures.check(reading.read_licence(text, file="the licence")).licence


async def _read(outside: Outside, installation: KubeObject) -> dict[str, str]:
    secret = f"{installation.name}-licence"
    entries = await installations.read_secret(outside, secret)
    if not entries:
        return {}
    key = (await keys.keys_of(outside, installation)).sealing
    return {name: sealing.unseal(key, sealed, name=f"{secret}/{name}").decode() for name, sealed in entries.items()}


async def _write(outside: Outside, installation: KubeObject, entries: Mapping[str, str]) -> None:
    secret = f"{installation.name}-licence"
    key = (await keys.keys_of(outside, installation)).sealing
    sealed = {name: sealing.seal(key, text.encode(), name=f"{secret}/{name}") for name, text in entries.items()}
    await installations.write_secret(outside, installation.name, secret, sealed)
