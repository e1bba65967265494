"""Pulling the plug: at every point of a run, again and again, and before a person gives it up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from changeover.runs.faults import Faults, PowerCut
from changeover.runs.state import RunState
from tests.crash.world import World

Make = Callable[[], World]
Judge = Callable[[World, RunState], None]


def telling(points: list[str]) -> list[int]:
    """The points to cut at: all but the looks of a waiting loop, of which the first two and the last are enough."""
    places: dict[str, list[int]] = {}
    for number, name in enumerate(points, 1):
        places.setdefault(name, []).append(number)
    return sorted({n for numbers in places.values() for n in (*numbers[:2], numbers[-1])})


def cut_anywhere(make: Make, judge: Judge) -> None:
    """Cut a run at each point, once; the next process goes on, and how it ends is judged."""
    for cut_at, name in points_of(make):
        world = make()
        try:
            state = world.carry_on(Faults(cut_at=cut_at))
        except PowerCut:
            world.clock.pass_by(5.0)
            state = world.carry_on()
        _judged(judge, world, state, f"{cut_at}: {name}")


def given_up_anywhere(make: Make, judge: Judge, *, until: Sequence[str]) -> None:
    """Cut a run at each point before one of these; a person gives it up, the next process goes on, and it is judged."""
    for cut_at, name in points_of(make, until=until):
        world = make()
        try:
            world.carry_on(Faults(cut_at=cut_at))
        except PowerCut:
            world.clock.pass_by(5.0)
            world.ask("abort")
            _judged(judge, world, world.carry_on(), f"{cut_at}: {name}")


def relay(make: Make, first: int) -> tuple[World, RunState]:
    """One process after the other goes on and is cut a point later than the one before."""
    world = make()
    for cut_at in range(first, 1000):
        try:
            return world, world.carry_on(Faults(cut_at=cut_at))
        except PowerCut:
            world.clock.pass_by(1.0)
    pytest.fail("it never ends")


def points_of(make: Make, *, until: Sequence[str] = ()) -> Iterator[tuple[int, str]]:
    """The telling points of a calm run with their names, those before one of `until` when it names any."""
    points = Faults()
    make().carry_on(points)
    ends = (at for at, name in enumerate(points.seen, 1) if any(end in name for end in until))
    last = next(ends) if until else len(points.seen) + 1
    yield from ((at, points.seen[at - 1]) for at in telling(points.seen) if at < last)


def _judged(judge: Judge, world: World, state: RunState, where: str) -> None:
    try:
        judge(world, state)
    except AssertionError as failure:
        raise AssertionError(f"cut at {where}") from failure
