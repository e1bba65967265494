"""Requests as a user would send them: a fresh connection each, so that every one finds its own way to a pod."""

from __future__ import annotations

import time
from collections.abc import Mapping

import httpx2

from changeover.ports import Answer

MOST_BYTES = 4 * 1024 * 1024
"""What is read of an answer's body."""


class UserHttp:
    """Implements `ports.Http`."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        within: float = 10.0,
    ) -> Answer:
        """One request, answered `within` seconds; no retries, no redirects; never raises for what the network does."""
        began = time.monotonic()
        try:
            async with (
                httpx2.AsyncClient(timeout=within, trust_env=False) as client,
                client.stream(method, url, content=body, headers=dict(headers or {})) as answer,
            ):
                content = b""
                async for part in answer.aiter_bytes():
                    content += part
                    if len(content) >= MOST_BYTES:
                        break
                return Answer(answer.status_code, content, dict(answer.headers), time.monotonic() - began)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            return Answer(0, seconds=time.monotonic() - began, error=f"{type(error).__name__}: {error}".rstrip(": "))
