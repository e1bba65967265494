"""Which replica of the console holds the files that are on their way: requests about them are passed on to it.

A file lies on one pod's disk. The first replica that is asked takes the place; the others pass on to it, as it came,
what is about files; when it does not answer any more, whoever was asked takes its place.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import httpx2
from starlette.requests import Request
from starlette.responses import Response

from changeover.actions.shared_rows import SharedRows

Answer = Callable[[Request], Awaitable[Response]]
_ROW = "holder"
_PASSED = "x-changeover-passed"
_SECONDS = 60.0
_OWN = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive", "date", "server"})
"""Headers that belong to a connection; of an answer the gate adds its own again."""


class Holder:
    """This replica among the others; without rows it is alone. `address` is where the others reach it."""

    def __init__(self, rows: SharedRows | None = None, address: str = "") -> None:
        self._rows = rows
        self._address = address

    def here(self, answer: Answer) -> Answer:
        """Answered by whoever holds the files."""

        async def inner(request: Request) -> Response:
            holder = "" if _PASSED in request.headers else await self._holder()
            if not holder:
                return await answer(request)
            try:
                return await _passed_on(request, holder)
            except httpx2.TransportError:
                await self._take(holder)
                return await answer(request)

        return inner

    async def _holder(self) -> str:
        """The address of another replica that holds them; empty = ourselves."""
        if self._rows is None:
            return ""
        known = (await self._rows.read()).get(_ROW, "")
        if not known:
            await self._take("")
            known = (await self._rows.read()).get(_ROW, "")
        return "" if known == self._address else known

    async def _take(self, before: str) -> None:
        """Take the place of who held them before, unless another was faster."""

        def decide(rows: Mapping[str, str]) -> Mapping[str, str | None]:
            return {_ROW: self._address} if rows.get(_ROW, "") == before else {}

        if self._rows is not None:
            await self._rows.change(decide)


async def _passed_on(request: Request, address: str) -> Response:
    headers = [(name, value) for name, value in request.headers.items() if name not in _OWN]
    async with httpx2.AsyncClient(timeout=_SECONDS) as client:
        found = await client.request(
            request.method,
            f"{address}{request.url.path}{'?' if request.url.query else ''}{request.url.query}",
            headers=[*headers, (_PASSED, "1")],
            content=await request.body(),
        )
    more = {name: value for name, value in found.headers.items() if name not in _OWN and name != "content-encoding"}
    return Response(found.content, found.status_code, more)
