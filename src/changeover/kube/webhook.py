"""Tells an address of the operator's what becomes of a run: JSON by POST. Never waits, never fails a run.

* what cannot be delivered at once is tried a few times, then dropped and counted; the queue is bounded
* redirects are not followed, answers are not read
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Literal

from changeover.ports import Http, Json

What = Literal["started", "failed", "held", "finished", "gate-still-closed"]

PAUSES = (1.0, 4.0, 15.0)
"""Seconds between attempts."""
WITHIN = 5.0
WAITING = 100


class Webhook:
    """Delivers in the background, in order; `closing` gives what waits a last chance."""

    def __init__(self, url: str, http: Http, *, pauses: tuple[float, ...] = PAUSES) -> None:
        self._url = url
        self._http = http
        self._pauses = pauses
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(WAITING)
        self._worker: asyncio.Task[None] | None = None
        self.dropped = 0

    def tell(self, what: What, about: Mapping[str, Json]) -> None:
        """Queue one message: ``{"event": what, ...about}``; returns at once."""
        if self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._deliver())
        try:
            self._waiting.put_nowait(json.dumps({"event": what, **about}, sort_keys=True).encode())
        except asyncio.QueueFull:
            self.dropped += 1

    async def close(self, *, within: float = 10.0) -> None:
        """Deliver what waits, for so many seconds, then stop."""
        if self._worker is None:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._waiting.join(), within)
        self.dropped += self._waiting.qsize()
        self._worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._worker

    async def _deliver(self) -> None:
        while True:
            body = await self._waiting.get()
            if not await self._delivered(body):
                self.dropped += 1
            self._waiting.task_done()

    async def _delivered(self, body: bytes) -> bool:
        headers = {"content-type": "application/json", "user-agent": "changeover"}
        for pause in (*self._pauses, None):
            answer = await self._http.request("POST", self._url, headers=headers, body=body, within=WITHIN)
            if 200 <= answer.status < 300:
                return True
            if pause is None or 400 <= answer.status < 500:
                return False
            await asyncio.sleep(pause)
        return False
