"""Copies images into a registry: contents that are there already are not sent, all machines' variants come along.

Nothing is kept beside the registry itself: a copy that was cut off is begun again and sends only what is missing. Each
content is hashed on its way, and the registry checks it again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx2

from changeover.channel.registry.content import BadImage, Blob, Images, Manifest
from changeover.channel.registry.repository import PIECE, Repository
from changeover.channel.registry.session import ATTEMPTS, RegistryRefused

AT_ONCE = 4
"""Contents of an image that are sent at a time."""


@dataclass(slots=True)
class Tally:
    """What a copy came to, in bytes and contents."""

    sent: int = 0
    sent_bytes: int = 0
    there: int = 0


@dataclass(slots=True)
class Copier:
    """Copies into one registry; remembers in which of its repositories a content lies."""

    tally: Tally = field(default_factory=Tally)
    tell: Callable[[int, int], None] = lambda _, __: None
    """Told how many bytes of the image are there, of how many."""
    _far: int = 0
    _of: int = 0
    _places: dict[str, str] = field(default_factory=dict)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def copy(self, images: Images, wanted: str, place: Repository, reference: str) -> str:
        """Copy what is `wanted` (tag or digest) to `reference` there; returns its digest. Raises BadImage."""
        self._far = self._of = 0
        manifest = await images.manifest(wanted)
        if manifest is None:
            raise BadImage(f"There is no image {wanted} to copy to {place.name}.", hint="check its name and tag")
        if await place.digest(reference) == manifest.digest:
            self.tally.there += 1
            return manifest.digest
        await self._with_parts(images, manifest, place)
        await place.put_manifest(reference, manifest)
        return manifest.digest

    async def _with_parts(self, images: Images, manifest: Manifest, place: Repository) -> None:
        for digest in manifest.children():
            child = await images.manifest(digest)
            if child is None:
                raise BadImage(f"The image for {place.name} lacks a part.", found=f"no manifest {digest}")
            await self._with_parts(images, child, place)
            await place.put_manifest(digest, child)
        unique = {blob.digest: blob for blob in manifest.blobs()}
        self._of += sum(blob.size for blob in unique.values())
        await asyncio.gather(*(self._blob(images, blob, place) for blob in unique.values()))

    async def _blob(self, images: Images, blob: Blob, place: Repository) -> None:
        async with self._turns:
            if await place.has(blob):
                self.tally.there += 1
                self._count(blob.size)
            elif location := await place.mount(blob, self._places.get(blob.digest, "")):
                await self._send(images, blob, place, location)
            else:
                self._count(blob.size)
            self._places[blob.digest] = place.path

    async def _send(self, images: Images, blob: Blob, place: Repository, location: str) -> None:
        digest, at, piece = hashlib.sha256(), 0, bytearray()
        for attempt in range(ATTEMPTS):
            try:
                async for part in images.read(blob, offset=at + len(piece)):
                    digest.update(part)
                    piece += part
                    while len(piece) >= PIECE:
                        location, at = await place.send(location, bytes(piece[:PIECE]), at)
                        self._count(PIECE)
                        del piece[:PIECE]
                break
            except httpx2.TransportError as error:
                if attempt == ATTEMPTS - 1:
                    raise RegistryRefused(f"The content {blob.digest} breaks off.", found=str(error)) from None
        if f"sha256:{digest.hexdigest()}" != blob.digest:
            found = f"sha256:{digest.hexdigest()}"
            raise BadImage(f"A content for {place.name} is not what its manifest says.", found=found, hint=blob.digest)
        if piece:
            location, at = await place.send(location, bytes(piece), at)
            self._count(len(piece))
        await place.finish(location, blob)
        self.tally.sent += 1
        self.tally.sent_bytes += at

    def _count(self, size: int) -> None:
        self._far += size
        self.tell(self._far, self._of)
