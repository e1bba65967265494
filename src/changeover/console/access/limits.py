"""How much and how slowly a browser may send: a body has an end in bytes and in seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.types import Message, Receive

from changeover.console.access.refusal import Refusal

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a request's body."""

    bytes: int = 2 * MEBIBYTE
    larger: Mapping[str, int] = field(default_factory=dict)
    """More bytes for paths that begin so: uploads."""
    pause_seconds: float = 15.0
    """How long a browser may be silent in the middle of a body."""
    whole_seconds: float = 120.0
    """How long a whole body may take."""

    def of(self, path: str) -> int:
        """Bytes that a body to that path may have."""
        return next((size for start, size in self.larger.items() if path.startswith(start)), self.bytes)


def bounded(receive: Receive, limits: Limits, *, most: int, now: Callable[[], float]) -> Receive:
    """Receive no more than that, no slower than that; raises Refusal (413, 408)."""
    size, whole, done = 0, False, now() + limits.whole_seconds

    async def inner() -> Message:
        nonlocal size, whole
        if whole:  # waiting for the browser to leave takes as long as it takes
            return await receive()
        message = await _within(receive(), min(limits.pause_seconds, done - now()))
        size += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if size > most:
            raise too_large(most)
        return message

    return inner


def too_large(most: int) -> Refusal:
    """A body beyond the bound."""
    return Refusal(413, "body-too-large", f"A request may hold at most {most // MEBIBYTE} MiB here.")


async def _within(message: Awaitable[Message], seconds: float) -> Message:
    try:
        return await asyncio.wait_for(message, max(seconds, 0.0))
    except TimeoutError:
        raise Refusal(408, "too-slow", "The request came too slowly.", "send it again") from None
