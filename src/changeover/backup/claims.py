"""Copies volumes into a claim of the same namespace, and back: one pod mounts both, and works on when we are gone."""

from __future__ import annotations

import time
from collections.abc import Sequence

from changeover.backup.pieces import piece_of, place
from changeover.backup.pods import Mount, Pods
from changeover.backup.volumes import bound
from changeover.ports import BackupPiece, Cluster

DESTINATION = "/destination"
SOURCE = "/source"


class ClaimVolumes:
    """Implements `ports.Volumes`; `inside` is the folder of this Installation in the destination's claim."""

    def __init__(self, cluster: Cluster, *, namespace: str, claim: str, inside: str, image: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._claim = claim
        self._inside = inside
        self._pods = Pods(cluster, namespace, image)

    async def room(self, claims: Sequence[str]) -> tuple[int, int]:
        """(bytes needed at most, bytes free at the destination)."""
        for claim in (*claims, self._claim):
            await bound(self._cluster, self._namespace, claim)
        mounts = [Mount(claim, f"{SOURCE}/{number}") for number, claim in enumerate(claims)]
        order = {"do": "measure", "sources": [mount.path for mount in mounts], "folder": DESTINATION}
        what = "Measuring the volumes"
        key = f"room {time.time_ns()}"
        told = await self._pods.obey(key, order, [*mounts, Mount(self._claim, DESTINATION)], what=what)
        return int(told["needed"]), int(told["free"])

    async def back_up(self, claim: str, *, name: str, key: str) -> BackupPiece:
        """Copy a claim's content and read it back."""
        began = time.monotonic()
        live, _ = await bound(self._cluster, self._namespace, claim)
        await bound(self._cluster, self._namespace, self._claim)
        where = f"{self._inside}/{place(key, name)}"
        about = {
            "name": name,
            "claim": claim,
            "claim_uid": live.uid,
            "location": f"pvc://{self._claim}/{where.rpartition('/')[0]}/",
            "seconds": 0.0,
        }
        order = {"do": "back-up", "source": SOURCE, "place": f"{DESTINATION}/{where}", "about": about}
        mounts = [Mount(claim, SOURCE), Mount(self._claim, DESTINATION, writes=True)]
        told = await self._pods.obey(key, order, mounts, what=f"Backing up PersistentVolumeClaim/{claim}")
        return piece_of({**told, "seconds": round(time.monotonic() - began, 3)})

    async def restore(self, piece: BackupPiece, *, key: str) -> None:
        """Replace the claim's content by the piece's, after having verified the piece."""
        inside = piece.location.removeprefix(f"pvc://{self._claim}/")
        order = {
            "do": "restore",
            "archive": f"{DESTINATION}/{inside}",
            "sha256": piece.sha256,
            "target": SOURCE,
            "key": key,
        }
        mounts = [Mount(piece.claim, SOURCE, writes=True), Mount(self._claim, DESTINATION)]
        await self._pods.obey(key, order, mounts, what=f"Restoring PersistentVolumeClaim/{piece.claim}")
