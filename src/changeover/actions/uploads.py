"""Versions that an operator gives by hand: kept beside the channel's releases, for everybody who follows them.

A file comes whole (command line) or in parts of equal size, in any order and again after any interruption: who sends a
part says of which file by name, size and digest, and nothing else has to be remembered. What is there counts once its
sha256 is the one that was said and it is a package that can be read.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from changeover.actions import audit, installations
from changeover.actions.in_accounts import books
from changeover.actions.installations import SECRET
from changeover.actions.outside import Outside, Source
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.package import archive
from changeover.package.package import Package, read_package
from changeover.ports import AlreadyExists
from changeover.release import documents, versions
from changeover.release.catalog import Catalog, Release
from changeover.settings import INSTALLATION_LABEL

MOST_BYTES = 32 * 1024 * 1024
"""What a package may have; images never come this way."""
PART_BYTES = 384 * 1024
AT_ONCE = 4
"""Unfinished files of one Installation."""
FORGOTTEN = timedelta(days=1)
_LIMITS = archive.Limits(total_bytes=3 * MOST_BYTES)
"""Unpacked, in a console that has little memory."""
_LABEL = "changeover.dev/upload"
_TYPE = "changeover.dev/upload"
_AIRGAP = ".airgap"


class BadUpload(Problem):
    """A file, or a part of one, that cannot be taken."""

    reference = "bad-upload"


@dataclass(frozen=True, slots=True)
class File:
    """Which file is being sent."""

    name: str
    size: int
    sha256: str
    """Of the whole file, hexadecimal."""

    @property
    def id(self) -> str:
        """The same file is the same upload, also from another browser."""
        return hashlib.sha256(f"{self.name}\n{self.size}\n{self.sha256}".encode()).hexdigest()[:16]

    @property
    def parts(self) -> int:
        """How many parts it has."""
        return math.ceil(self.size / PART_BYTES)


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


async def missing(outside: Outside, installation: str, file: File) -> list[int]:
    """The numbers of the parts that are not there yet. Raises BadUpload for a file that cannot be taken."""
    _acceptable(file)
    followed = await installations.find(outside, installation)
    there = {one.name for one in await _parts(outside, followed) if one.labels.get(_LABEL) == file.id}
    return [number for number in range(file.parts) if _part_name(file, number) not in there]


async def take_part(outside: Outside, installation: str, file: File, *, number: int, content: bytes) -> list[int]:
    """Keep a part; returns the numbers that are still missing. The same part again changes nothing."""
    _acceptable(file)
    wanted = PART_BYTES if number < file.parts - 1 else file.size - PART_BYTES * (file.parts - 1)
    if not 0 <= number < file.parts or len(content) != wanted:
        raise BadUpload(
            f"Part {number} of {file.name} does not fit.",
            found=f"{len(content)} bytes; the file has {file.parts} parts, this one {wanted} bytes",
            hint="load the page again and choose the same file: what is there already is not sent twice",
        )
    followed = await installations.find(outside, installation)
    await _make_room(outside, followed, file)
    with contextlib.suppress(AlreadyExists):
        await books(outside.cluster).create(_part(followed, file, number, content))
    return await missing(outside, installation, file)


async def finish(outside: Outside, installation: str, file: File, *, version: str = "") -> Uploaded:
    """Put the parts together and keep the version. Raises BadUpload, and what reading the package raises."""
    lacking = await missing(outside, installation, file)
    if lacking:
        raise BadUpload(f"{file.name} is not whole yet.", found=f"{len(lacking)} of {file.parts} parts are missing")
    followed = await installations.find(outside, installation)
    parts = {one.name: one for one in await _parts(outside, followed) if one.labels.get(_LABEL) == file.id}
    pieces = [parts[_part_name(file, number)].get("data", "part") for number in range(file.parts)]
    content = b"".join(base64.b64decode(str(piece)) for piece in pieces)
    whole = hashlib.sha256(content).hexdigest() == file.sha256
    kept = await add(outside, installation, file.name, content, version=version) if whole else None
    for one in parts.values():
        await books(outside.cluster).delete(one.ref, uid=one.uid)
    if kept is None:
        raise BadUpload(f"{file.name} is not what was sent.", found="another sha256", hint="choose the file again")
    return kept


async def add(outside: Outside, installation: str, name: str, content: bytes, *, version: str = "") -> Uploaded:
    """Keep a whole file as a version of the Installation.

    Raises BadUpload for a version that is there already, and what reading the package raises.
    """
    _acceptable(File(name, len(content), ""))
    followed = await installations.find(outside, installation)
    package = await asyncio.to_thread(_read, name, content)
    version = version.strip() or _version_of(package)
    versions.parse(version, documents.release_of(package).scheme)
    await _refuse_known(outside, followed, version)
    kept = Uploaded(
        version=version,
        blob=await outside.blobs(followed).put(content, kind="upload"),
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        by=outside.person,
        at=outside.clock.now().isoformat(timespec="seconds"),
    )
    await installations.patch_status(outside, followed, {"uploads": {version: kept.as_json()}})
    await _tell(outside, "upload", f"{followed.name}: {version} ({name}, sha256 {kept.sha256[:12]}…)", at=kept.at)
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
            catalog = _with(catalog, given)
        return catalog

    async def fetch(self, version: str) -> Mapping[str, bytes]:
        """The files of one release; the channel's own are preferred."""
        given = self._uploads.get(version)
        if given is None or not (await self.catalog()).find(version).by_hand:
            return await self._channel().fetch(version)
        content = await self._outside.blobs(self._installation).get(given.blob)
        return archive.unpack(content, given.name)


