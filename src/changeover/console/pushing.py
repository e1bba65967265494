"""Pushes of bundles that go on in this console: one at a time, told step by step, stopped between two pieces.

What a push did is in the registry; here is only how far it is. After a restart of the console the bundle waits again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from changeover.actions import shipping, uploads
from changeover.actions.outside import Outside
from changeover.actions.shipping import How, Progress
from changeover.arrivals import File
from changeover.errors import Problem
from changeover.images import Copied, Moving


class PushUnderWay(Problem):
    """Another bundle is being pushed."""

    reference = "push-under-way"


class _StopError(Exception):
    """A person stopped the push."""


@dataclass(frozen=True, slots=True)
class Push:
    """One push: how far it is, and what stopped it."""

    progress: Progress
    by: str
    under_way: bool = True
    problem: Problem | None = None


class Pushing:
    """The pushes, by the id of the upload."""

    def __init__(self) -> None:
        self._told: dict[str, Push] = {}
        self.offered = ""
        """The version that was offered last."""
        self._now = ""
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    @property
    def told(self) -> Mapping[str, Push]:
        """How far each is, or why it stopped."""
        return self._told

    async def begin(self, outside: Outside, installation: str, id_: str, how: How) -> None:
        """Push a bundle that arrived here. Raises PushUnderWay, NoUpload, NoRegistry."""
        if self._now:
            raise PushUnderWay("A bundle is being pushed already.", hint="wait until it is done, or stop it")
        self._now = id_
        try:
            shipment, path = await shipping.of_arrived(outside, installation, id_)
            shipment.refuse(how)
        except BaseException:
            self._now = ""
            raise
        self.offered = ""
        self._told[id_] = Push(shipping.begun(shipment.listed.moves), outside.person)
        self._task = asyncio.create_task(self._push(outside, installation, (path, shipment.file), how))

    async def stop(self, id_: str) -> None:
        """Stop after the piece that is being sent; what is in the registry stays there."""
        if self._task is not None and self._now == id_:
            self._stopping = True
            await asyncio.wait({self._task})

    async def close(self) -> None:
        """Stop whatever goes on."""
        await self.stop(self._now)

    async def _push(self, outside: Outside, installation: str, shipped: tuple[Path, File], how: How) -> None:
        id_ = self._now

        def tell(event: Copied | Moving) -> None:
            if self._stopping:
                raise _StopError
            now = self._told[id_]
            self._told[id_] = replace(now, progress=now.progress.heard(event, outside.clock.monotonic()))

        try:
            self.offered = (await shipping.send(outside, installation, shipped, how, tell=tell)).version
            await uploads.forget(outside, installation, id_)
            del self._told[id_]
        except _StopError:
            del self._told[id_]
        except Problem as problem:
            self._told[id_] = replace(self._told[id_], under_way=False, problem=problem)
        finally:  # whatever it was, nothing is under way any more
            if id_ in self._told:
                self._told[id_] = replace(self._told[id_], under_way=False)
            self._now, self._stopping, self._task = "", False, None
