"""One replica among several looks after the runs that the console carries: what a dead one left, it goes on with.

It also says, once for each, of runs that others began and left: what is still closed, and how to go on.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace

from changeover.actions import carrying
from changeover.actions.carrying import Left
from changeover.actions.outside import Outside
from changeover.console.executing import Executing
from changeover.errors import Problem

EVERY = 2.0
"""Seconds between two looks."""
AGAIN = 10.0
"""Seconds before a run that ended here with a problem is tried again; doubled each time, up to `LONGEST`."""
LONGEST = 120.0
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Tried:
    times: int = 0
    last: float = float("-inf")


@dataclass(slots=True)
class CarryingOn:
    """The look-after of one replica."""

    outside: Outside
    executing: Executing
    _tried: dict[str, _Tried] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    async def forever(self) -> None:
        """Look every two seconds, until cancelled."""
        while True:
            try:
                await self.look()
            except Problem as problem:
                _LOG.warning("cannot look after runs: %s", problem)
            await self.outside.clock.sleep(EVERY)

    async def look(self) -> None:
        """Go on with what nobody executes; forget what is cared for."""
        found = {one.name: one for one in await carrying.left_alone(self.outside)}
        self._told &= found.keys()
        for one in found.values():
            if one.carried:
                await self._carry(one)
            elif one.begun and one.name not in self._told:
                self._told.add(one.name)
                text = f"nobody executes it; `changeover resume {one.name}` goes on."
                await carrying.tell(self.outside, one, text)

    async def _carry(self, left: Left) -> None:
        name, now = left.name, self.outside.clock.monotonic()
        if self.executing.here(name):
            return
        tried = self._tried.setdefault(name, _Tried())
        if now - tried.last > 2 * LONGEST:
            tried.times = 0
        if tried.times and now - tried.last < min(LONGEST, AGAIN * 2 ** (tried.times - 1)):
            return
        tried.times, tried.last = tried.times + 1, now
        _LOG.warning("%s: %s; going on here", name, "whoever executed it is gone" if left.begun else "nobody begins it")
        self.executing.go_on(replace(self.outside, person=left.by), name)
        if left.begun:
            await carrying.tell(self.outside, left, "whoever executed it is gone; another replica goes on.")
