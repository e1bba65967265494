"""What copying through pods needs of the cluster beyond `ports.Cluster`: HTTP to a port of a pod."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import IO, Protocol

from changeover.objects import Ref
from changeover.ports import Cluster, Json


class Streams(Protocol):
    """HTTP to a pod through the API server."""

    async def json(self, pod: Ref, port: int, path: str) -> Json:
        """GET a JSON answer."""
        ...

    def get(self, pod: Ref, port: int, path: str) -> AsyncIterator[bytes]:
        """GET as a stream."""
        ...

    async def put(
        self, pod: Ref, port: int, path: str, *, content: IO[bytes], headers: Mapping[str, str]
    ) -> tuple[int, str]:
        """PUT a stream; status and text of the answer."""
        ...


class StreamingCluster(Cluster, Protocol):
    """A cluster that also gives such streams."""

    @property
    def streams(self) -> Streams:
        """To its pods."""
        ...
