"""Copy a folder into an archive and back in place. Python's standard library only: this file also runs inside a pod.

* an archive is written beside its final name, read back whole (sha256 of the tar stream, number of files), then named,
  then described by a manifest: whatever has a manifest is complete and verified
* the same place finds its finished archive again instead of copying twice
* room is checked before the first byte; who has too little is told how much is wanted and found
* a restore unpacks beside the content, verifies, and only then swaps; cut off in the middle of the swap, the next call
  finishes it, and what was there before goes last
* zstd where Python has it (3.14, or the zstandard module), gzip elsewhere
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import importlib
import json
import os
import shutil
import stat
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STAGING = ".changeover-restore"
LEFT_ALONE = frozenset({STAGING, "lost+found"})
CHUNK = 1024 * 1024
SPARE = 16 * 1024 * 1024
"""Bytes of the destination that are never counted as free."""


class MoveError(Exception):
    """What went wrong, as wanted, found and hint; `code` is stable."""

    def __init__(self, code: str, wanted: str, found: str, hint: str = "") -> None:
        super().__init__(f"{wanted} found: {found}")
        self.told = {"code": code, "wanted": wanted, "found": found, "hint": hint}


class Digesting:
    """A stream that digests what passes through it."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Pass on."""
        self.digest.update(data)
        self.inner.write(data)
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Pass on."""
        data: bytes = self.inner.read(size)
        self.digest.update(data)
        return data

    def to_the_end(self) -> str:
        """The digest of everything, when what is left has passed too."""
        while self.read(CHUNK):
            pass
        return f"sha256:{self.digest.hexdigest()}"


def measured(folder: Path) -> dict[str, int]:
    """Bytes and number of the folder's regular files, and the bytes that an archive of it needs at most."""
    files = size = archive = 0
    for path in walk(folder):
        status = path.lstat()
        regular = stat.S_ISREG(status.st_mode)
        files += regular
        size += status.st_size * regular
        archive += 2048 + (status.st_size + 511) // 512 * 512 * regular
    return {"files": files, "bytes": size, "archive": archive + 10240}


def free(folder: Path) -> int:
    """Bytes that may still be written under the folder, or under the nearest existing one above it."""
    while not folder.exists():
        folder = folder.parent
    return max(0, shutil.disk_usage(folder).free - SPARE)


def walk(folder: Path) -> Iterator[Path]:
    """Everything in the folder, sorted, parents first; our own staging and lost+found left out."""
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        path = Path(entry.path)
        if path.parent == folder and entry.name in LEFT_ALONE:
            continue
        yield path
        if entry.is_dir(follow_symlinks=False):
            yield from _under(path)


def _under(folder: Path) -> Iterator[Path]:
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        path = Path(entry.path)
        yield path
        if entry.is_dir(follow_symlinks=False):
            yield from _under(path)


def pack(source: Path, out: Any) -> dict[str, Any]:
    """Write the folder as a tar stream; returns its sha256, and bytes and number of the files in it."""
    stream = Digesting(out)
    files = size = 0
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
        for path in walk(source):
            if path.is_socket():
                continue
            try:
                member = tar.gettarinfo(str(path), arcname=str(path.relative_to(source)))
                if member.isreg():
                    with path.open("rb") as content:
                        tar.addfile(member, content)
                    files, size = files + 1, size + member.size
                else:
                    tar.addfile(member)
            except OSError as error:
                wanted = "The files must hold still while they are copied, and be readable."
                hint = "is something still writing? name the workload in the profile, so that it is scaled down"
                raise MoveError("source-changed", wanted, f"{path.name}: {error}", hint) from error
    return {"sha256": f"sha256:{stream.digest.hexdigest()}", "bytes": size, "files": files}


def check(plain: Any) -> dict[str, Any]:
    """Read a tar stream to its end; returns what `pack` returned when nothing is missing."""
    stream = Digesting(plain)
    files = size = 0
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:  # type: ignore[call-overload]
            for member in tar:
                files, size = files + member.isreg(), size + member.size * member.isreg()
        return {"sha256": stream.to_the_end(), "bytes": size, "files": files}
    except _broken() as error:
        raise MoveError("archive-broken", "The archive must be readable.", str(error)) from error


