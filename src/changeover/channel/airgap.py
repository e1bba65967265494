"""An air-gap bundle (``.airgap``): a release as a file, with its package and its images, read as a channel of one.

``airgap.yaml`` and ``app.tar.gz`` come first, images last, so that reading the package does not read gigabytes. While
they are copied, archives of images are unpacked into a temporary folder (`scratch`) one by one, as they come by; only a
registry's folder is unpacked whole, as far as there is room. Names in the bundle cannot lead out of it; links are
refused, and so is what grows out of all proportion.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tarfile
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from changeover import images
from changeover.arrivals import BUNDLE, NoRoom
from changeover.channel import scratch
from changeover.channel.registry.archives import ArchiveImages, FolderImages, repositories
from changeover.channel.registry.content import BadImage, Images
from changeover.channel.registry.moves import Tell, carry_out
from changeover.channel.registry.session import Session
from changeover.images import Access, Copied, Image, Move, Moving
from changeover.package import archive
from changeover.package.airgap import Airgap, BadAirgap, read_airgap
from changeover.release import versions
from changeover.release.catalog import Catalog, Release

_ABOUT, _PACKAGE, _IMAGES = "airgap.yaml", "app.tar.gz", "images/"
_ARCHIVES, _TREE = "docker-archive", "docker/registry/v2"
_ABOUT_BYTES = 4 * 1024 * 1024
_ENTRIES = 200_000
_LEAST_GROWN = 1024 * 1024 * 1024
"""What any bundle may hold unpacked, in bytes; beyond it, so many bytes for a packed one as `archive.LIMITS` says."""


class AirgapSource:
    """A bundle as the only release of a channel."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[Airgap, Mapping[str, bytes]] | None = None

    async def catalog(self) -> Catalog:
        """The bundle's release. Raises BadAirgap."""
        about, _ = await self._content()
        release = Release(
            version=about.version or self._path.name.removesuffix(BUNDLE),
            cursor=about.cursor,
            package=self._path.name,
            required=about.required,
            notes=about.notes,
            airgap=about,
        )
        name = about.application or self._path.name.removesuffix(BUNDLE)
        return Catalog(name, (release,), versions.scheme_of(release.version))

    async def fetch(self, version: str) -> Mapping[str, bytes]:
        """The package's files."""
        (await self.catalog()).find(version)
        return (await self._content())[1]

    async def _content(self) -> tuple[Airgap, Mapping[str, bytes]]:
        if self._read is None:
            self._read = await asyncio.to_thread(read_bundle, self._path)
        return self._read


def read_bundle(path: Path) -> tuple[Airgap, Mapping[str, bytes]]:
    """What a bundle says of itself, and its package's files. Raises BadAirgap, UnsafeArchive, BrokenArchive."""
    about = package = None
    with _opened(path) as tar:
        for member, name in _members(tar, path):
            if name == _ABOUT:
                about = read_airgap(_content(tar, member, _ABOUT_BYTES).decode("utf-8", "replace"))
            elif name == _PACKAGE:
                package = archive.unpack(_content(tar, member, archive.LIMITS.total_bytes), _PACKAGE)
            if about is not None and package is not None:
                return about, package
    lacking = _PACKAGE if about is not None else _ABOUT
    raise BadAirgap(f"{path.name} is no whole air-gap bundle.", found=f"it has no {lacking}")


async def copy_images(moves: Sequence[Move], access: Access, tell: Tell, *, bundle: str) -> Sequence[Copied]:
    """Copy images out of a bundle; `actions.outside.ImageCopying` for a bundle."""
    with tempfile.TemporaryDirectory(prefix="changeover-airgap-", dir=scratch.folder()) as folder:
        shelf = Shelf(Path(bundle), Path(folder), tell)
        async with contextlib.aclosing(shelf.filled(moves)) as coming:
            return await carry_out(coming, access, tell, opened=shelf.opened)


