"""Copies volumes between a folder of this machine and pods that mount the claims, through the API server's proxy.

Nothing but the API server need be reachable from here. Compression and reading back happen here.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import zstandard

from changeover.backup import archive
from changeover.backup.pieces import Folder, NotCopied, place, problem_of, verify
from changeover.backup.pods import PORT, Mount, Pods
from changeover.backup.streams import StreamingCluster
from changeover.backup.volumes import bound
from changeover.objects import Ref
from changeover.ports import BackupPiece


class MoverVolumes:
    """Implements `ports.Volumes`."""

    def __init__(self, cluster: StreamingCluster, *, namespace: str, folder: Path, image: str) -> None:
        self._cluster = cluster
        self._streams = cluster.streams
        self._namespace = namespace
        self._folder = Folder(folder, f"file://{folder}")
        self._pods = Pods(cluster, namespace, image)

    async def room(self, claims: Sequence[str]) -> tuple[int, int]:
        """(bytes needed at most, bytes free at the destination)."""
        needed = 0
        for claim in claims:
            await bound(self._cluster, self._namespace, claim)
            async with self._pod(claim, f"room {claim}", writes=False) as pod:
                needed += int((await self._streams.json(pod, PORT, "size"))["archive"])
        return needed, self._folder.free()

    async def back_up(self, claim: str, *, name: str, key: str) -> BackupPiece:
        """Copy a claim's content and read it back."""
        found = self._folder.finished(key, name)
        if found is not None:
            return found
        began = time.monotonic()
        live, _ = await bound(self._cluster, self._namespace, claim)
        file = self._folder.path / f"{place(key, name)}.tar.zst"
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{file.name}.part")
        async with self._pod(claim, key, writes=False) as pod:
            self._folder.need(int((await self._streams.json(pod, PORT, "size"))["archive"]))
            await self._download(pod, part)
            told = await self._streams.json(pod, PORT, "digest")
        _refuse(told, f"Backing up PersistentVolumeClaim/{claim}")
        piece = BackupPiece(
            name=name,
            claim=claim,
            claim_uid=live.uid,
            location=f"file://{file}",
            sha256=told["sha256"],
            bytes=told["bytes"],
            files=told["files"],
            seconds=round(time.monotonic() - began, 3),
        )
        part.replace(file)
        await asyncio.to_thread(verify, file, piece)
        self._folder.finish(piece, key)
        return piece

    async def _download(self, pod: Ref, part: Path) -> None:
        with part.open("wb") as file:
            with zstandard.ZstdCompressor(level=3).stream_writer(file, closefd=False) as packed:
                async for content in self._streams.get(pod, PORT, "tar"):
                    packed.write(content)
            file.flush()
            os.fsync(file.fileno())

    async def restore(self, piece: BackupPiece, *, key: str) -> None:
        """Replace the claim's content by the piece's."""
        file = self._folder.file_of(piece.location)
        await asyncio.to_thread(verify, file, piece)
        headers = {"X-Sha256": piece.sha256, "X-Key": key}
        async with self._pod(piece.claim, key, writes=True) as pod:
            with archive.expanded(file) as stream, tempfile.TemporaryFile() as plain:
                await asyncio.to_thread(_spool, stream, plain)
                status, body = await self._streams.put(pod, PORT, "tar", content=plain, headers=headers)
        what = f"Restoring PersistentVolumeClaim/{piece.claim}"
        if status == 409:
            _refuse(json.loads(body), what)
        if status != 200:
            raise NotCopied(f"{what}: the pod must take the archive.", found=f"{status} {body[:200]}")

    @asynccontextmanager
    async def _pod(self, claim: str, key: str, *, writes: bool) -> AsyncIterator[Ref]:
        ref = await self._pods.start(f"{key} {claim}", str(PORT), [Mount(claim, "/data", writes)])
        try:
            await self._pods.ready(ref)
            yield ref
        finally:
            await self._pods.remove(ref)


def _refuse(told: dict[str, Any], what: str) -> None:
    if "error" in told:
        raise problem_of(told["error"], what)
    if "sha256" not in told:
        raise NotCopied(f"{what}: the stream must be complete.", found="it was cut off")


def _spool(stream: Any, plain: Any) -> None:
    while part := stream.read(archive.CHUNK):
        plain.write(part)
    plain.seek(0)
