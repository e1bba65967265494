"""Copies volumes whose files this machine can reach: hostPath and local volumes of simulated or single-node clusters.

A restore unpacks beside the old content, verifies, then swaps: the claim never holds half of either.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from changeover.backup import archive
from changeover.backup.pieces import Folder, piece_of, place, problem_of, verify
from changeover.backup.volumes import folder_of
from changeover.objects import KubeObject
from changeover.ports import BackupPiece, Cluster


class LocalVolumes:
    """Implements `ports.Volumes`; `claim` names the destination's claim when it is not a folder of this machine."""

    def __init__(self, cluster: Cluster, namespace: str, *, folder: Path, claim: str = "") -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._inside = folder
        self._claim = claim

    async def _folder(self) -> Folder:
        if not self._claim:
            return Folder(self._inside, f"file://{self._inside}")
        _, path = await folder_of(self._cluster, self._namespace, self._claim)
        return Folder(path / self._inside, f"pvc://{self._claim}/{self._inside}")

    async def room(self, claims: Sequence[str]) -> tuple[int, int]:
        """(bytes needed at most, bytes free at the destination)."""
        needed = 0
        for claim in claims:
            _, path = await folder_of(self._cluster, self._namespace, claim)
            needed += (await asyncio.to_thread(archive.measured, path))["archive"]
        return needed, (await self._folder()).free()

    async def back_up(self, claim: str, *, name: str, key: str) -> BackupPiece:
        """Copy a claim's content and read it back."""
        folder = await self._folder()
        live, path = await folder_of(self._cluster, self._namespace, claim)
        return await asyncio.to_thread(_copy, live, path, folder=folder, name=name, key=key)

    async def restore(self, piece: BackupPiece, *, key: str) -> None:
        """Replace the claim's content by the piece's."""
        file = (await self._folder()).file_of(piece.location)
        _, path = await folder_of(self._cluster, self._namespace, piece.claim)
        await asyncio.to_thread(_replace, piece, path, file=file, key=key)


def _copy(claim: KubeObject, path: Path, *, folder: Folder, name: str, key: str) -> BackupPiece:
    began = time.monotonic()
    where = place(key, name)
    about = {
        "name": name,
        "claim": claim.name,
        "claim_uid": claim.uid,
        "location": f"{folder.address}/{where.rpartition('/')[0]}/",
        "seconds": 0.0,
    }
    finished = folder.finished(key, name)
    if finished is not None:
        return finished
    try:
        piece = piece_of(archive.back_up(path, folder.path / where, about))
    except archive.MoveError as error:
        raise problem_of(error.told, f"Backing up PersistentVolumeClaim/{claim.name}") from error
    timed = BackupPiece(**{**piece.as_json(), "seconds": round(time.monotonic() - began, 3)})
    folder.finish(timed, key)
    return timed


def _replace(piece: BackupPiece, path: Path, *, file: Path, key: str) -> None:
    verify(file, piece)
    try:
        with archive.expanded(file) as stream:
            archive.restore(stream, path, sha256=piece.sha256, key=key)
    except archive.MoveError as error:
        raise problem_of(error.told, f"Restoring PersistentVolumeClaim/{piece.claim}") from error
