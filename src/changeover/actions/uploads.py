"""Versions that an operator gives by hand: kept beside the channel's releases, for everybody who follows them.

A file comes whole (command line) or in parts (console, API; see `arrivals`). A package is kept in the cluster at once.
An air-gap bundle waits where it arrived until its images are pushed (`shipping`); of it only the package is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from changeover.actions import audit, installations
from changeover.actions.outside import Outside, Source
from changeover.arrivals import BUNDLE, Arrival, BadUpload, File
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.package import airgap, archive
from changeover.package.airgap import Airgap
from changeover.package.package import Package, read_package
from changeover.release import documents, versions
from changeover.release.catalog import Catalog, Release

MOST_BYTES = 32 * 1024 * 1024
"""What a package may have, also that of a bundle."""
_MOST_BUNDLE = 1024**4
_LIMITS = archive.Limits(total_bytes=3 * MOST_BYTES)
"""Unpacked, in a console that has little memory."""
ABOUT, PACKAGE = "airgap.yaml", "app.tar.gz"
"""What is kept of a bundle, named as in it."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A version that is kept."""

    version: str
    blob: str
    name: str
    sha256: str
    by: str
    at: str
    """RFC 3339."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {name: getattr(self, name) for name in self.__slots__}


def listed(installation: KubeObject) -> Sequence[Uploaded]:
    """The versions that were given by hand, oldest first."""
    found = installation.get("status", "uploads", default={})
    every = [
        Uploaded(version, **{name: str(one.get(name, "")) for name in Uploaded.__slots__[1:]})
        for version, one in found.items()
    ]
    return sorted(every, key=lambda one: one.at)


async def begin(outside: Outside, installation: str, file: File) -> Arrival:
    """Expect a file in parts, or go on with it. Raises BadUpload, NoRoom."""
    acceptable(file)
    followed = await installations.find(outside, installation)
    return await asyncio.to_thread(outside.arrivals(followed).begin, file)


async def take_part(outside: Outside, installation: str, id_: str, *, number: int, content: bytes) -> int:
    """Keep a part; how many are still missing. The same part again changes nothing. Raises NoUpload, BadUpload."""
    followed = await installations.find(outside, installation)
    return await asyncio.to_thread(outside.arrivals(followed).put, id_, number, content)


async def finish(outside: Outside, installation: str, id_: str, *, version: str = "") -> Uploaded | None:
    """All parts were sent: check the sha256, and keep the version; None = a bundle that waits for its push.

    Raises NoUpload, BadUpload, and what reading the package raises; what is wrong is let go.
    """
    followed = await installations.find(outside, installation)
    arrivals = outside.arrivals(followed)
    path = await asyncio.to_thread(arrivals.settle, id_)
    file = (await asyncio.to_thread(arrivals.find, id_)).file
    try:
        if file.is_bundle:
            await outside.source(str(path)).catalog()
            return None
        kept = await add(outside, installation, file.name, path.read_bytes(), version=version)
    except Problem:
        await asyncio.to_thread(arrivals.forget, id_)
        raise
    await asyncio.to_thread(arrivals.forget, id_)
    return kept


async def arriving(outside: Outside, installation: str) -> Sequence[Arrival]:
    """Files that are on their way here, and bundles that wait."""
    followed = await installations.find(outside, installation)
    return await asyncio.to_thread(outside.arrivals(followed).listed)


async def arrived(outside: Outside, installation: str, id_: str) -> Arrival:
    """How far one is. Raises NoUpload."""
    followed = await installations.find(outside, installation)
    return await asyncio.to_thread(outside.arrivals(followed).find, id_)


async def forget(outside: Outside, installation: str, id_: str) -> None:
    """Let go of a file that is on its way or waits; gone is fine."""
    followed = await installations.find(outside, installation)
    await asyncio.to_thread(outside.arrivals(followed).forget, id_)


async def add(outside: Outside, installation: str, name: str, content: bytes, *, version: str = "") -> Uploaded:
    """Keep a whole package as a version of the Installation.

    Raises BadUpload for a version that is there already, and what reading the package raises.
    """
    file = File(name, len(content), hashlib.sha256(content).hexdigest())
    if file.is_bundle:
        hint = "`changeover upload`, or the form with its script: they send it in parts"
        raise BadUpload("An air-gap bundle does not fit through this form.", found=name, hint=hint)
    acceptable(file)
    followed = await installations.find(outside, installation)
    package = await asyncio.to_thread(_read, name, content)
    version = version.strip() or _version_of(package)
    versions.parse(version, documents.release_of(package).scheme)
    await refuse_known(outside, followed, version)
    return await keep(outside, followed, file, version=version, content=content)


async def keep(outside: Outside, installation: KubeObject, file: File, *, version: str, content: bytes) -> Uploaded:
    """Write down a version; `content` is its package, or the part of a bundle that stays."""
    kept = Uploaded(
        version=version,
        blob=await outside.blobs(installation).put(content, kind="upload"),
        name=file.name,
        sha256=file.sha256,
        by=outside.person,
        at=outside.clock.now().isoformat(timespec="seconds"),
    )
    await installations.patch_status(outside, installation, {"uploads": {version: kept.as_json()}})
    await _tell(
        outside, "upload", f"{installation.name}: {version} ({file.name}, sha256 {kept.sha256[:12]}…)", at=kept.at
    )
    return kept


async def remove(outside: Outside, installation: str, version: str) -> None:
    """Forget a version that was given by hand. Raises BadUpload for one that runs, or was never given."""
    followed = await installations.find(outside, installation)
    every = listed(followed)
    if version not in {one.version for one in every}:
        raise BadUpload(
            f"{version} was not given by hand.", found=", ".join(one.version for one in every) or "no version was"
        )
    if version == followed.get("status", "running", "version"):
        raise BadUpload(f"{version} runs.", hint="change over to another version first")
    await installations.patch_status(outside, followed, {"uploads": {version: None}})
    await _tell(outside, "remove upload", f"{followed.name}: {version}", at=outside.clock.now().isoformat())


class WithUploads:
    """Implements `outside.Source`: a channel, and what was given by hand beside it."""

    def __init__(self, outside: Outside, installation: KubeObject) -> None:
        self._outside = outside
        self._installation = installation
        self._uploads = {one.version: one for one in listed(installation)}

    def _channel(self) -> Source:
        return self._outside.source(str(self._installation.get("spec", "source", "channel", default="")))

    async def catalog(self) -> Catalog:
        """Both, in the order of their versions; only what was given by hand while the channel cannot be read."""
        try:
            catalog = await self._channel().catalog()
        except Problem:
            first = next(iter(self._uploads))
            catalog = Catalog(self._installation.name, (), versions.scheme_of(first))
        for given in self._uploads.values():
            catalog = _with(catalog, given, await self._about(given))
        return catalog

    async def fetch(self, version: str) -> Mapping[str, bytes]:
        """The files of one release; the channel's own are preferred."""
        given = self._uploads.get(version)
        if given is None or not (await self.catalog()).find(version).by_hand:
            return await self._channel().fetch(version)
        held = await self._held(given)
        return archive.unpack(held[PACKAGE], PACKAGE) if given.name.endswith(BUNDLE) else held

    async def _about(self, given: Uploaded) -> Airgap | None:
        """What the bundle of a version said of itself; None for a package."""
        if not given.name.endswith(BUNDLE):
            return None
        return airgap.read_airgap((await self._held(given))[ABOUT].decode())

    async def _held(self, given: Uploaded) -> Mapping[str, bytes]:
        content = await self._outside.blobs(self._installation).get(given.blob)
        return archive.unpack(content, f"{given.name}.tar" if given.name.endswith(BUNDLE) else given.name)


