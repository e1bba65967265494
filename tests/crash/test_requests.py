"""What people ask of a run while it goes on: pause, resume, abort, answers; and what may be asked at the wrong time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from changeover.objects import Ref
from changeover.ports import Refused
from changeover.runs.state import RunState, Verdict
from changeover.settings import RECEIPT_FINALIZER
from tests.crash import application
from tests.crash.test_every_point import NEW, OLD, is_whole
from tests.crash.world import World

MOMENTS = range(1, 60, 4)
"""Seconds into a window update of about a minute: every phase gets its turn."""


def carried(world: World, meanwhile: Callable[[], Awaitable[Any]]) -> RunState:
    """A process, and somebody beside it."""

    async def story() -> RunState:
        running = asyncio.create_task(world.process())
        await meanwhile()
        return await running

    return world.clock.run(story())


def is_past_return(world: World) -> bool:
    return world.has_begun("open-gate") or world.has_begun("record")


@pytest.mark.parametrize("seconds", MOMENTS)
def test_pause_stops_at_a_safe_point_and_resume_goes_on(seconds: int) -> None:
    world = World()

    async def meanwhile() -> None:
        await asyncio.sleep(seconds)
        world.ask("pause")
        await asyncio.sleep(8)
        before = list(world.api.writes)
        await asyncio.sleep(600)
        assert world.api.writes == before
        world.ask("resume")

    is_whole(world, carried(world, meanwhile), Verdict.COMMITTED)


@pytest.mark.parametrize("seconds", MOMENTS)
def test_abort_goes_back_before_the_point_of_no_return_and_asks_behind_it(seconds: int) -> None:
    world = World()
    past = False

    async def meanwhile() -> None:
        nonlocal past
        await asyncio.sleep(seconds)
        past = is_past_return(world)
        world.ask("abort", reason="not today")

    state = carried(world, meanwhile)
    if state.verdict is None:
        assert is_past_return(world)
        assert state.question is not None
        assert state.question["choices"] == ["again", "back"]
        world.ask("answer", choice="back")
        state = world.carry_on()
    elif state.verdict is Verdict.ROLLED_BACK:
        assert "not today" in state.turned_because
        assert not past
    is_back_or_done(world, state)


def is_back_or_done(world: World, state: RunState) -> None:
    """Whole, whichever way it ended; sessions that were never stopped are still there, free of our finalizer."""
    assert state.verdict in (Verdict.COMMITTED, Verdict.ROLLED_BACK)
    expected = NEW if state.verdict is Verdict.COMMITTED else OLD
    assert world.versions() == {expected}
    assert world.gate_is_open
    assert world.controllers.lost == []
    for name in world.sessions:
        pod = world.api.objects.get(f"Pod/app/{name}")
        assert pod is None or RECEIPT_FINALIZER not in (pod["metadata"].get("finalizers") or [])


@pytest.mark.parametrize("seconds", MOMENTS)
def test_a_paused_run_can_be_aborted(seconds: int) -> None:
    world = World()

    async def meanwhile() -> None:
        await asyncio.sleep(seconds)
        world.ask("pause")
        await asyncio.sleep(20)
        world.ask("abort")

    state = carried(world, meanwhile)
    if state.verdict is None:
        world.ask("answer", choice="again")
        state = world.carry_on()
    is_back_or_done(world, state)


def test_a_request_is_heard_once_also_after_a_power_cut() -> None:
    world = World()

    async def meanwhile() -> None:
        await asyncio.sleep(2)
        world.ask("pause")
        await asyncio.sleep(3)
        world.ask("resume")
        await asyncio.sleep(3)

    carried(world, meanwhile)
    heard = [happening.data["request"]["do"] for happening in world.told if happening.event == "heard"]
    assert heard == ["pause", "resume"]


def held(behaviour: str) -> tuple[World, RunState]:
    world = World(sessions=("ws-ada", "ws-bob", "ws-eve"))
    world.controllers.behaviour["ws-bob"] = behaviour
    return world, world.carry_on()


@pytest.mark.parametrize("behaviour", ["fails", "hangs", "lies"])
def test_a_session_that_cannot_be_proven_holds_the_run_by_name_before_anything_is_changed(behaviour: str) -> None:
    world, state = held(behaviour)
    assert state.verdict is None
    assert state.question is not None
    assert [one["name"] for one in state.question["subjects"]] == ["ws-bob"]
    assert state.question["objects"]["new"]["count"] == state.question["objects"]["unsure"]["count"] == 0
    assert not world.gate_is_open
    assert world.versions() == {OLD}
    touched = {key.partition("/")[0] for _, key in world.api.writes}
    assert touched == {"ConfigMap", "Pod"}


@pytest.mark.parametrize("behaviour", ["fails", "lies"])
def test_a_waiver_by_name_and_with_a_reason_lets_the_run_go_on(behaviour: str) -> None:
    world, _ = held(behaviour)
    world.ask("answer", choice="waive", subjects=["ws-bob"], reason="its owner agreed")
    is_whole(world, world.carry_on(), Verdict.COMMITTED)


def test_a_waived_session_that_hangs_for_ever_is_not_waited_for() -> None:
    world, _ = held("hangs")
    world.ask("answer", choice="waive", subjects=["ws-bob"], reason="its owner agreed")
    state = world.carry_on()
    assert state.verdict is Verdict.COMMITTED
    assert world.versions() == {NEW}
    assert world.gate_is_open
    assert [name for name in world.sessions if world.is_running(name)] == ["ws-bob"]


@pytest.mark.parametrize(
    "answer",
    [
        {"choice": "finish"},
        {"choice": "waive", "subjects": ["ws-bob"]},
        {"choice": "waive", "subjects": [], "reason": "no name"},
        {"choice": "waive", "subjects": ["ws-ada"], "reason": "the wrong name"},
    ],
)
def test_an_answer_that_was_not_offered_or_does_not_settle_changes_nothing(answer: dict[str, Any]) -> None:
    world, _ = held("fails")
    before = list(world.api.writes)
    world.ask("answer", **answer)
    assert world.carry_on().question is not None
    assert world.api.writes == before


@pytest.mark.parametrize("behaviour", ["fails", "hangs", "lies"])
@pytest.mark.parametrize("how", ["answer", "abort"])
def test_a_held_drain_can_be_given_up_and_nothing_was_restarted(behaviour: str, how: str) -> None:
    world, _ = held(behaviour)
    world.ask(how, **({"choice": "back"} if how == "answer" else {}))
    state = world.carry_on()
    is_back_or_done(world, state)
    assert state.verdict is Verdict.ROLLED_BACK
    assert {key.partition("/")[0] for _, key in world.api.writes} == {"ConfigMap", "Pod"}


def test_again_looks_at_the_sessions_again() -> None:
    world, _ = held("hangs")
    del world.controllers.behaviour["ws-bob"]
    world.ask("answer", choice="again")
    is_whole(world, world.carry_on(), Verdict.COMMITTED)


def failing_soak() -> tuple[World, RunState]:
    world = World()
    world.failing = lambda: world.has_begun("soak")
    state = world.carry_on()
    assert state.question is not None, (state.verdict, state.turned_because)
    world.failing = lambda: False
    return world, state


def test_a_failure_behind_the_point_of_no_return_is_held_with_the_gate_open() -> None:
    world, state = failing_soak()
    assert state.question is not None
    assert set(state.question["choices"]) == {"finish", "again", "back"}
    assert state.question["gates"] == []
    assert world.gate_is_open


@pytest.mark.parametrize(
    ("choice", "verdict"), [("finish", Verdict.COMMITTED), ("again", Verdict.COMMITTED), ("back", Verdict.ROLLED_BACK)]
)
def test_each_choice_behind_the_point_of_no_return_ends_whole(choice: str, verdict: Verdict) -> None:
    world, _ = failing_soak()
    world.start_session("ws-late")
    world.ask("answer", choice=choice, reason="seen")
    is_whole(world, world.carry_on(), verdict)
    assert world.is_running("ws-late") is (verdict is Verdict.COMMITTED)


def test_going_back_behind_the_point_of_no_return_restores_the_data_where_it_must() -> None:
    world = World(new=application.revision(NEW, epochs=(1, 2, 2)))
    world.failing = lambda: world.has_begun("soak")
    state = world.carry_on()
    assert state.question is not None
    assert "restore" in state.question["choices"]
    assert "back" not in state.question["choices"]
    world.failing = lambda: False
    world.ask("answer", choice="restore")
    is_whole(world, world.carry_on(), Verdict.ROLLED_BACK)


def test_what_changes_something_is_never_accepted_as_failed() -> None:
    world = World(new=application.revision(NEW, proxy="broken"))

    def each(verb: str, ref: Ref) -> None:
        if verb == "apply" and ref.name == "wb-manager" and world.way() == "back":
            raise Refused("quota exceeded")

    world.api.trouble = each
    assert world.carry_on().question is not None
    world.ask("answer", choice="finish", reason="whatever")
    assert world.carry_on().question is not None
    world.api.trouble = lambda _verb, _ref: None
    world.ask("answer", choice="again")
    is_whole(world, world.carry_on(), Verdict.ROLLED_BACK)
