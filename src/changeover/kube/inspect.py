"""Bounded reads that only collecting needs: any path as bytes, a command's two outputs apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx2
from httpx2.websockets import HTTPXWSException, WebSocketUpgradeError

from changeover.kube import errors
from changeover.kube.execute import ERRORS, OUTPUT, PROTOCOLS, STATUS, exit_code, first_of
from changeover.objects import Ref


class Inspector:
    """Reads through an API server; the credentials decide what may be read."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def read(self, path: str, *, query: Mapping[str, str] | None = None, most: int) -> bytes:
        """GET, and at most so many bytes of the answer. Raises ClusterProblem."""
        what = f"reading {path}"
        content = b""
        try:
            async with self._http.stream("GET", path, params=dict(query or {})) as answer:
                if answer.is_error:
                    await answer.aread()
                    raise errors.problem_of(what, answer)
                async for part in answer.aiter_bytes():
                    content += part[: most - len(content)]
                    if len(content) >= most:
                        break
        except httpx2.TransportError as error:
            raise errors.unreachable(what, error) from error
        return content

    async def run(self, pod: Ref, command: Sequence[str], *, container: str, most: int) -> tuple[int, bytes, bytes]:
        """Exit code (-1 when cut off at `most` bytes), output and errors of a command. Raises ClusterProblem."""
        query = [("stdout", "true"), ("stderr", "true"), *(("command", word) for word in command)]
        query += [("container", container)] if container else []
        path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/exec"
        what = f"running {command[0]} in {pod}"
        kept = {OUTPUT: b"", ERRORS: b""}
        try:
            async with self._http.websocket(path, subprotocols=PROTOCOLS, params=query) as session:  # type: ignore[arg-type]
                while sum(map(len, kept.values())) < most:
                    message = await session.receive_bytes()
                    if message and message[0] == STATUS:
                        return exit_code(message[1:]), kept[OUTPUT], kept[ERRORS]
                    if message and message[0] in kept:
                        kept[message[0]] += message[1:]
        except WebSocketUpgradeError as refused:
            raise errors.problem_of(what, refused.response) from refused
        except (HTTPXWSException, httpx2.TransportError) as error:
            raise errors.unreachable(what, error) from error
        except BaseExceptionGroup as group:
            raise first_of(group, what) from group
        return -1, kept[OUTPUT], kept[ERRORS]
