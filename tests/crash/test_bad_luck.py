"""What else may happen to a run: stopped processes, two at once, an API server that is busy or away, refusals."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from changeover.objects import Ref
from changeover.plan.model import Severity
from changeover.plan.strategy import Parameters
from changeover.ports import Busy, Conflict, Fenced, Refused, Unreachable
from changeover.runs.holding import ElsewhereProblem
from changeover.runs.state import RunState, Verdict
from tests.crash import application
from tests.crash.test_every_point import NEW, is_whole
from tests.crash.world import Sigstop, World


def troubled(world: World, trouble: Callable[[int], Exception | None]) -> None:
    """Let the nth request fail."""
    count = 0

    def each(_verb: str, _ref: Ref) -> None:
        nonlocal count
        count += 1
        problem = trouble(count)
        if problem is not None:
            raise problem

    world.api.trouble = each


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("kind", [Busy, Unreachable])
def test_an_api_server_that_often_fails_only_slows_the_run(seed: int, kind: type[Exception]) -> None:
    world, chance = World(), random.Random(seed)
    troubled(world, lambda _: kind("not now") if chance.random() < 0.05 else None)
    is_whole(world, world.carry_on(), Verdict.COMMITTED)


def test_conflicts_are_read_again() -> None:
    world = World()

    def each(verb: str, ref: Ref) -> None:
        if verb == "apply" and world.has_begun("stop-controller") and world.api.effects["conflict", ref.key] < 2:
            world.api.effects["conflict", ref.key] += 1
            raise Conflict("changed meanwhile")

    world.api.trouble = each
    is_whole(world, world.carry_on(), Verdict.COMMITTED)


@pytest.mark.parametrize("at", range(5, 200, 13))
def test_an_outage_longer_than_the_lease_is_outlived(at: int) -> None:
    world = World()
    began = 0.0

    def trouble(n: int) -> Exception | None:
        nonlocal began
        if n == at:
            began = world.clock.seconds
        gone = n >= at and world.clock.seconds - began < 300
        return Unreachable("no route to host") if gone else None

    troubled(world, trouble)
    is_whole(world, world.carry_on(), Verdict.COMMITTED)


def test_an_outage_without_end_gives_the_run_up_and_another_process_goes_on() -> None:
    world = World()
    troubled(world, lambda n: Unreachable("no route to host") if n > 60 else None)
    with pytest.raises(Unreachable):
        world.carry_on()
    world.api.trouble = lambda _verb, _ref: None
    is_whole(world, world.carry_on(), Verdict.COMMITTED)


@pytest.mark.parametrize("at", range(5, 200, 13))
def test_a_process_that_sleeps_longer_than_its_lease_goes_on_when_nobody_took_over(at: int) -> None:
    world = World()

    def trouble(n: int) -> None:
        if n == at:
            world.clock.pass_by(120.0)

    troubled(world, trouble)  # type: ignore[arg-type]
    is_whole(world, world.carry_on(), Verdict.COMMITTED)


@pytest.mark.parametrize("seconds", range(1, 62, 4))
@pytest.mark.parametrize("new", ["works", "broken"])
def test_a_stopped_process_is_replaced_and_touches_nothing_when_it_goes_on(seconds: int, new: str) -> None:
    world = World() if new == "works" else World(new=application.revision(NEW, proxy="broken"))

    async def story() -> tuple[object, int]:
        stopped = Sigstop(world)
        first = asyncio.create_task(world.process(through=stopped))
        await asyncio.sleep(seconds)
        stopped.going.clear()
        state = await world.process()
        is_whole(world, state, Verdict.COMMITTED if new == "works" else Verdict.ROLLED_BACK)
        before = list(world.api.writes)
        stopped.going.set()
        ended = await asyncio.gather(first, return_exceptions=True)
        return ended[0], len(world.api.writes) - len(before)

    ended, writes = world.clock.run(story())
    assert writes == 0
    assert isinstance(ended, Fenced) or getattr(ended, "verdict", None) is not None


def test_of_two_at_once_one_executes_and_the_other_says_so() -> None:
    world = World()

    async def story() -> list[object]:
        return list(await asyncio.gather(world.process(), world.process(), return_exceptions=True))

    ended = world.clock.run(story())
    assert sum(isinstance(one, ElsewhereProblem) for one in ended) == 1
    is_whole(world, world.carry_on(), Verdict.COMMITTED)


def test_a_refusal_rolls_back() -> None:
    world = World()

    def each(verb: str, ref: Ref) -> None:
        if verb == "apply" and ref.name == "wb-proxy" and world.has_begun("apply/Deployment.apps/app/wb-proxy"):
            world.api.trouble = lambda _verb, _ref: None
            raise Refused("admission said no")

    world.api.trouble = each
    state = world.carry_on()
    is_whole(world, state, Verdict.ROLLED_BACK)
    assert "admission said no" in state.turned_because


def test_a_backup_without_space_rolls_back_and_restarts_only_what_was_stopped() -> None:
    world = World()
    world.volumes.broken = "no space left"
    is_whole(world, world.carry_on(), Verdict.ROLLED_BACK)
    assert not [write for write in world.api.writes if write[0] == "apply" and "ConfigMap" not in write[1]]


def test_a_way_back_that_fails_is_held_and_names_what_is_what() -> None:
    world = World(new=application.revision(NEW, proxy="broken"))

    def each(verb: str, ref: Ref) -> None:
        if verb == "apply" and ref.name == "wb-manager" and world.way() == "back":
            raise Refused("quota exceeded")

    world.api.trouble = each
    state = world.carry_on()
    assert state.verdict is None
    assert state.question is not None
    assert state.question["gates"] == ["close-gate"]
    assert state.question["objects"]["new"]["count"] > 0
    assert "Deployment.apps/app/wb-manager" in state.question["objects"]["unsure"]["names"]
    world.api.trouble = lambda _verb, _ref: None
    world.ask("answer", choice="again")
    is_whole(world, world.carry_on(), Verdict.ROLLED_BACK)


@pytest.mark.parametrize("seconds", range(1, 60, 6))
def test_a_process_that_is_interrupted_gives_the_lease_back_and_the_next_goes_on_at_once(seconds: int) -> None:
    world = World()

    async def story() -> float:
        running = asyncio.create_task(world.process())
        await asyncio.sleep(seconds)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        began = world.clock.seconds
        following = asyncio.create_task(world.process())
        taken = world.processes, len(world.told)
        while len(world.told) == taken[1] and not following.done():
            await asyncio.sleep(0.1)
        waited = world.clock.seconds - began
        is_whole(world, await following, Verdict.COMMITTED)
        return waited

    assert world.clock.run(story()) < 2.0


def test_what_cannot_end_before_its_window_closes_does_not_begin() -> None:
    until = (World().clock.now() + timedelta(seconds=30)).isoformat()
    world = World(parameters=Parameters(announce_seconds=5, soak_seconds=5, not_after=until))
    state = world.carry_on()
    assert state.verdict is Verdict.ROLLED_BACK
    assert "must begin before" in state.turned_because
    assert world.effects() == {}
    assert all(world.is_running(name) for name in world.sessions)


def test_a_run_waits_for_its_window_and_can_be_cancelled_meanwhile() -> None:
    begin = (World().clock.now() + timedelta(seconds=600)).isoformat()
    world = World(parameters=Parameters(announce_seconds=5, soak_seconds=5, not_before=begin))

    async def story() -> RunState:
        running = asyncio.create_task(world.process())
        await asyncio.sleep(60)
        world.ask("abort")
        return await running

    assert world.clock.run(story()).verdict is Verdict.ROLLED_BACK
    assert world.effects() == {}
    assert any("the window opens at" in happening.text for happening in world.told)


def test_an_autoscaler_rests_while_its_target_is_held_still() -> None:
    world = World()
    metadata = {"name": "busy", "namespace": "app"}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "wb-manager"}
    scaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata}
    world.api.put({**scaler, "spec": {"scaleTargetRef": target, "maxReplicas": 3}})
    world.plan = world.clock.run(world.planned())
    assert [one.severity for one in world.plan.findings if one.reference == "autoscaled"] == [Severity.WARNS]
    is_whole(world, world.carry_on(), Verdict.COMMITTED)
