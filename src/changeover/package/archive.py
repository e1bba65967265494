"""Reads archives that nobody vouches for, from bytes to named bytes, without touching a disk.

* regular files and folders only; devices, sparse files and anything else are refused by name, and links too, unless
  they are asked to be followed: then they stand for a file within, and one that leads outside is refused;
* no absolute names, no ``..``, no name twice, no file where a folder was;
* bounded: entries, size of one file, size of all, and how much a compressed byte may grow to;
* checksums of headers are verified; a cut-off archive is refused, never half read.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import posixpath
import re
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from changeover.errors import Problem

_PIECE = 1024 * 1024
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an archive may hold: entries, bytes of one file, bytes of all, bytes out per byte in."""

    entries: int = 20_000
    file_bytes: int = 256 * 1024 * 1024
    total_bytes: int = 1024 * 1024 * 1024
    growth: int = 200


LIMITS = Limits()


class UnsafeArchive(Problem):
    """An archive that could write where it must not, or that is far larger than it looks."""

    reference = "unsafe-archive"


class BrokenArchive(Problem):
    """Bytes that are not a complete tar archive."""

    reference = "broken-archive"


class NoPackage(Problem):
    """Nothing at the given place that could be a package."""

    reference = "no-package"


def unpack(content: bytes, name: str, *, limits: Limits = LIMITS) -> Mapping[str, bytes]:
    """The files in downloaded bytes; `name` tells an archive from a single manifest."""
    if content.startswith(GZIP_MAGIC) or name.endswith(".tar"):
        return read_tar(content, name=name, limits=limits)
    if name.endswith((".yaml", ".yml", ".json")):
        return {name: content}
    raise NoPackage(
        f"{name} is no package.", found=f"{len(content)} bytes of something else", hint="give a .tgz or a .yaml file"
    )


def read_tar(
    content: bytes, *, name: str = "the archive", limits: Limits = LIMITS, follow: bool = False
) -> dict[str, bytes]:
    """The regular files of a .tar, .tar.gz or .tgz by their clean names; `follow`: links within it too.

    Raises UnsafeArchive, BrokenArchive.
    """
    is_packed = content.startswith(GZIP_MAGIC)
    stream: IO[bytes] = _Unpacked(content, name=name, limits=limits) if is_packed else io.BytesIO(content)
    files: dict[str, bytes] = {}
    links: dict[str, str] = {}
    total = 0
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for count, entry in enumerate(archive, start=1):
                if count > limits.entries:
                    raise UnsafeArchive(f"{name} has more than {limits.entries} entries.")
                if follow and (entry.issym() or entry.islnk()):
                    links[clean_path(entry.name, name=name)] = _target(entry, name)
                    continue
                if not _is_plain(entry, name):
                    continue
                path = clean_path(entry.name, name=name)
                total += entry.size
                _check_size(path, (entry.size, total), name=name, limits=limits)
                if path in files:
                    raise UnsafeArchive(f"{name} holds {path} twice.", hint="pack every file once")
                files[path] = _content(archive, entry, name)
        while stream.read(_PIECE):
            pass  # what follows the archive must be whole, too
    except tarfile.TarError as error:
        raise BrokenArchive(f"{name} is not a complete tar archive.", found=str(error)) from None
    files.update({link: files[at] for link, at in links.items() if at in files and link not in files})
    _refuse_file_as_folder(files, name)
    return files


def _target(link: tarfile.TarInfo, name: str) -> str:
    """The file of the archive for which a link stands. Raises UnsafeArchive."""
    folder = posixpath.dirname(link.name) if link.issym() else ""
    if link.linkname.startswith("/"):
        return clean_path(link.linkname, name=name)
    return clean_path(posixpath.normpath(posixpath.join(folder, link.linkname)), name=name)


