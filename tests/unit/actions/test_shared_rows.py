"""Rows that two replicas share, on an API server in memory."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from changeover.actions.shared_rows import SECONDS, SharedRows
from changeover.console.access.attempts import LOCKED_AFTER, Attempts
from changeover.ports import Unreachable
from tests.crash.api_server import ApiServer


class Desk:
    """As much of `Outside` as shared rows touch."""

    def __init__(self) -> None:
        self.cluster: Any = ApiServer()
        self.namespace = "shop"
        self.clock = self
        self.time = 1000.0

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)


@pytest.fixture
def desk() -> Any:
    return Desk()


async def test_what_one_writes_the_other_reads_at_once_or_a_second_later(desk: Any) -> None:
    one, two = SharedRows(desk, "rows"), SharedRows(desk, "rows")
    await one.change(lambda _: {"a": "first"})
    assert await two.read() == {"a": "first"}
    await one.change(lambda _: {"a": None, "b": "second"})
    desk.time += SECONDS / 2
    assert await two.read() == {"a": "first"}, "a moment ago is good enough"
    assert await two.read(fresh=True) == {"b": "second"}
    await one.change(lambda _: {"b": None})
    desk.time += SECONDS + 0.1
    assert await two.read() == {}


async def test_who_decided_on_old_rows_decides_again(desk: Any) -> None:
    one, two = SharedRows(desk, "rows"), SharedRows(desk, "rows")

    def add(rows: Any) -> dict[str, str | None]:
        return {"count": str(int(rows.get("count", "0")) + 1)}

    await asyncio.gather(*(shelf.change(add) for _ in range(10) for shelf in (one, two)))
    assert (await one.read(fresh=True))["count"] == "20"


async def test_nothing_to_do_is_decided_on_what_is_kept_now(desk: Any) -> None:
    one, two = SharedRows(desk, "rows"), SharedRows(desk, "rows")
    await one.change(lambda _: {"a": "1"})
    await two.change(lambda _: {"b": "2"})
    await one.change(lambda rows: {"b": None} if "b" in rows else {})
    assert await two.read(fresh=True) == {"a": "1"}


async def test_a_cluster_that_does_not_answer_signs_nobody_out(desk: Any) -> None:
    rows = SharedRows(desk, "rows")
    await rows.change(lambda _: {"a": "1"})
    answering = desk.cluster

    class Away:
        async def get(self, _: Any) -> None:
            raise Unreachable("no answer")

    desk.cluster, desk.time = Away(), desk.time + 60
    assert await rows.read() == {"a": "1"}
    with pytest.raises(Unreachable):
        await SharedRows(desk, "rows").read()
    desk.cluster = answering


async def test_guesses_with_two_replicas_are_counted_together(desk: Any) -> None:
    def now() -> float:
        return float(desk.time)

    replicas = [Attempts(now, SharedRows(desk, "attempts")) for _ in range(2)]
    tries = 0
    for _ in range(600):
        waits = await asyncio.gather(*(one.begin("name ada 1", "address 10.0.0.9") for one in replicas))
        tries += waits.count(0.0)
        desk.time += 1
    assert tries == LOCKED_AFTER
    assert await replicas[1].wait("name ada 1") > 0
    await replicas[0].succeeded("name ada 1", "address 10.0.0.9")
    assert await replicas[1].wait("name ada 1", "address 10.0.0.9") == 0