def _with(catalog: Catalog, given: Uploaded) -> Catalog:
    if catalog.place_of(given.version) is not None:
        return catalog
    own = catalog.version(given.version)
    place = sum(catalog.version(one.version) <= own for one in catalog.releases)
    cursor = max((one.cursor for one in catalog.releases), default=-1) + 1
    made = Release(
        version=given.version,
        cursor=cursor,
        package=given.name,
        notes=f"Uploaded by {given.by}.",
        created_at=datetime.fromisoformat(given.at),
        sha256=given.sha256,
        by_hand=True,
    )
    return replace(catalog, releases=(*catalog.releases[:place], made, *catalog.releases[place:]))


def _acceptable(file: File) -> None:
    if file.name.endswith(_AIRGAP):
        raise BadUpload(
            "An air-gap bundle brings images, which do not fit here.",
            found=file.name,
            hint=f"on a machine that reaches the registry: changeover update --from {file.name}",
        )
    if not 0 < file.size <= MOST_BYTES or not file.name:
        raise BadUpload(
            f"A package has at most {MOST_BYTES // 2**20} MiB.",
            found=f"{file.name or 'no name'}: {file.size} bytes",
            hint="give the .tgz that the vendor publishes",
        )


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


async def _refuse_known(outside: Outside, installation: KubeObject, version: str) -> None:
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


async def _parts(outside: Outside, installation: KubeObject) -> Sequence[KubeObject]:
    selector = f"{INSTALLATION_LABEL}={installation.name},{_LABEL}"
    return await books(outside.cluster).list(SECRET, namespace=outside.namespace, selector=selector)


async def _make_room(outside: Outside, installation: KubeObject, file: File) -> None:
    """Forget files that nobody went on with; refuse one too many."""
    others: set[str] = set()
    for one in await _parts(outside, installation):
        made = datetime.fromisoformat(str(one.get("metadata", "creationTimestamp")))
        if one.labels[_LABEL] == file.id:
            continue
        if made < outside.clock.now() - FORGOTTEN:
            await books(outside.cluster).delete(one.ref, uid=one.uid)
        else:
            others.add(one.labels[_LABEL])
    if len(others) >= AT_ONCE:
        raise BadUpload(
            f"{AT_ONCE} other files are being sent already.", hint="finish them; what lies unfinished goes after a day"
        )


def _part_name(file: File, number: int) -> str:
    return f"changeover-upload-{file.id}-{number}"


def _part(installation: KubeObject, file: File, number: int, content: bytes) -> KubeObject:
    owner = {
        "apiVersion": installation.ref.kind.api_version,
        "kind": installation.kind,
        "name": installation.name,
        "uid": installation.uid,
    }
    return KubeObject(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": _part_name(file, number),
                "namespace": installation.namespace,
                "labels": {INSTALLATION_LABEL: installation.name, _LABEL: file.id},
                "ownerReferences": [owner],
            },
            "type": _TYPE,
            "immutable": True,
            "data": {"part": base64.b64encode(content).decode()},
        }
    )


async def _tell(outside: Outside, what: str, detail: str, *, at: str) -> None:
    await audit.Log(outside).record(audit.Entry(at, outside.person, what, "done", detail=detail))