def _with(catalog: Catalog, given: Uploaded, about: Airgap | None) -> Catalog:
    if catalog.place_of(given.version) is not None:
        return catalog
    own = catalog.version(given.version)
    place = sum(catalog.version(one.version) <= own for one in catalog.releases)
    cursor = max((one.cursor for one in catalog.releases), default=-1) + 1
    said = f"Uploaded by {given.by}."
    made = Release(
        version=given.version,
        cursor=(about.cursor if about else 0) or cursor,
        package=given.name,
        required=bool(about and about.required),
        notes=f"{about.notes} {said}" if about and about.notes else said,
        created_at=datetime.fromisoformat(given.at),
        sha256=given.sha256,
        by_hand=True,
        airgap=about,
    )
    return replace(catalog, releases=(*catalog.releases[:place], made, *catalog.releases[place:]))


def acceptable(file: File) -> None:
    """Raise BadUpload for a file that is refused before anybody looks into it."""
    most = _MOST_BUNDLE if file.is_bundle else MOST_BYTES
    if not 0 < file.size <= most or not file.name.removesuffix(BUNDLE):
        raise BadUpload(
            f"A package has at most {MOST_BYTES // 2**20} MiB; what brings images is an air-gap bundle, x{BUNDLE}.",
            found=f"{file.name or 'no name'}: {file.size} bytes",
            hint="give the .tgz or the .airgap that the vendor publishes",
        )


async def refuse_known(outside: Outside, installation: KubeObject, version: str) -> None:
    """Raise BadUpload for a version that is offered already."""
    known = {one.version for one in listed(installation)}
    try:
        catalog = await outside.source(str(installation.get("spec", "source", "channel", default=""))).catalog()
        known |= {one.version for one in catalog.releases}
    except Problem:
        pass  # a channel that cannot be read is a reason to give a version by hand
    if version in known:
        raise BadUpload(
            f"{version} is there already.",
            hint="remove it first (`changeover upload --remove`), or give this one another version",
        )


def file_of(path: Path) -> File:
    """Which file that is; reads it once."""
    with path.open("rb") as opened:
        return File(path.name, path.stat().st_size, hashlib.file_digest(opened, "sha256").hexdigest())


def _bare(name: str) -> str:
    return name.removesuffix(".tgz").removesuffix(".tar.gz").removesuffix(".tar")


def _read(name: str, content: bytes) -> Package:
    return read_package(archive.unpack(content, name, limits=_LIMITS), _bare(name))


def _version_of(package: Package) -> str:
    found = documents.release_of(package).version or package.own_version
    if not found:
        raise BadUpload(
            "This package does not say its version.", hint="say it: in the field Version, or with --version"
        )
    return found


async def _tell(outside: Outside, what: str, detail: str, *, at: str) -> None:
    await audit.Log(outside).record(audit.Entry(at, outside.person, what, "done", detail=detail))
