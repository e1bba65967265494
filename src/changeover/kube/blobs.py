"""Content-addressed bytes beside an Installation: zstd, in Secrets of at most 512 KiB, owned by the Installation.

The digest is of the content before compression. Pieces are immutable, so that writing the same content again is free.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime

import zstandard

from changeover.errors import Problem
from changeover.objects import API_VERSION, Kind, KubeObject, Ref
from changeover.ports import AlreadyExists, Cluster
from changeover.settings import BLOB_BYTES, INSTALLATION_LABEL

SECRET = Kind("v1", "Secret")
TYPE = "changeover.dev/blob"
RAW_BYTES = BLOB_BYTES * 3 // 4
"""What fits into a piece once base64 has made four bytes of three."""


class BrokenBlob(Problem):
    """A blob is missing or is not what its digest says."""

    reference = "broken-blob"


class KubeBlobs:
    """Implements `ports.Blobs` for one Installation."""

    def __init__(self, cluster: Cluster, installation: KubeObject) -> None:
        self._cluster = cluster
        self._installation = installation

    async def put(self, content: bytes, *, kind: str) -> str:
        """Store and return the digest; the same content twice is one blob."""
        digest = _digest(content)
        packed = zstandard.ZstdCompressor(level=9).compress(content)
        pieces = [packed[start : start + RAW_BYTES] for start in range(0, len(packed), RAW_BYTES)] or [b""]
        wanted = [
            self._piece(digest, number, len(pieces), piece=piece, kind=kind) for number, piece in enumerate(pieces)
        ]
        for piece in wanted:
            try:
                await self._cluster.create(piece)
            except AlreadyExists:
                await self._replace_if_other(piece)
        return digest

    async def _replace_if_other(self, wanted: KubeObject) -> None:
        """What lies there may be of another compressor, damaged, or of an Installation of this name that is gone.

        The last is collected with its owner, seconds later, whatever it holds.
        """
        live = await self._cluster.get(wanted.ref)
        if live is not None and not live.terminating and _same(live, wanted):
            return
        if live is not None:
            await self._cluster.delete(live.ref, uid=live.uid)
        await self._cluster.create(wanted)

    async def collect(self, keep: Collection[str], *, older_than: datetime) -> Sequence[str]:
        """Delete the Installation's blobs of before that time that are not to be kept; returns their digests."""
        selector = f"{INSTALLATION_LABEL}={self._installation.name},changeover.dev/part"
        gone: dict[str, None] = {}
        for secret in await self._cluster.list(SECRET, namespace=self._installation.namespace, selector=selector):
            digest = secret.annotations.get("changeover.dev/digest", "")
            created = str(secret.get("metadata", "creationTimestamp", default=""))
            if secret.get("type") == TYPE and digest not in keep and _is_before(created, older_than):
                await self._cluster.delete(secret.ref, uid=secret.uid)
                gone[digest] = None
        return list(gone)

    async def get(self, digest: str) -> bytes:
        """Read and verify."""
        packed = b""
        number, count = 0, 1
        while number < count:
            found = await self._cluster.get(self._ref(digest, number))
            if found is None:
                raise BrokenBlob(
                    f"Blob {digest} must be there, complete.",
                    found=f"piece {number + 1} of {count} is missing",
                    hint="it was removed by hand; the revision it belongs to cannot be used any more",
                )
            count = int(found.annotations.get("changeover.dev/pieces", "1"))
            packed += base64.b64decode(found.get("data", "content", default=""))
            number += 1
        try:
            content = zstandard.ZstdDecompressor().decompress(packed)
        except zstandard.ZstdError as error:
            raise BrokenBlob(f"Blob {digest} must be readable.", found=str(error)) from error
        if _digest(content) != digest:
            raise BrokenBlob(f"Blob {digest} must have this digest.", found=_digest(content))
        return content

    def _ref(self, digest: str, number: int) -> Ref:
        return Ref(
            SECRET, self._installation.namespace, f"changeover-blob-{digest.removeprefix('sha256:')[:40]}-{number}"
        )

    def _piece(self, digest: str, number: int, count: int, *, piece: bytes, kind: str) -> KubeObject:
        ref = self._ref(digest, number)
        owner = {
            "apiVersion": API_VERSION,
            "kind": self._installation.kind,
            "name": self._installation.name,
            "uid": self._installation.uid,
        }
        return KubeObject(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": TYPE,
                "immutable": True,
                "metadata": {
                    "name": ref.name,
                    "namespace": ref.namespace,
                    "labels": {INSTALLATION_LABEL: self._installation.name, "changeover.dev/part": kind},
                    "annotations": {"changeover.dev/digest": digest, "changeover.dev/pieces": str(count)},
                    "ownerReferences": [owner],
                },
                "data": {"content": base64.b64encode(piece).decode()},
            }
        )


def _same(live: KubeObject, wanted: KubeObject) -> bool:
    owners = [str(owner["uid"]) for one in (live, wanted) for owner in one.metadata.get("ownerReferences") or ()]
    return live.get("data") == wanted.get("data") and len(owners) == 2 and owners[0] == owners[1]


def _is_before(created: str, time: datetime) -> bool:
    return bool(created) and datetime.fromisoformat(created) < time


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
