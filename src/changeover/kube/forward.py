"""A port of this machine that leads into a pod: the product's own port-forward, which reconnects by itself.

Every connection is a WebSocket of its own to the API server (``portforward``, v4.channel.k8s.io) and to whichever pod
is ready then: when a pod dies its connections end, and the next ones go to another. Channel 0 is data, 1 is the error;
the first message on each repeats the port.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable

import httpx2
from httpx2.websockets import AsyncWebSocketSession, HTTPXWSException

from changeover.objects import Ref
from changeover.ports import ClusterProblem

PROTOCOL = "v4.channel.k8s.io"
CHUNK = 32 * 1024
TRIES = 40
PAUSE_SECONDS = 0.5
"""Between tries to reach a pod: twenty seconds in all, in which a killed pod is replaced."""
_DATA, _ERROR = 0, 1
_LOG = logging.getLogger(__name__)

FindPod = Callable[[], Awaitable[Ref | None]]
"""A pod that is ready now; None when there is none."""


class Forward:
    """Leads connections of this machine to a port of whichever pod is ready."""

    def __init__(self, http: httpx2.AsyncClient, find: FindPod, port: int) -> None:
        self._http = http
        self._find = find
        self._port = port
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, listening: socket.socket) -> None:
        """Lead connections until cancelled."""
        server = await asyncio.start_server(self._connected, sock=listening)
        try:
            await server.serve_forever()
        finally:
            for one in self._connections:
                one.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            await self._lead(reader, writer)
        finally:
            writer.close()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(TRIES):
            with contextlib.suppress(ClusterProblem):
                pod = await self._find()
                if pod is not None and await self._through(pod, reader, writer):
                    return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _through(self, pod: Ref, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Lead one connection; False when the pod could not be reached and nothing was sent yet."""
        path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/portforward"
        query, timeout = {"ports": str(self._port)}, httpx2.Timeout(None, connect=5.0)
        reached = False
        try:
            async with self._http.websocket(path, subprotocols=[PROTOCOL], params=query, timeout=timeout) as session:
                reached = True
                await _pump(session, reader, writer)
        except* (HTTPXWSException, httpx2.TransportError, OSError) as group:
            _LOG.info("pod %s: %s", pod.name, group.exceptions[0])
        return reached


async def _pump(session: AsyncWebSocketSession, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Both ways until either side ends."""

    async def upward() -> None:
        while part := await reader.read(CHUNK):
            await session.send_bytes(bytes([_DATA]) + part)

    async def downward() -> None:
        greeted = set()
        while True:
            message = await session.receive_bytes()
            if not message:
                continue
            channel, part = message[0], message[1:]
            if channel not in greeted:  # the port, twice
                greeted.add(channel)
                continue
            if channel == _ERROR and part:
                _LOG.info("the pod's end says: %s", part.decode(errors="replace").strip())
                return
            writer.write(part)
            await writer.drain()

    tasks = {asyncio.create_task(upward()), asyncio.create_task(downward())}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
