"""Time that passes only when everybody waits: an event loop whose sleeps cost nothing, and a Clock on it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


class Stuck(AssertionError):
    """Everybody waits, and nothing will ever happen."""


class _Jump(selectors.SelectSelector):
    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events:
            if timeout is None:
                raise Stuck("nobody will ever wake up")
            self.loop.virtual += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time."""

    def __init__(self, start: float) -> None:
        selector = _Jump()
        super().__init__(selector)
        selector.loop = self
        self.virtual = start

    def time(self) -> float:
        return self.virtual


class FakeClock:
    """Implements `ports.Clock`; `seconds` goes on from one process (event loop) to the next."""

    def __init__(self) -> None:
        self._seconds = 0.0

    @property
    def seconds(self) -> float:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return self._seconds
        return loop.time()

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def pass_by(self, seconds: float) -> None:
        """Let time pass at once, as when a process is stopped and goes on later, or between two processes."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._seconds += seconds
        else:
            assert isinstance(loop, VirtualLoop)
            loop.virtual += seconds

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run it to its end, or to a power cut, in a process of its own; whatever it left running is gone with it."""
        loop = VirtualLoop(self._seconds)
        try:
            return loop.run_until_complete(coroutine)
        finally:
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._seconds = loop.virtual
            loop.close()
