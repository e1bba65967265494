"""An air-gap bundle (``.airgap``): a release as a file, with its package and its images, read as a channel of one.

``airgap.yaml`` and ``app.tar.gz`` come first, images last, so that reading the package does not read gigabytes. Images
are unpacked into a temporary folder (TMPDIR) while they are copied, as far as there is room. Names in the bundle cannot
lead out of it; links are refused, and so is what grows out of all proportion.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
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
    place = scratch.folder()
    with (
        tempfile.TemporaryDirectory(prefix="changeover-airgap-", dir=place) as folder,
        contextlib.ExitStack() as stack,
    ):
        await asyncio.to_thread(unpack_images, Path(bundle), Path(folder), tell)
        shelf = Shelf(Path(folder) / "images", stack)
        return await carry_out(moves, access, tell, opened=shelf.opened)


def unpack_images(path: Path, into: Path, tell: Tell = lambda _: None) -> None:
    """Unpack the bundle's images. Raises BadAirgap, UnsafeArchive; NoRoom before the disk is full."""
    left, done = scratch.free(into), 0
    with _opened(path) as tar:
        for member, name in _members(tar, path):
            if name.startswith(_IMAGES):
                tell(Moving(done, 0))
                if member.size > left - done:
                    raise NoRoom(
                        f"There is no room to unpack the images of {path.name}.",
                        found=f"{name} has {member.size} bytes, {left - done} can be used in {into.parent}",
                        hint="make room there, or name a folder on a larger disk with TMPDIR",
                    )
                done += member.size
                place = into / name
                place.parent.mkdir(parents=True, exist_ok=True)
                source = tar.extractfile(member)
                if source is not None:
                    with place.open("wb") as out:
                        shutil.copyfileobj(source, out, 1024 * 1024)
    tell(Moving(done, done))


class Shelf:
    """Finds an image among a bundle's unpacked images, in any of the forms of bundles."""

    def __init__(self, root: Path, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._tree = root / _TREE
        archives = root / _ARCHIVES
        self._archives = {
            identity: path
            for path in (sorted(archives.rglob("*")) if archives.is_dir() else ())
            if path.is_file() and (identity := _identity(path.relative_to(archives).as_posix()))
        }
        self._repositories = frozenset(repositories(self._tree)) if self._tree.is_dir() else frozenset[str]()

    def opened(self, session: Session, image: Image) -> Images:
        """Where an image is read. Raises BadImage."""
        del session
        found = self._archives.get(image.identity)
        if found is not None:
            opened = ArchiveImages(found)
            self._stack.callback(opened.close)
            return opened
        short = image.path.rpartition("/")[2]
        for name in (f"{image.host}/{image.path}", image.path, short):
            if name in self._repositories:
                return FolderImages(self._tree, name)
        raise BadImage(f"The bundle does not hold {image}.", hint="ask the vendor for a whole bundle")


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
