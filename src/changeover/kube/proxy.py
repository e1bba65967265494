"""HTTP to a pod through the API server's proxy: works wherever the API server is reachable, with its rights and TLS."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import IO, Any

import httpx2

from changeover.kube import errors
from changeover.objects import Ref

CHUNK = 256 * 1024
SECONDS = 3600.0


class PodProxy:
    """Streams to and from one port of a pod."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def json(self, pod: Ref, port: int, path: str) -> Any:
        """GET a JSON answer."""
        return json.loads(b"".join([part async for part in self.get(pod, port, path)]))

    async def get(self, pod: Ref, port: int, path: str) -> AsyncIterator[bytes]:
        """GET as a stream."""
        what = f"reading from {pod}"
        try:
            async with self._http.stream("GET", _path(pod, port, path), timeout=SECONDS) as answer:
                if answer.is_error:
                    await answer.aread()
                    raise errors.problem_of(what, answer)
                async for part in answer.aiter_bytes(CHUNK):
                    yield part
        except httpx2.TransportError as error:
            raise errors.unreachable(what, error) from error

    async def put(
        self, pod: Ref, port: int, path: str, *, content: IO[bytes], headers: Mapping[str, str]
    ) -> tuple[int, str]:
        """PUT a stream; status and text of the answer."""

        async def parts() -> AsyncIterator[bytes]:
            while part := content.read(CHUNK):
                yield part

        try:
            answer = await self._http.put(
                _path(pod, port, path), content=parts(), headers=dict(headers), timeout=SECONDS
            )
        except httpx2.TransportError as error:
            raise errors.unreachable(f"writing to {pod}", error) from error
        return answer.status_code, answer.text


def _path(pod: Ref, port: int, path: str) -> str:
    return f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}:{port}/proxy/{path}"
