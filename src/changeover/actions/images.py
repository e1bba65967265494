"""The images of a package: which there are, where a private registry keeps each, and copied there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from changeover import images
from changeover.actions import bundles, packages
from changeover.actions.outside import Desk, Outside
from changeover.errors import Problem
from changeover.images import Access, Copied, Move, Moving
from changeover.release.catalog import Release
from changeover.render.context import Registry


class ImagesCollide(Problem):
    """Two different images would become one in the registry."""

    reference = "images-collide"


@dataclass(frozen=True, slots=True)
class Listed:
    """A package's images with their places in a private registry."""

    version: str
    moves: tuple[Move, ...]
    collisions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    bundle: str = ""
    """The air-gap bundle that holds them; empty for none."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "version": self.version,
            "images": [{"image": move.source, "place": move.destination} for move in self.moves],
            "collisions": [{"place": place, "images": list(names)} for place, names in self.collisions],
        }


async def look(desk: Desk, wanted: packages.Wanted, registry: Registry | None) -> Listed:
    """The images that the rendered package or a check of it starts or announces, and where the registry keeps each.

    Raises ForgedBundle when a bundle is not of the licence's vendor.
    """
    release = await _bundled(desk, wanted)
    if release is not None:
        bundles.refuse_forged(release, wanted.licence)
    if release is None or release.airgap is None or not release.airgap.images:
        rendered = await packages.render(desk, replace(wanted, registry=None))
        version, texts = rendered.revision.version, (*rendered.revision.images, *rendered.collectors)
    else:
        version, texts = release.version, release.airgap.images
    return places(version, texts, registry, bundle=wanted.path if release is not None else "")


def places(version: str, texts: Iterable[str], registry: Registry | None, *, bundle: str = "") -> Listed:
    """Where the registry keeps each image; nowhere without one."""
    known = {images.full(text): text for text in texts}
    address = registry.address if registry else ""
    moves = [Move(text, images.rewrite(text, address) if address else "") for image, text in known.items() if image]
    collisions = images.collisions(move.source for move in moves) if address else {}
    return Listed(version, tuple(moves), tuple(collisions.items()), bundle)


async def _bundled(desk: Desk, wanted: packages.Wanted) -> Release | None:
    """The release of an air-gap bundle; None for another kind of source."""
    newest = (await desk.source(wanted.path).catalog()).newest
    return newest if newest is not None and newest.airgap is not None else None


async def copy(
    ports: Desk | Outside,
    listed: Listed,
    registry: Registry,
    *,
    access: Access,
    tell: Callable[[Copied | Moving], None],
) -> Sequence[Copied]:
    """Copy all of them to the registry, which is logged in to as it says. Raises ImagesCollide before anything."""
    if listed.collisions:
        place, names = listed.collisions[0]
        raise ImagesCollide(
            f"{' and '.join(names)} would both become {registry.address}/{place}.",
            hint="pin them by digest, or give the namespace of another registry to one of them",
        )
    login = {registry.hostname: f"{registry.username}:{registry.password}"} if registry.username else {}
    access = replace(access, logins={**access.logins, **login})
    return await ports.copy_images(listed.moves, access, tell, bundle=listed.bundle)
