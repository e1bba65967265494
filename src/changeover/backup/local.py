"""Copies volumes whose files this machine can reach: hostPath and local volumes of simulated or single-node clusters.

A restore unpacks beside the old content, verifies, then swaps: the claim never holds half of either.
"""

from __future__ import annotations

import asyncio
import shutil
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import zstandard

from changeover.backup.pieces import BrokenBackup, Content, Folder, measure, reading, verify
from changeover.backup.volumes import folder_of
from changeover.objects import KubeObject
from changeover.ports import BackupPiece, Cluster


class LocalVolumes:
    """Implements `ports.Volumes`."""

    def __init__(self, cluster: Cluster, namespace: str, *, folder: Path) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._folder = Folder(folder)

    async def room(self, claims: Sequence[str]) -> tuple[int, int]:
        """(bytes needed at most, bytes free at the destination)."""
        needed = 0
        for claim in claims:
            _, path = await folder_of(self._cluster, self._namespace, claim)
            needed += await asyncio.to_thread(_size, path)
        return needed, self._folder.free()

    async def back_up(self, claim: str, *, name: str, key: str) -> BackupPiece:
        """Copy a claim's content and read it back."""
        found = self._folder.finished(key, name)
        if found is not None:
            return found
        live, path = await folder_of(self._cluster, self._namespace, claim)
        return await asyncio.to_thread(self._copy, live, path, name, key)

    def _copy(self, claim: KubeObject, path: Path, name: str, key: str) -> BackupPiece:
        began = time.monotonic()
        self._folder.need(_size(path))
        with self._folder.writing(key, name) as file, zstandard.ZstdCompressor(level=3).stream_writer(file) as packed:
            _pack(path, packed)
        location = f"file://{self._folder.place(key, name)}"
        with reading(location) as stream:
            content = measure(stream)
        wanted = Content(content.sha256, _size(path), _count(path))
        verify(location, wanted)
        piece = BackupPiece(
            name=name,
            claim=claim.name,
            claim_uid=claim.uid,
            location=location,
            sha256=content.sha256,
            bytes=content.bytes,
            files=content.files,
            seconds=round(time.monotonic() - began, 3),
        )
        self._folder.finish(piece, key)
        return piece

    async def restore(self, piece: BackupPiece, *, key: str) -> None:
        """Replace the claim's content by the piece's."""
        await asyncio.to_thread(verify, piece.location, Content(piece.sha256, piece.bytes, piece.files))
        _, path = await folder_of(self._cluster, self._namespace, piece.claim)
        await asyncio.to_thread(_swap, piece, path, key)


def _files(path: Path) -> list[Path]:
    return sorted(one for one in path.rglob("*") if one.is_file() and not one.is_symlink())


def _size(path: Path) -> int:
    return sum(one.stat().st_size for one in _files(path))


def _count(path: Path) -> int:
    return len(_files(path))


def _pack(path: Path, stream: Any) -> None:
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for child in sorted(path.iterdir()):
            archive.add(child, arcname=child.name)


def _swap(piece: BackupPiece, path: Path, key: str) -> None:
    fresh = path / f".changeover-{key.rpartition('/')[2][:40]}"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    with reading(piece.location) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        archive.extractall(fresh, filter="tar")
    if _count(fresh) != piece.files:
        raise BrokenBackup(f"{piece.location} must unpack completely.", found=f"{_count(fresh)} of {piece.files} files")
    for old in path.iterdir():
        if old != fresh:
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
    for new in fresh.iterdir():
        new.replace(path / new.name)
    fresh.rmdir()