def back_up(source: Path, place: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Archive a folder as ``place.tar.*``; returns the manifest ``place.json``, which is written last."""
    manifest = place.with_name(f"{place.name}.json")
    finished = read_manifest(manifest)
    if finished is not None:
        return finished
    need, room = measured(source)["archive"], free(place.parent)
    if room < need:
        raise MoveError(
            "no-room",
            f"The backup needs up to {need:,} bytes.",
            f"{room:,} bytes free",
            "free some space, or name another destination in the Installation's policy.backup.destination",
        )
    place.parent.mkdir(parents=True, exist_ok=True)
    zstd = zstd_module() is not None
    final = place.with_name(f"{place.name}.tar.{'zst' if zstd else 'gz'}")
    part = final.with_name(f"{final.name}.part")
    with part.open("wb") as out:
        with compressed(out, zstd=zstd) as stream:
            written = pack(source, stream)
        out.flush()
        os.fsync(out.fileno())
    with expanded(part, zstd=zstd) as stream:
        read = check(stream)
    if read != written:
        raise MoveError("archive-differs", f"The archive must read back as {written}.", f"{read}")
    part.replace(final)
    told = {**about, **read, "location": f"{about.get('location', '')}{final.name}"}
    write_whole(manifest, json.dumps(told, indent=1, sort_keys=True))
    return told


def restore(plain: Any, target: Path, *, sha256: str, key: str) -> dict[str, Any]:
    """Replace the folder's content by a tar stream's; `key` lets a cut off swap be finished."""
    staging = target / STAGING
    if not _is_swapping(staging, key):
        shutil.rmtree(staging, ignore_errors=True)
        new = staging / "new"
        new.mkdir(parents=True)
        read = unpack(plain, new)
        if read["sha256"] != sha256:
            shutil.rmtree(staging)
            raise MoveError("archive-differs", f"The archive must have digest {sha256}.", str(read["sha256"]))
        before = sorted(one.name for one in target.iterdir() if one.name not in LEFT_ALONE)
        after = sorted(one.name for one in new.iterdir())
        write_whole(staging / "swap.json", json.dumps({"key": key, "before": before, "after": after, **read}))
    return _swap(target, staging)


def _is_swapping(staging: Path, key: str) -> bool:
    plan = read_manifest(staging / "swap.json")
    return plan is not None and plan.get("key") == key


def _swap(target: Path, staging: Path) -> dict[str, Any]:
    plan = read_manifest(staging / "swap.json") or {}
    old, emptied = staging / "old", staging / "emptied"
    old.mkdir(exist_ok=True)
    if not emptied.exists():
        for name in plan["before"]:
            with contextlib.suppress(FileNotFoundError):
                (target / name).rename(old / name)
        emptied.touch()
    for name in plan["after"]:
        with contextlib.suppress(FileNotFoundError):
            (staging / "new" / name).rename(target / name)
    missing = [name for name in plan["after"] if not os.path.lexists(target / name)]
    if missing:
        raise MoveError("restore-incomplete", "All content must be in place.", f"missing: {', '.join(missing[:5])}")
    os.sync()
    shutil.rmtree(staging)
    return {name: plan[name] for name in ("sha256", "bytes", "files")}


def unpack(plain: Any, folder: Path) -> dict[str, Any]:
    """Unpack a tar stream into an empty folder, owners and modes as they were; nothing may point out of it."""
    stream = Digesting(plain)
    files = size = 0
    folders = []
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:  # type: ignore[call-overload]
            tar.extraction_filter = lambda member, _: member
            for member in tar:
                _refuse_stray(member, folder)
                tar.extract(member, str(folder), numeric_owner=True)
                files, size = files + member.isreg(), size + member.size * member.isreg()
                folders += [member] if member.isdir() else []
        for member in reversed(folders):
            os.utime(folder / member.name, (member.mtime, member.mtime))
        return {"sha256": stream.to_the_end(), "bytes": size, "files": files}
    except _broken() as error:
        raise MoveError("archive-broken", "The archive must be readable.", str(error)) from error
    except OSError as error:
        hint = "the old content stays until the new is complete, so both must fit"
        raise MoveError("no-room", "The volume must take the content.", str(error), hint) from error


def _refuse_stray(member: tarfile.TarInfo, folder: Path) -> None:
    """Names stay inside, and no name leads through a link that was unpacked before."""
    parts = Path(member.name).parts
    bad = member.name.startswith("/") or ".." in parts or not parts
    here = folder
    for part in parts[:-1]:
        here = here / part
        bad = bad or here.is_symlink()
    if member.islnk():
        bad = bad or member.linkname.startswith("/") or ".." in Path(member.linkname).parts
    if bad:
        raise MoveError("archive-strays", "Everything in an archive must stay inside it.", member.name)


def read_manifest(path: Path) -> dict[str, Any] | None:
    """A manifest; None when it is missing or was cut off."""
    try:
        told = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def write_whole(path: Path, text: str) -> None:
    """All of it or nothing, also when the machine stops."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)


def zstd_module() -> Any:
    """What writes zstd in this Python; None where nothing does."""
    for name in ("compression.zstd", "zstandard"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    return None


def _broken() -> tuple[type[Exception], ...]:
    """What reading a damaged archive raises; gzip's own error is an OSError."""
    module = zstd_module()
    known = (tarfile.TarError, EOFError, ValueError, zlib.error, gzip.BadGzipFile)
    return (*known, module.ZstdError) if module else known


@contextlib.contextmanager
def compressed(out: Any, *, zstd: bool) -> Iterator[Any]:
    """A stream that compresses into `out`, and leaves that open."""
    module = zstd_module() if zstd else None
    if module is None:
        with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1, mtime=0) as stream:
            yield stream
    elif hasattr(module, "ZstdFile"):
        with module.ZstdFile(out, "wb") as stream:
            yield stream
    else:
        with module.ZstdCompressor(level=3).stream_writer(out, closefd=False) as stream:
            yield stream


@contextlib.contextmanager
def expanded(archive: Path, *, zstd: bool | None = None) -> Iterator[Any]:
    """The tar stream in a compressed file; how it is compressed stands in its name, unless it is said."""
    module = zstd_module()
    is_zstd = archive.suffix == ".zst" if zstd is None else zstd
    with archive.open("rb") as file:
        if not is_zstd:
            with gzip.GzipFile(fileobj=file, mode="rb") as stream:
                yield stream
        elif module is None:
            hint = "take an image with Python 3.14, or with the module zstandard"
            raise MoveError("no-zstd", "The archive is zstd; Python must read that.", "it cannot", hint)
        elif hasattr(module, "ZstdFile"):
            with module.ZstdFile(file, "rb") as stream:
                yield stream
        else:
            with module.ZstdDecompressor().stream_reader(file) as stream:
                yield stream
