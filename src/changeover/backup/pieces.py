"""A backup piece on disk: ``NAME.tar.zst`` with ``NAME.json`` beside it, which is written last and makes it count.

The archive's name carries the run, so that a repetition finds what is finished; unfinished files end in ``.part``.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

import zstandard

from changeover.errors import Problem
from changeover.ports import BackupPiece

CHUNK = 1024 * 1024
HEADROOM = 64 * 1024 * 1024
"""Bytes that must stay free at the destination after a backup."""


class BrokenBackup(Problem):
    """A backup that does not hold what its manifest says; it is never restored."""

    reference = "broken-backup"


class NoRoom(Problem):
    """The destination has not enough space for the backup."""

    reference = "no-room"


@dataclass(frozen=True, slots=True)
class Content:
    """What a tar stream held: sha256 of the stream, bytes of all files, how many files."""

    sha256: str
    bytes: int
    files: int


class Folder:
    """The pieces of one Installation in a folder of this machine."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def place(self, key: str, name: str) -> Path:
        """Where the archive of a piece lies."""
        safe = "".join(char if char.isalnum() or char in "-." else "-" for char in key)
        return self.path / safe / f"{name}.tar.zst"

    def finished(self, key: str, name: str) -> BackupPiece | None:
        """The piece, when an earlier attempt finished it."""
        manifest = self.place(key, name).with_suffix("").with_suffix(".json")
        if not manifest.exists():
            return None
        return BackupPiece(**json.loads(manifest.read_text()))

    def finish(self, piece: BackupPiece, key: str) -> None:
        """Write the manifest: from now on the piece counts."""
        manifest = self.place(key, piece.name).with_suffix("").with_suffix(".json")
        part = manifest.with_suffix(".part")
        part.write_text(json.dumps(piece.as_json(), indent=2, sort_keys=True))
        part.replace(manifest)

    def free(self) -> int:
        """Bytes that may still be written here."""
        self.path.mkdir(parents=True, exist_ok=True)
        return max(0, shutil.disk_usage(self.path).free - HEADROOM)

    def need(self, wanted: int) -> None:
        """Raise NoRoom when so many bytes do not fit."""
        free = self.free()
        if wanted > free:
            raise NoRoom(
                f"The backup needs up to {wanted:,} bytes in {self.path}.",
                found=f"{free:,} bytes free",
                hint="free some space, or name another destination in the Installation's policy.backup.destination",
            )

    @contextmanager
    def writing(self, key: str, name: str) -> Iterator[BinaryIO]:
        """A file to write the compressed archive to; it gets its name when the block ends well."""
        final = self.place(key, name)
        final.parent.mkdir(parents=True, exist_ok=True)
        part = final.with_suffix(".part")
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(final)


@contextmanager
def reading(location: str) -> Iterator[IO[bytes]]:
    """The uncompressed tar stream of an archive at ``file:///...``."""
    path = Path(location.removeprefix("file://"))
    if not path.exists():
        raise BrokenBackup(f"The backup {location} must be there.", found="no such file")
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        yield stream


def verify(location: str, expected: Content) -> None:
    """Read an archive back, whole: raises BrokenBackup unless it holds exactly what went in."""
    try:
        with reading(location) as stream:
            found = measure(stream)
    except (zstandard.ZstdError, tarfile.TarError) as error:
        raise BrokenBackup(f"The backup {location} must be readable.", found=str(error)) from error
    if found != expected:
        raise BrokenBackup(
            f"The backup {location} must hold what was copied.",
            found=f"{found.files} files, {found.bytes} bytes, {found.sha256[:19]}",
            hint=f"wanted {expected.files} files, {expected.bytes} bytes, {expected.sha256[:19]}",
        )


def measure(stream: IO[bytes]) -> Content:
    """Read a tar stream to its end: digest of the stream, files and their bytes."""
    tapped = Tap(stream)
    files = size = 0
    with tarfile.open(fileobj=tapped, mode="r|") as archive:
        for member in archive:
            if member.isfile():
                files += 1
                size += member.size
    while tapped.read(CHUNK):
        pass
    return Content(f"sha256:{tapped.digest.hexdigest()}", size, files)


class Tap(io.RawIOBase):
    """A stream that digests what is read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream
        self.digest = hashlib.sha256()

    def readable(self) -> bool:  # noqa: D102
        return True

    def read(self, size: int = -1) -> bytes:  # noqa: D102
        content = self._stream.read(size)
        self.digest.update(content)
        return content
