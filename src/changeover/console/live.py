"""One look a second at a run for all who watch it; each change is one event, with an id that says which moment it is.

An event carries the whole live part of the page as its viewer may see it, so that whoever reconnects (Last-Event-ID)
misses nothing and gets nothing twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from changeover.actions.watching import Seen
from changeover.errors import Problem

EVERY = 1.0
KEEP_ALIVE = 15.0
FIRST = "retry: 1000\n\n"


def moment(seen: Seen) -> str:
    """The id of a moment: how long the journal is, and a digest of what is not in it."""
    beside = f"{seen.waiting_for}\0{seen.holder}"
    return f"{seen.state.records}-{hashlib.sha256(beside.encode()).hexdigest()[:12]}"


@dataclass(slots=True)
class _Watched:
    task: asyncio.Task[None] | None = None
    seen: Seen | None = None
    away: str = ""
    """Why the cluster could not be looked at; empty when it could."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    viewers: int = 0

    def show(self, seen: Seen | None, away: str = "") -> None:
        """What is new, for everybody."""
        if away == self.away and (seen is None or (self.seen is not None and moment(seen) == moment(self.seen))):
            return
        self.seen, self.away = seen or self.seen, away
        before, self.changed = self.changed, asyncio.Event()
        before.set()


class Live:
    """What is watched now, by name."""

    def __init__(self, look: Callable[[str], Awaitable[Seen]]) -> None:
        self._look = look
        self._watched: dict[str, _Watched] = {}

    async def events(self, name: str, last: str, draw: Callable[[Seen], str]) -> AsyncIterator[str]:
        """Server-sent events of a run from the moment `last` on, drawn for one viewer: live, away, end."""
        watched = self._watched.setdefault(name, _Watched())
        watched.viewers += 1
        watched.task = watched.task or asyncio.create_task(self._watch(name, watched))
        try:
            yield FIRST
            while True:
                changed, seen = watched.changed, watched.seen
                if seen is not None and moment(seen) != last:
                    last = moment(seen)
                    yield _event("live", draw(seen), last)
                if seen is not None and seen.ended:
                    yield _event("end", "", last)
                    return
                if watched.away:
                    yield _event("away", watched.away, last)
                try:
                    await asyncio.wait_for(changed.wait(), KEEP_ALIVE)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            watched.viewers -= 1
            if not watched.viewers:
                del self._watched[name]
                watched.task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watched.task

    async def _watch(self, name: str, watched: _Watched) -> None:
        while True:
            try:
                watched.show(await self._look(name))
            except Problem as problem:  # what was seen stays, and is said to be old
                watched.show(None, away=problem.message)
            if watched.seen is not None and watched.seen.ended:
                return
            await asyncio.sleep(EVERY)


def _event(name: str, text: str, last: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"id: {last}\nevent: {name}\n{lines}\n"
