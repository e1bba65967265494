"""Windows that end and freezes that begin while a run waits, works, sleeps or has passed the point of no return."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from changeover.objects import API_VERSION, Kind, Ref
from changeover.plan.steps import Verb
from changeover.plan.strategy import Parameters
from changeover.ports import Busy
from changeover.runs.faults import Faults, PowerCut
from changeover.runs.state import RunState, Verdict
from tests.crash import application
from tests.crash.test_every_point import NEW, OLD, is_whole
from tests.crash.world import INSTALLATION, NAMESPACE, World

SPARE = 20.0


class CutAt(Faults):
    """Cuts at a point by its name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def point(self, name: str) -> None:
        if name == self._name:
            raise PowerCut(name)


def need_of(world: World) -> float:
    """Seconds that the run needs with its way back, by its own plan."""
    step = next(step for step in world.plan.steps.forward if step.verb is Verb.WAIT_WINDOW)
    return float(step.arguments["needSeconds"]) + float(step.arguments["reserveSeconds"])


def in_window(*, begins: float = 0.0, spare: float = SPARE, overridden: tuple[str, ...] = (), **more: Any) -> World:
    """A run in a window that begins so many seconds from now and is a little longer than what the run needs."""

    def parameters(length: float) -> Parameters:
        start = World().clock.now() + timedelta(seconds=begins)
        ends = start + timedelta(seconds=length)
        times = {"not_before": start.isoformat() if begins else "", "not_after": ends.isoformat()}
        return Parameters(announce_seconds=5, soak_seconds=5, overridden=overridden, **times)

    length = need_of(World(parameters=parameters(86400.0), **more)) + spare
    return World(parameters=parameters(length), **more)


def ends_of(world: World) -> str:
    return world.parameters.not_after


def freeze(world: World, begins: float, seconds: float) -> None:
    """Somebody sets a freeze, which begins so many seconds from now."""
    start = world.clock.now() + timedelta(seconds=begins)
    stop = start + timedelta(seconds=seconds)
    rule = {"name": "quarter-close", "reason": "The books close.", "by": "sam"}
    times = {"from": start.isoformat()[:16], "to": (stop + timedelta(minutes=1)).isoformat()[:16]}
    live = world.api.objects[Ref(Kind(API_VERSION, "Installation"), NAMESPACE, INSTALLATION).key]
    live["spec"] = {"policy": {"freezes": [rule | times]}}


def meanwhile(world: World, seconds: float, does: Callable[[], None]) -> RunState:
    """Carry the run on; after so many seconds something happens."""

    async def story() -> RunState:
        running = asyncio.create_task(world.process())
        await asyncio.sleep(seconds)
        does()
        return await running

    work: Coroutine[Any, Any, RunState] = story()
    return world.clock.run(work)


def test_in_its_window_it_commits() -> None:
    world = in_window()
    is_whole(world, world.carry_on(), Verdict.COMMITTED)
    assert world.clock.now().isoformat() < ends_of(world)


def test_a_change_that_does_not_end_goes_back_while_there_is_time_and_is_back_before_the_window_closes() -> None:
    world = in_window()

    def stalling(verb: str, _: Ref) -> None:
        if verb == "apply" and world.has_begun("stop-controller") and world.way() == "forward":
            raise Busy("a webhook does not answer")

    world.api.trouble = stalling
    state = world.carry_on()
    is_whole(world, state, Verdict.ROLLED_BACK)
    assert "the window is about to end" in state.turned_because
    assert world.clock.now().isoformat() < ends_of(world)


@pytest.mark.parametrize("hours", [1, 48])
def test_a_run_that_sleeps_beyond_its_window_goes_back_when_it_wakes_up(hours: int) -> None:
    world = in_window()
    with pytest.raises(PowerCut):
        world.carry_on(CutAt("checkpoint stop-controller"))
    assert not world.gate_is_open
    world.clock.pass_by(hours * 3600.0)
    state = world.carry_on()
    is_whole(world, state, Verdict.ROLLED_BACK)
    assert "the window is about to end" in state.turned_because


def test_behind_the_point_of_no_return_it_finishes() -> None:
    world = in_window()
    with pytest.raises(PowerCut):
        world.carry_on(CutAt("checkpoint soak"))
    world.clock.pass_by(3600.0)
    is_whole(world, world.carry_on(), Verdict.COMMITTED)


@pytest.mark.parametrize("overridden", [(), ("other",), ("quarter-close",)])
def test_a_freeze_that_is_set_while_it_waits_keeps_it_from_beginning(overridden: tuple[str, ...]) -> None:
    world = in_window(begins=600.0, overridden=overridden)
    state = meanwhile(world, 60.0, lambda: freeze(world, 0.0, 86400.0))
    if overridden == ("quarter-close",):
        is_whole(world, state, Verdict.COMMITTED)
        return
    assert state.verdict is Verdict.ROLLED_BACK
    assert "The freeze quarter-close holds until" in state.turned_because
    assert "The books close." in state.turned_because
    assert world.effects() == {}
    assert all(world.is_running(name) for name in world.sessions)


def test_a_freeze_that_is_over_when_the_window_opens_does_not_matter() -> None:
    world = in_window(begins=1200.0)
    is_whole(world, meanwhile(world, 60.0, lambda: freeze(world, 0.0, 600.0)), Verdict.COMMITTED)


def test_a_run_under_way_when_a_freeze_begins_is_not_cut() -> None:
    world = in_window(spare=3600.0)
    freeze(world, 60.0, 86400.0)
    with pytest.raises(PowerCut):
        world.carry_on(CutAt("checkpoint stop-controller"))
    world.clock.pass_by(120.0)
    is_whole(world, world.carry_on(), Verdict.COMMITTED)


def test_the_way_back_is_never_frozen() -> None:
    world = in_window(kind="rollback", old=application.revision(NEW), new=application.revision(OLD))
    freeze(world, -60.0, 86400.0)
    is_whole(world, world.carry_on(), Verdict.COMMITTED)
