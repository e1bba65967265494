"""An air-gap bundle that an operator gave: what is in it, its images to the Installation's registry, its version kept.

* Looking into a bundle changes nothing; what it asks for (registry, licence, releases before it) is found then.
* Images first: a version is offered only once the registry has everything that it needs. What is there already is not
  sent again, so a push that was cut off is begun again.
* Of the bundle only its package and what it says of itself stay, in the cluster; the file may go afterwards.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from changeover.actions import bundles, images, installations, licensing, registries, revisions, uploads
from changeover.actions.images import Listed
from changeover.actions.outside import Outside
from changeover.actions.uploads import Uploaded
from changeover.arrivals import BadUpload, File
from changeover.errors import Problem
from changeover.images import Access, Copied, Move, Moving
from changeover.objects import KubeObject
from changeover.package import airgap, archive
from changeover.package.airgap import Airgap
from changeover.package.package import read_package
from changeover.plan.model import Finding
from changeover.release import documents
from changeover.render.context import Registry

Tell = Callable[[Copied | Moving], None]


class NoRegistry(Problem):
    """There is no registry that the images of a bundle could go to."""

    reference = "no-registry"


class NotPushed(Problem):
    """Not all images of a bundle reached the registry."""

    reference = "images-not-pushed"


@dataclass(frozen=True, slots=True)
class How:
    """How the images get into the registry."""

    push: bool = True
    """False: somebody else put them there."""
    plain: bool = False
    """The registry speaks http."""
    username: str = ""
    """Another login than the one that is kept, for pushing only."""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Shipment:
    """What is in a bundle, and what this Installation has to say about it."""

    file: File
    about: Airgap
    listed: Listed
    registry: str
    """``host/namespace``; empty when the Installation has none."""
    findings: tuple[Finding, ...]
    offered: bool
    """Whether its version is among the releases already."""

    @property
    def version(self) -> str:
        """The release that it is."""
        return self.about.version

    def refuse(self, how: How) -> None:
        """Raise NoRegistry when there is nowhere to push to."""
        if how.push and not self.registry:
            raise _no_registry()

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "version": self.version,
            "registry": self.registry,
            "offered": self.offered,
            "images": [{"image": one.source, "place": one.destination} for one in self.listed.moves],
            "findings": [
                {
                    "reference": one.reference,
                    "severity": one.severity.value,
                    "message": one.message,
                    "found": one.found,
                    "hint": one.hint,
                }
                for one in self.findings
            ],
        }


async def of_arrived(outside: Outside, installation: str, id_: str) -> tuple[Shipment, Path]:
    """Look into a bundle that arrived here in parts. Raises NoUpload, BadUpload."""
    arrivals = outside.arrivals(await installations.find(outside, installation))
    path = await asyncio.to_thread(arrivals.settle, id_)
    file = (await asyncio.to_thread(arrivals.find, id_)).file
    return await look(outside, installation, path, file), path


async def look(outside: Outside, installation: str, path: Path, file: File) -> Shipment:
    """Look into a bundle. Raises BadUpload, BadAirgap."""
    followed = await installations.find(outside, installation)
    return (await _opened(outside, followed, path, file))[0]


async def send(
    outside: Outside, installation: str, shipped: tuple[Path, File], how: How, *, tell: Tell = lambda _: None
) -> Uploaded:
    """Push its images, then keep its version; `tell` is called from another thread.

    Raises NoRegistry, ImagesCollide, NotPushed; BadUpload for a version that is there already. Nothing is kept then.
    """
    path, file = shipped
    followed = await installations.find(outside, installation)
    shipment, content = await _opened(outside, followed, path, file)
    await uploads.refuse_known(outside, followed, shipment.version)
    if how.push:
        registry = _login(await registries.held(outside, followed), how)
        await _push(outside, replace(shipment.listed, bundle=str(path)), registry, how, tell)
    return await uploads.keep(outside, followed, file, version=shipment.version, content=content)


async def _push(outside: Outside, listed: Listed, registry: Registry, how: How, tell: Tell) -> None:
    access = Access(plain=frozenset({registry.hostname}) if how.plain else frozenset())
    copying = images.copy(outside, listed, registry, access=access, tell=tell)
    copied = await asyncio.to_thread(asyncio.run, copying)  # unpacking and hashing must not hold up a console
    failed = [one for one in copied if one.problem]
    if failed:
        raise NotPushed(
            f"{len(failed)} of {len(copied)} images did not reach {registry.address}.",
            found="; ".join(dict.fromkeys(one.problem for one in failed[:5])),
            hint="mend that and push again: what is there is not sent twice; a registry without TLS has to be named so",
        )


def _login(registry: Registry | None, how: How) -> Registry:
    if registry is None:
        raise _no_registry()
    if not how.username:
        return registry
    return replace(registry, username=how.username, password=how.password)


def _no_registry() -> NoRegistry:
    return NoRegistry(
        "This installation has no registry that the images could go to.",
        hint="name one on the page Registry, or with `changeover registry set HOST/NAMESPACE`; then push",
    )


async def _opened(outside: Outside, followed: KubeObject, path: Path, file: File) -> tuple[Shipment, bytes]:
    """What is in it, and what stays of it."""
    source = outside.source(str(path))
    catalog = await source.catalog()
    (release,) = catalog.releases
    about, files = release.airgap, await source.fetch(release.version)
    if about is None or not about.version:
        raise BadUpload(f"{file.name} does not say its version.", hint="ask the vendor for a whole bundle")
    content = archive.pack(
        {
            uploads.ABOUT: json.dumps(airgap.as_document(about)).encode(),
            uploads.PACKAGE: await asyncio.to_thread(archive.pack, files),
        }
    )
    if len(content) > uploads.MOST_BYTES:
        most = uploads.MOST_BYTES // 2**20
        raise BadUpload(
            f"The package in {file.name} has more than {most} MiB.", found=f"{len(content)} bytes without the images"
        )
    package = read_package(files, followed.name)
    number = revisions.running_number(followed)
    old = await revisions.load(outside, followed, number) if number else None
    registry = await registries.held(outside, followed)
    document = documents.release_of(package)
    findings = (
        *await bundles.findings(outside, followed, release, package.application, old=old),
        *await licensing.findings(outside, followed, package, document, kind="update"),
    )
    shipment = Shipment(
        file=file,
        about=about,
        listed=images.places(about.version, about.images, registry),
        registry=registry.address if registry else "",
        findings=findings,
        offered=about.version in {one.version for one in uploads.listed(followed)},
    )
    return shipment, content


@dataclass(frozen=True, slots=True)
class Row:
    """How far one image is."""

    move: Move
    state: str = "waiting"
    """waiting, sending, sent, there (it was), failed."""
    bytes: int = 0
    of: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a push is: a fold over what it tells."""

    rows: tuple[Row, ...]
    unpacked: int = 0
    """Bytes."""
    total: int = 0
    """Bytes of all images together; 0 until all are unpacked."""
    began: float | None = None
    """When the first byte of an image was sent, in the caller's seconds."""

    def heard(self, event: Copied | Moving, now: float) -> Progress:
        """After that."""
        if isinstance(event, Moving) and event.move is None:
            return replace(self, unpacked=event.bytes, total=event.of)
        rows = tuple(_row(one, event) if one.move == event.move else one for one in self.rows)
        return replace(self, rows=rows, began=now if self.began is None else self.began)

    def seconds_left(self, now: float) -> float | None:
        """About so long, by how it went until now; None while nobody can tell."""
        if not self.total or self.began is None:
            return None
        usual = self.total / len(self.rows)
        done = sum((one.of or usual) if one.state in ("sent", "there", "failed") else one.bytes for one in self.rows)
        return max(self.total - done, 0.0) * (now - self.began) / done if done else None

    @property
    def finished(self) -> int:
        """Images that are in the registry."""
        return sum(one.state in ("sent", "there") for one in self.rows)


def begun(moves: Sequence[Move]) -> Progress:
    """Before anything was told."""
    return Progress(tuple(Row(one) for one in moves))


def _row(row: Row, event: Copied | Moving) -> Row:
    if isinstance(event, Moving):
        return replace(row, state="sending", bytes=event.bytes, of=event.of)
    if event.problem:
        return replace(row, state="failed", why=event.problem)
    return replace(row, state="sent" if event.sent_bytes else "there", bytes=row.of)
