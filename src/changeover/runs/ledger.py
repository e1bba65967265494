"""The journal and the state that follows from it, kept together: a record is written, then folded, then told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.ports import Clock, JournalStore
from changeover.runs.faults import Faults
from changeover.runs.happenings import Happening, Tell, from_records
from changeover.runs.state import RunState, fold

BATCH = 200
"""Records per append at most, so that an append stays small."""


class Ledger:
    """Writes records one append at a time; what is written while another append is under way shares the next one."""

    def __init__(self, journal: JournalStore, clock: Clock, *, holder: str, tell: Tell, faults: Faults) -> None:
        self.state = RunState()
        self._journal = journal
        self._clock = clock
        self._holder = holder
        self._tell = tell
        self._faults = faults
        self._lock = asyncio.Lock()
        self._waiting: list[_Entry] = []
        self._writing: set[asyncio.Task[None]] = set()

    async def read(self) -> None:
        """Replay what is there."""
        self.state = fold(await self._journal.read())

    async def write(self, *records: Mapping[str, Any]) -> None:
        """Append records, each stamped with time and holder; after this they are facts.

        Up to `BATCH` of them are written all or none; more, as at the beginning of a wave of 10,000 objects, in parts.
        """
        for begin in range(0, len(records), BATCH):
            await self._write_part(records[begin : begin + BATCH])

    async def _write_part(self, records: Sequence[Mapping[str, Any]]) -> None:
        at = self._clock.now().isoformat(timespec="milliseconds")
        entry = _Entry([{**record, "at": at, "by": self._holder} for record in records])
        self._waiting.append(entry)
        writing = asyncio.create_task(self._write(entry))
        self._writing.add(writing)
        writing.add_done_callback(self._written)
        await asyncio.shield(writing)  # an act that is cut off must not leave half a write behind

    def _written(self, writing: asyncio.Task[None]) -> None:
        self._writing.discard(writing)
        if not writing.cancelled():
            writing.exception()

    async def _write(self, entry: _Entry) -> None:
        async with self._lock:
            if not entry.over:
                await self._flush()
        if entry.error is not None:
            raise entry.error

    async def _flush(self) -> None:
        batch = [self._waiting.pop(0)]
        while self._waiting and sum(len(one.records) for one in batch) < BATCH:
            batch.append(self._waiting.pop(0))
        records = [record for one in batch for record in one.records]
        name = " ".join(f"{record['event']}:{record.get('step', '')}" for record in records[:3])
        try:
            self._faults.point(f"before {name}")
            await self._journal.append(records)
            self.state = fold(records, self.state)
            self._faults.point(f"after {name}")
        except BaseException as error:
            for one in batch:
                one.error = error
            raise
        finally:
            for one in batch:
                one.over = True
        for happening in from_records(records):
            self._tell(happening)

    def tell(self, happening: Happening) -> None:
        """Say something that is not kept."""
        self._tell(happening)


@dataclass(slots=True)
class _Entry:
    """Records that wait to be written, and what became of them."""

    records: Sequence[Mapping[str, Any]]
    over: bool = False
    error: BaseException | None = None
