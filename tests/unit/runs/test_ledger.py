"""Records become facts in order, share appends, and are never half-written by somebody who is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from changeover.ports import Json, Unreachable
from changeover.runs.faults import Faults
from changeover.runs.happenings import Happening
from changeover.runs.ledger import Ledger


class Slow:
    """A journal whose appends take a moment, and fail when told to."""

    def __init__(self) -> None:
        self.appends: list[list[Mapping[str, Json]]] = []
        self.fails = False

    async def read(self) -> Sequence[Mapping[str, Json]]:
        return [record for records in self.appends for record in records]

    async def append(self, records: Sequence[Mapping[str, Json]]) -> None:
        await asyncio.sleep(0.01)
        if self.fails:
            raise Unreachable("no answer")
        self.appends.append(list(records))


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 3, 2, 3, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def ledger(journal: Slow, told: list[Happening] | None = None) -> Ledger:
    return Ledger(journal, Clock(), holder="ada", tell=(told if told is not None else []).append, faults=Faults())


def note(number: int) -> dict[str, Any]:
    return {"event": "noted", "step": "a", "key": str(number), "data": number}


async def test_what_is_written_meanwhile_shares_the_next_append() -> None:
    journal = Slow()
    book = ledger(journal)
    await asyncio.gather(*(book.write(note(n)) for n in range(50)))
    assert len(journal.appends) <= 2
    assert list(book.state.notes["a"].values()) == list(range(50))


async def test_records_are_stamped_and_told_after_they_are_facts() -> None:
    journal, told = Slow(), list[Happening]()
    await ledger(journal, told).write({"event": "begun", "step": "a"})
    assert journal.appends[0][0]["by"] == "ada"
    assert journal.appends[0][0]["at"] == "2026-03-02T03:00:00.000+00:00"
    assert [happening.event for happening in told] == ["begun"]


async def test_a_failed_append_fails_all_that_shared_it_and_nothing_was_told() -> None:
    journal, told = Slow(), list[Happening]()
    journal.fails = True
    book = ledger(journal, told)
    ended = await asyncio.gather(*(book.write(note(n)) for n in range(3)), return_exceptions=True)
    assert all(isinstance(one, Unreachable) for one in ended)
    assert told == []
    assert book.state.records == 0


async def test_who_is_cut_off_while_writing_leaves_a_whole_record_and_disturbs_nobody() -> None:
    journal = Slow()
    book = ledger(journal)
    cut = asyncio.create_task(book.write(note(1)))
    await asyncio.sleep(0)
    other = asyncio.create_task(book.write(note(2)))
    await asyncio.sleep(0)
    cut.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut
    await other
    assert sorted(record["data"] for records in journal.appends for record in records) == [1, 2]