class _Unpacked(io.BytesIO):
    """Gzip as a stream that is unpacked as it is read: never whole in memory, and never beyond the limits."""

    def __init__(self, content: bytes, *, name: str, limits: Limits) -> None:
        super().__init__()
        self._name = name
        self._packed = len(content)
        self._stream = gzip.GzipFile(fileobj=io.BytesIO(content))
        grown = max(len(content) * limits.growth, 1024 * 1024)
        self._most = min(limits.total_bytes, grown) + 10 * 1024 * 1024
        self._read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """So many bytes, or all. Raises BrokenArchive, UnsafeArchive."""
        wanted = self._most - self._read + 1 if size is None or size < 0 else size
        try:
            piece = self._stream.read(wanted)
        except (OSError, EOFError, zlib.error) as error:
            raise BrokenArchive(f"{self._name} is not a complete gzip file.", found=str(error)) from None
        self._read += len(piece)
        if self._read > self._most:
            raise UnsafeArchive(
                f"{self._name} grows to more than {self._most} bytes when unpacked.",
                found=f"{self._packed} bytes packed",
            )
        return piece


def clean_path(path: str, *, name: str = "the archive") -> str:
    """A relative path of plain names. Raises UnsafeArchive for anything that leads elsewhere."""
    parts = PurePosixPath(path).parts
    absolute = path.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", path)
    if not parts or absolute or ".." in parts or "\\" in path or "\0" in path:
        raise UnsafeArchive(
            f"{name} holds a file that leads outside.", found=repr(path), hint="use relative names only"
        )
    return "/".join(part for part in parts if part != ".")


def digest(files: Mapping[str, bytes]) -> str:
    """``sha256:…`` over names and contents; order and packing do not matter."""
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{len(path.encode())}:{path}:{len(files[path])}:".encode())
        total.update(files[path])
    return f"sha256:{total.hexdigest()}"


def pack(files: Mapping[str, bytes], *, top: str = "") -> bytes:
    """A .tgz of the files, the same bytes for the same files (no times, no owners)."""
    target = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=target, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w:") as archive,
    ):
        for path in sorted(files):
            entry = tarfile.TarInfo(f"{top}/{path}" if top else path)
            entry.size = len(files[path])
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(files[path]))
    return target.getvalue()


def strip_common_folders(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Take off the folders that all files share, as KOTS does; ``userdata/`` has no say and keeps its name."""
    own = [path for path in files if not path.startswith("userdata/")]
    folders = [path.split("/")[:-1] for path in own]
    shared = 0
    while folders and all(len(parts) > shared and parts[shared] == folders[0][shared] for parts in folders):
        shared += 1
    if not shared:
        return dict(files)
    cut = len("/".join(folders[0][:shared])) + 1
    stripped = {path[cut:]: files[path] for path in own}
    stripped.update({path: content for path, content in files.items() if path.startswith("userdata/")})
    return stripped


def _is_plain(entry: tarfile.TarInfo, name: str) -> bool:
    if entry.isdir():
        clean_path(entry.name or ".", name=name) if entry.name.strip("./") else None
        return False
    if not entry.isreg() or entry.issparse():
        kind = "a link" if entry.issym() or entry.islnk() else "a device" if entry.isdev() else "no regular file"
        raise UnsafeArchive(
            f"{name} holds {entry.name}, which is {kind}; regular files and folders are accepted.",
            hint="pack the file itself instead",
        )
    return True


def _check_size(path: str, sizes: tuple[int, int], *, name: str, limits: Limits) -> None:
    size, total = sizes
    if size > limits.file_bytes:
        raise UnsafeArchive(f"{name}: {path} has {size} bytes, at most {limits.file_bytes} are accepted.")
    if total > limits.total_bytes:
        raise UnsafeArchive(f"{name} holds more than {limits.total_bytes} bytes.")


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo, name: str) -> bytes:
    stream = archive.extractfile(entry)
    content = stream.read() if stream else b""
    if len(content) != entry.size:
        raise BrokenArchive(f"{name} ends in the middle of {entry.name}.")
    return content


def _refuse_file_as_folder(files: Mapping[str, bytes], name: str) -> None:
    for path in files:
        parents = PurePosixPath(path).parents
        clash = next((str(parent) for parent in parents if str(parent) in files), None)
        if clash:
            raise UnsafeArchive(f"{name} holds {clash} as a file and as a folder.", found=path)
