"""Requests to registries: logs in as the server asks for it (Basic, or a Bearer token), tries again what may pass.

A body is bytes or nothing, so that every request can be sent again: after a login, and when the network or the server
fails. Redirects are followed; what logs in is not sent along to another host.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import httpx2

from changeover.channel.registry.logins import Logins
from changeover.errors import Problem

SECONDS = 60.0
ATTEMPTS = 5
_PAUSES = (0.5, 1.0, 2.0, 4.0)
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class RegistryRefused(Problem):
    """A registry that does not answer as asked: no right, not there, or broken."""

    reference = "registry-refused"


class Session:
    """One connection pool for all registries of a piece of work."""

    def __init__(self, logins: Logins, *, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._logins = logins
        self._client = httpx2.AsyncClient(timeout=SECONDS, follow_redirects=True, transport=transport)
        self._authorizations: dict[tuple[str, str], str] = {}
        self.pause = asyncio.sleep

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    def base(self, host: str) -> str:
        """Where a host's API is."""
        return self._logins.base(host)

    async def request(
        self, method: str, url: str, *, scope: str, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> httpx2.Response:
        """The answer, read whole, whatever its status. Raises RegistryRefused when none comes."""
        async with self.stream(method, url, scope=scope, headers=headers, content=content) as answer:
            await answer.aread()
            return answer

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, *, scope: str, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> AsyncIterator[httpx2.Response]:
        """The same, to be read bit by bit."""
        answer = await self._open(method, url, scope, dict(headers or {}), content)
        try:
            yield answer
        finally:
            await answer.aclose()

    async def _open(self, method: str, url: str, scope: str, headers: dict[str, str], content: bytes) -> Any:
        host = httpx2.URL(url).netloc.decode()
        last = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                await self.pause(_PAUSES[attempt - 1])
            known = self._authorizations.get((host, scope))
            own = {"Authorization": known} if known else {}
            try:
                request = self._client.build_request(method, url, headers={**headers, **own}, content=content)
                answer = await self._client.send(request, stream=True)
                if answer.status_code == 401 and await self._log_in(answer, host, scope, sent=known):
                    await answer.aclose()
                    continue
            except (httpx2.TransportError, httpx2.InvalidURL) as error:
                last = f"{type(error).__name__}: {error}"
                continue
            if answer.status_code not in _PASSING:
                return answer
            last = f"HTTP {answer.status_code}"
            await answer.aclose()
        raise RegistryRefused(
            f"The registry {host} does not answer.", found=last, hint="check the address; --plain-http HOST for http"
        )

    async def _log_in(self, answer: httpx2.Response, host: str, scope: str, *, sent: str | None) -> bool:
        """Get what the server asks for; whether there is something else to try with than what was sent."""
        if self._authorizations.get((host, scope)) != sent:
            return True  # somebody beside us logged in meanwhile
        wanted = answer.headers.get("www-authenticate", "")
        basic = await asyncio.to_thread(self._logins.basic, _named(host))
        if wanted.lower().startswith("bearer"):
            found = await self._token(dict(_PARAMETER.findall(wanted)), scope, basic)
        else:
            found = basic
        if not found or found == sent:
            return False
        self._authorizations[host, scope] = found
        return True

    async def _token(self, told: Mapping[str, str], scope: str, basic: str) -> str:
        query = {"service": told.get("service", ""), "scope": scope}
        headers = {"Authorization": basic} if basic else {}
        answer = await self._client.get(told.get("realm", ""), params=query, headers=headers)
        data = answer.json() if answer.status_code == 200 else {}
        token = data.get("token") or data.get("access_token")
        return f"Bearer {token}" if token else ""


def _named(host: str) -> str:
    return "docker.io" if host == "registry-1.docker.io" else host
