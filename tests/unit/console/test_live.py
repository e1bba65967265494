"""Who watches a run misses nothing and sees nothing twice, also over a lost connection; many watch by one look."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from changeover.actions.watching import Seen
from changeover.console import live
from changeover.console.live import FIRST, Live, moment
from changeover.ports import Unreachable
from changeover.runs.state import RunState


@dataclass
class Told:
    """A run at one moment, as far as watching cares."""

    state: RunState
    waiting_for: str = ""
    holder: str = "us"
    ended: bool = False


def told(records: int, **more: Any) -> Seen:
    return cast("Seen", Told(RunState(records=records), **more))


@dataclass
class Run:
    """A run that goes on as the test says."""

    now: Seen
    looks: int = 0
    fails: bool = False
    asked: list[str] = field(default_factory=list)

    async def look(self, name: str) -> Seen:
        self.looks += 1
        self.asked.append(name)
        if self.fails:
            raise Unreachable("The API server does not answer.")
        return self.now


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "EVERY", 0.01)
    monkeypatch.setattr(live, "KEEP_ALIVE", 0.2)


def draw(seen: Seen) -> str:
    return f"<p>{seen.state.records}</p>"


async def test_each_change_is_one_event_and_the_end_is_the_last() -> None:
    run = Run(told(1))
    events = Live(run.look).events("w-1", "", draw)
    assert await anext(events) == FIRST
    assert await anext(events) == f"id: {moment(run.now)}\nevent: live\ndata: <p>1</p>\n\n"
    run.now = told(2, ended=True)
    assert "data: <p>2</p>" in await anext(events)
    assert "event: end" in await anext(events)
    with pytest.raises(StopAsyncIteration):
        await anext(events)


async def test_who_comes_back_gets_only_what_is_new() -> None:
    run = Run(told(5))
    events = Live(run.look).events("w-1", moment(run.now), draw)
    assert await anext(events) == FIRST
    assert await anext(events) == ": still here\n\n"
    run.now = told(6)
    assert "data: <p>6</p>" in await anext(events)
    await events.aclose()  # type: ignore[attr-defined]


async def test_what_is_not_in_the_journal_is_shown_too() -> None:
    assert moment(told(3)) != moment(told(3, waiting_for="two pods"))
    assert moment(told(3)) != moment(told(3, holder=""))


async def test_a_cluster_that_is_away_is_said_and_then_not_any_more() -> None:
    run = Run(told(1))
    events = Live(run.look).events("w-1", "", draw)
    await anext(events)
    await anext(events)
    run.fails = True
    assert "event: away\ndata: The API server does not answer." in await anext(events)
    run.fails, run.now = False, told(2)
    found = await anext(events)
    while "event: away" in found:
        found = await anext(events)
    assert "data: <p>2</p>" in found
    await events.aclose()  # type: ignore[attr-defined]


async def test_twenty_watch_by_one_look_and_nobody_looks_when_all_have_gone() -> None:
    run, watched = Run(told(1)), None
    watched = Live(run.look)
    viewers = [watched.events("w-1", "", draw) for _ in range(20)]
    for viewer in viewers:
        await anext(viewer)
    for viewer in viewers:
        assert "<p>1</p>" in await anext(viewer)
    before = run.looks
    await asyncio.sleep(0.1)
    assert run.looks - before <= 11
    for viewer in viewers:
        await viewer.aclose()  # type: ignore[attr-defined]
    before = run.looks
    await asyncio.sleep(0.05)
    assert run.looks == before
