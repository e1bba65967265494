"""The plug is pulled at every point; the next process must end in the same world, and do nothing twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from changeover.evidence.measured import Measured, measured
from changeover.kube.journal import Journal
from changeover.objects import KubeObject
from changeover.plan.strategy import Parameters
from changeover.runs.faults import Faults, PowerCut
from changeover.runs.state import RunState, Verdict
from tests.crash import application
from tests.crash.cutting import cut_anywhere, relay
from tests.crash.world import NAMESPACE, RUN, World

OLD, NEW = "2022.09.0", "2022.10.2"
ONCE = {"delete", "create"}


def update() -> World:
    """A window update that succeeds."""
    return World()


def failing_update() -> World:
    """A window update whose proxy never becomes ready: it rolls back by itself."""
    return World(new=application.revision(NEW, proxy="broken"))


def failing_with_restore() -> World:
    """The same, but the new release has written data that the old one cannot read."""
    return World(new=application.revision(NEW, proxy="broken", epochs=(1, 2, 2)))


def rollback() -> World:
    """A rollback to the revision before."""
    return World(old=application.revision(NEW), new=application.revision(OLD), kind="rollback")


def plain_update() -> World:
    return World(strategy="plain", parameters=Parameters())


def failing_plain_update() -> World:
    return World(strategy="plain", parameters=Parameters(), new=application.revision(NEW, proxy="broken"))


def install() -> World:
    return World(strategy="plain", parameters=Parameters(), old=None, kind="install", sessions=())


STORIES: dict[str, tuple[Callable[[], World], Verdict]] = {
    "update": (update, Verdict.COMMITTED),
    "failing-update": (failing_update, Verdict.ROLLED_BACK),
    "failing-with-restore": (failing_with_restore, Verdict.ROLLED_BACK),
    "rollback": (rollback, Verdict.COMMITTED),
    "plain-update": (plain_update, Verdict.COMMITTED),
    "failing-plain-update": (failing_plain_update, Verdict.ROLLED_BACK),
    "install": (install, Verdict.COMMITTED),
}


def is_whole(world: World, state: RunState, verdict: Verdict) -> None:
    """All old or all new, everything open and running, no session's work lost, nothing done twice."""
    assert state.verdict is verdict, (state.question, state.failed, state.turned_because)
    expected = world.new if verdict is Verdict.COMMITTED else world.old
    assert world.versions() == {expected.version if expected else ""}
    assert world.gate_is_open
    assert world.controllers.lost == []
    assert world.volumes.contents[application.CLAIM] == f"epoch {expected.writes_epoch if expected else 0}"
    assert world.replicas("Deployment.apps/wb-manager") == 1
    assert world.replicas("StatefulSet.apps/wb-db") == 1
    assert not [name for name in world.sessions if world.is_running(name)] or world.strategy == "plain"


def test_calm_runs_end_as_they_should() -> None:
    for make, verdict in STORIES.values():
        world = make()
        is_whole(world, world.carry_on(), verdict)


@pytest.mark.parametrize("story", STORIES)
def test_a_power_cut_anywhere_ends_in_the_same_world(story: str) -> None:
    make, verdict = STORIES[story]
    calm = make()
    calm.carry_on()

    def judge(world: World, state: RunState) -> None:
        is_whole(world, state, verdict)
        twice = {key: n for key, n in world.effects().items() if n > calm.effects().get(key, 0)}
        assert twice == {}

    cut_anywhere(make, judge)


@pytest.mark.parametrize("first", [1, 2, 3])
@pytest.mark.parametrize("story", STORIES)
def test_a_relay_of_processes_that_each_die_a_little_later_ends_in_the_same_world(story: str, first: int) -> None:
    make, verdict = STORIES[story]
    calm = make()
    calm.carry_on()
    world, state = relay(make, first)
    is_whole(world, state, verdict)
    assert [key for key, n in world.effects().items() if n > calm.effects().get(key, 0)] == []


@pytest.mark.parametrize("cut_at", range(1, 60))
def test_a_power_cut_while_a_held_run_is_given_up(cut_at: int) -> None:
    world = World(sessions=("ws-ada", "ws-bob"))
    world.controllers.behaviour["ws-bob"] = "fails"
    assert world.carry_on().question is not None
    world.ask("answer", choice="back")
    try:
        state = world.carry_on(Faults(cut_at=cut_at))
    except PowerCut:
        state = world.carry_on()
    assert state.verdict is Verdict.ROLLED_BACK
    assert world.versions() == {OLD}
    assert world.gate_is_open


@pytest.mark.parametrize("cut_at", range(1, 200, 3))
def test_a_power_cut_while_going_back_from_behind_the_point_of_no_return(cut_at: int) -> None:
    world = World(new=application.revision(NEW, epochs=(1, 2, 2)), sessions=("ws-ada",))
    world.failing = lambda: world.has_begun("soak")
    assert world.carry_on().question is not None
    world.failing = lambda: False
    world.start_session("ws-late")
    world.ask("answer", choice="restore")
    try:
        state = world.carry_on(Faults(cut_at=cut_at))
    except PowerCut:
        world.clock.pass_by(5.0)
        state = world.carry_on()
    is_whole(world, state, Verdict.ROLLED_BACK)
    assert not world.is_running("ws-late")


@pytest.mark.parametrize(
    ("story", "away"),
    [("update", "StatefulSet.apps/app/wb-db"), ("failing-plain-update", "Deployment.apps/app/wb-proxy")],
)
def test_what_nobody_saw_is_unknown_and_what_was_seen_is_kept(story: str, away: str) -> None:
    """A process that dies takes at most the stretch with it that it had not written; a calm run is seen whole."""
    make, _ = STORIES[story]
    calm, points = make(), Faults()
    calm.carry_on(points)
    whole = measured_in(calm)
    assert whole.is_whole
    assert whole.of(away).away_seconds > 0
    cuts = [at for at, name in enumerate(points.seen, 1) if name.startswith("after begun:wait-ready")]
    world = make()
    with pytest.raises(PowerCut):
        world.carry_on(Faults(cut_at=cuts[-1] + 3))
    world.clock.pass_by(60.0)
    world.carry_on()
    found = measured_in(world)
    assert 50 < found.unseen_seconds < 60 + 15 + 5
    assert found.watched_seconds > 0


def measured_in(world: World) -> Measured:
    run = KubeObject(world.api.objects[f"Changeover.changeover.dev/{NAMESPACE}/{RUN}"])
    records = world.clock.run(Journal(world.api, run).read())
    found = measured(records, world.plan)
    assert found is not None
    return found