class Shelf:
    """Holds the images of a bundle while they are copied, as they come by: one archive at a time.

    What lies in a registry's folder has no order; such images are all unpacked before the first of them is copied.
    """

    def __init__(self, bundle: Path, folder: Path, tell: Tell = lambda _: None) -> None:
        self._bundle = bundle
        self._folder = folder
        self._tell = tell
        self._left = 0
        self._unpacked = 0
        self._tree = folder / _IMAGES / _TREE
        self._archive = folder / "archive"
        self._open = contextlib.ExitStack()
        self._repositories: frozenset[str] = frozenset()

    async def filled(self, moves: Sequence[Move]) -> AsyncGenerator[Move]:
        """The moves in the bundle's order, each while its image is here. Raises BadAirgap, UnsafeArchive, NoRoom."""
        waiting = list(moves)
        self._left = scratch.free(self._folder)
        with _opened(self._bundle) as tar:
            members = _members(tar, self._bundle)
            while found := await asyncio.to_thread(next, members, None):
                member, name = found
                if name.startswith(f"{_IMAGES}{_TREE}/"):
                    await asyncio.to_thread(self._unpack, tar, member, self._folder / name)
                    self._left -= member.size
                    continue
                identity = _identity(name.removeprefix(f"{_IMAGES}{_ARCHIVES}/"))
                meant = [one for one in waiting if identity and _is(one, identity)]
                if not meant or not name.startswith(f"{_IMAGES}{_ARCHIVES}/"):
                    continue
                waiting = [one for one in waiting if one not in meant]
                await asyncio.to_thread(self._unpack, tar, member, self._archive)
                with self._open:
                    for one in meant:
                        yield one
                self._archive.unlink()
                if not waiting:
                    return
        self._repositories = frozenset(repositories(self._tree)) if self._tree.is_dir() else frozenset()
        for one in waiting:
            yield one

    def _unpack(self, tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
        if member.size > self._left:
            raise NoRoom(
                f"There is no room to unpack the images of {self._bundle.name}.",
                found=f"{member.name} has {member.size} bytes, {self._left} can be used in {self._folder.parent}",
                hint="make room there, or name a folder on a larger disk with TMPDIR",
            )
        place.parent.mkdir(parents=True, exist_ok=True)
        with cast("tarfile.ExFileObject", tar.extractfile(member)) as source, place.open("wb") as out:
            shutil.copyfileobj(source, out, 1024 * 1024)
        self._unpacked += member.size
        self._tell(Moving(self._unpacked, 0))

    def opened(self, session: Session, image: Image) -> Images:
        """Where an image is read. Raises BadImage."""
        del session
        if self._archive.exists():
            found = ArchiveImages(self._archive)
            self._open.callback(found.close)
            return found
        short = image.path.rpartition("/")[2]
        for name in (f"{image.host}/{image.path}", image.path, short):
            if name in self._repositories:
                return FolderImages(self._tree, name)
        raise BadImage(f"The bundle does not hold {image}.", hint="ask the vendor for a whole bundle")


def _is(move: Move, identity: str) -> bool:
    image = images.full(move.source)
    return image is not None and image.identity == identity


def _identity(path: str) -> str:
    """``<host>/<path>/<tag>`` or ``<host>/<path>/sha256/<digest>`` as the image's full name; empty for no image."""
    name, _, last = path.rpartition("/")
    pinned = name.removesuffix("/sha256")
    image = images.parse(f"{name}:{last}" if pinned == name else f"{pinned}@sha256:{last}")
    return image.identity if image else ""


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r|*") as tar:
            yield tar
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadAirgap(f"{path.name} cannot be read as an air-gap bundle.", found=str(error)) from None


def _members(tar: tarfile.TarFile, path: Path) -> Iterator[tuple[tarfile.TarInfo, str]]:
    most, grown = max(_LEAST_GROWN, path.stat().st_size * archive.LIMITS.growth), 0
    for count, member in enumerate(tar, start=1):
        grown += member.size
        if count > _ENTRIES or grown > most:
            raise archive.UnsafeArchive(
                f"{path.name} holds more than a bundle can.", found=f"{count} files, {grown} bytes"
            )
        if member.isdir():
            continue
        name = archive.clean_path(member.name, name=path.name)
        if not member.isfile():
            raise archive.UnsafeArchive(f"{path.name} holds something else than a file: {name}.")
        yield member, name


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo, limit: int) -> bytes:
    if member.size > limit:
        raise BadAirgap(f"{member.name} in the bundle is too large.", found=f"{member.size} bytes")
    return cast("tarfile.ExFileObject", tar.extractfile(member)).read()
