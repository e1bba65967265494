"""One look a second at a run for all who watch it; each change becomes one event, with an id that says which.

An event carries the whole live part of the page, so that whoever reconnects (Last-Event-ID) loses nothing and gets
nothing twice: the id is the journal's length and a digest of what is shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from changeover.errors import Problem

EVERY = 1.0
KEEP_ALIVE = 15.0


@dataclass(frozen=True, slots=True)
class Shown:
    """The live part of a page at one moment."""

    records: int
    html: str
    ended: bool

    @property
    def id(self) -> str:
        """Which moment it is."""
        return f"{self.records}-{hashlib.sha256(self.html.encode()).hexdigest()[:12]}"


@dataclass(slots=True)
class _Watched:
    task: asyncio.Task[None] | None = None
    shown: Shown | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    viewers: int = 0
    away: str = ""
    """Why the cluster could not be looked at; empty when it could."""

    def tell(self, why: str) -> None:
        """Say that what is shown is old."""
        if why != self.away:
            self.away = why
            self.wake()

    def wake(self) -> None:
        """Something is new for everybody."""
        before, self.changed = self.changed, asyncio.Event()
        before.set()


class Live:
    """What is watched now, by name."""

    def __init__(self, look: Callable[[str], Awaitable[Shown]]) -> None:
        self._look = look
        self._watched: dict[str, _Watched] = {}

    async def events(self, name: str, last: str) -> AsyncIterator[str]:
        """Server-sent events of a run, from the moment `last` on."""
        watched = self._watched.setdefault(name, _Watched())
        watched.viewers += 1
        if watched.task is None:
            watched.task = asyncio.create_task(self._watch(name, watched))
        try:
            yield "retry: 1000\n\n"
            while True:
                shown, changed = watched.shown, watched.changed
                if shown is not None and shown.id != last:
                    last = shown.id
                    yield _event("live", shown)
                if shown is not None and shown.ended:
                    yield _event("end", shown)
                    return
                if watched.away:
                    yield f"event: away\ndata: {' '.join(watched.away.split())}\n\n"
                try:
                    await asyncio.wait_for(changed.wait(), KEEP_ALIVE)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            watched.viewers -= 1
            if not watched.viewers:
                self._watched.pop(name, None)
                if watched.task:
                    watched.task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await watched.task

    async def _watch(self, name: str, watched: _Watched) -> None:
        while True:
            try:
                shown = await self._look(name)
            except Problem as problem:  # the cluster is away: what was seen stays, and is said to be old
                watched.tell(problem.message)
                await asyncio.sleep(EVERY)
                continue
            watched.away = ""
            if watched.shown is None or shown.id != watched.shown.id:
                watched.shown = shown
                watched.wake()
            if shown.ended:
                return
            await asyncio.sleep(EVERY)


def _event(name: str, shown: Shown) -> str:
    lines = "".join(f"data: {line}\n" for line in shown.html.splitlines()) if name == "live" else "data: \n"
    return f"id: {shown.id}\nevent: {name}\n{lines}\n"
