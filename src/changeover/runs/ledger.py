"""The journal and the state that follows from it, kept together: a record is written, then folded, then told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from changeover.ports import Clock, JournalStore
from changeover.runs.faults import Faults
from changeover.runs.happenings import Happening, Tell, from_records
from changeover.runs.state import RunState, fold


class Ledger:
    """Writes records one append at a time, however many steps run concurrently."""

    def __init__(self, journal: JournalStore, clock: Clock, *, holder: str, tell: Tell, faults: Faults) -> None:
        self.state = RunState()
        self._journal = journal
        self._clock = clock
        self._holder = holder
        self._tell = tell
        self._faults = faults
        self._lock = asyncio.Lock()

    async def read(self) -> None:
        """Replay what is there."""
        self.state = fold(await self._journal.read())

    async def write(self, *records: Mapping[str, Any]) -> None:
        """Append records, each stamped with time and holder; after this they are facts."""
        async with self._lock:
            at = self._clock.now().isoformat(timespec="milliseconds")
            stamped: Sequence[Mapping[str, Any]] = [{**record, "at": at, "by": self._holder} for record in records]
            name = " ".join(f"{record['event']}:{record.get('step', '')}" for record in records[:3])
            self._faults.point(f"before {name}")
            await self._journal.append(stamped)
            self.state = fold(stamped, self.state)
            self._faults.point(f"after {name}")
        for happening in from_records(stamped):
            self._tell(happening)

    def tell(self, happening: Happening) -> None:
        """Say something that is not kept."""
        self._tell(happening)
