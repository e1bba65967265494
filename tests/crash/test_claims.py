"""StatefulSets that delete their claims: the plug is pulled at every point, and no claim is ever lost by our steps."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from changeover.objects import KubeObject
from changeover.plan.steps import Verb
from changeover.plan.strategy import Parameters
from changeover.render.revision import Revision
from changeover.runs.state import RunState, Verdict
from tests.crash import application, test_every_point, test_immutables
from tests.crash.claims import Claims, OwnedClaims
from tests.crash.cutting import cut_anywhere, given_up_anywhere, relay
from tests.crash.test_every_point import NEW, OLD
from tests.crash.world import World

POLICY = "persistentVolumeClaimRetentionPolicy"
GREEDY = {"whenDeleted": "Delete", "whenScaled": "Delete"}
KEEPING = {"whenDeleted": "Retain", "whenScaled": "Retain"}


def with_policy(revision: Revision, policy: dict[str, str] | None, *, claims: bool = False) -> Revision:
    """The revision with this policy on its StatefulSet."""

    def told(obj: KubeObject) -> KubeObject:
        if obj.kind != "StatefulSet" or policy is None:
            return obj
        raw: dict[str, Any] = copy.deepcopy(dict(obj.raw))
        raw["spec"][POLICY] = dict(policy)
        if claims:
            raw["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}}]
        return KubeObject(raw)

    return replace(revision, objects=tuple(map(told, revision.objects)))


def window(old: dict[str, str] | None, new: dict[str, str] | None, **more: Any) -> World:
    """The database is stopped for its backup; where the data has to be restored, on the way back again."""
    return World(
        old=with_policy(application.revision(OLD), old),
        new=with_policy(application.revision(NEW, **more), new),
        controllers_of=Claims,
    )


def by_hand() -> World:
    """No release says anything about claims; somebody has set it."""
    world = window(None, None)
    database = world.api.objects["StatefulSet.apps/app/wb-db"]
    database["spec"][POLICY] = dict(GREEDY)
    database["metadata"]["generation"] += 1
    world.api.touch(database)
    for _ in range(3):
        world.clock.pass_by(2.0)
        world.controllers.settle()
    world.plan = world.clock.run(world.planned())
    return world


class Adopting(test_immutables.Watched):
    """A StatefulSet with claims gets another identity."""

    def __init__(self, *, other: str = "other:1") -> None:
        old, new = test_immutables.pair("StatefulSet", other=other)
        revisions = with_policy(old, GREEDY, claims=True), with_policy(new, GREEDY, claims=True)
        super().__init__(revisions, controllers_of=OwnedClaims)


def window_and_identity() -> World:
    """The database is stopped for its backup, and then made again around its pod: its selector changes."""

    def selecting(obj: KubeObject) -> KubeObject:
        raw: dict[str, Any] = copy.deepcopy(dict(obj.raw))
        labels = {"app": "wb-db", "part": "data"}
        raw["spec"] |= {"selector": {"matchLabels": labels}}
        raw["spec"]["template"]["metadata"]["labels"] = labels
        return KubeObject(raw)

    old, new = (with_policy(application.revision(version), GREEDY, claims=True) for version in (OLD, NEW))
    objects = tuple(selecting(obj) if obj.kind == "StatefulSet" else obj for obj in new.objects)
    return World(old=old, new=replace(new, objects=objects), controllers_of=OwnedClaims)


STORIES: dict[str, tuple[Callable[[], World], Verdict]] = {
    "update": (lambda: window(GREEDY, GREEDY), Verdict.COMMITTED),
    "release-keeps-from-now": (lambda: window(GREEDY, KEEPING), Verdict.COMMITTED),
    "release-deletes-from-now": (lambda: window(KEEPING, GREEDY), Verdict.COMMITTED),
    "set-by-hand": (by_hand, Verdict.COMMITTED),
    "window-and-identity": (window_and_identity, Verdict.COMMITTED),
    "failing-update": (lambda: window(GREEDY, GREEDY, proxy="broken"), Verdict.ROLLED_BACK),
    "failing-with-restore": (lambda: window(GREEDY, GREEDY, proxy="broken", epochs=(1, 2, 2)), Verdict.ROLLED_BACK),
    "failing-where-the-new-deletes": (
        lambda: window(KEEPING, GREEDY, proxy="broken", epochs=(1, 2, 2)),
        Verdict.ROLLED_BACK,
    ),
    "identity": (Adopting, Verdict.COMMITTED),
    "identity-goes-back": (lambda: Adopting(other="broken"), Verdict.ROLLED_BACK),
}
QUICK = ("update",)
"""At every point of these in each run; of all others in the long proofs."""


def is_whole(world: World, state: RunState, verdict: Verdict) -> None:
    if isinstance(world, Adopting):
        test_immutables.is_whole(world, state, verdict)
    else:
        test_every_point.is_whole(world, state, verdict)
    keeps_claims(world, verdict)


def keeps_claims(world: World, verdict: Verdict) -> None:
    """No claim was deleted, and the policy is that of the revision that runs now."""
    controllers = world.controllers
    assert isinstance(controllers, Claims)
    assert controllers.deleted == []
    ended = world.new if verdict is Verdict.COMMITTED else world.old
    assert ended is not None
    (wanted,) = [obj for obj in ended.objects if obj.kind == "StatefulSet"]
    live = world.api.objects[wanted.ref.key]["spec"].get(POLICY)
    assert live == wanted.get("spec", POLICY, default=GREEDY)


@pytest.mark.parametrize("story", STORIES)
def test_a_calm_run_keeps_every_claim(story: str) -> None:
    make, verdict = STORIES[story]
    world = make()
    assert not world.plan.blocked
    is_whole(world, world.carry_on(), verdict)


def at_every_point(*names: str) -> list[Any]:
    return [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in names or STORIES]


@pytest.mark.parametrize("story", at_every_point())
def test_a_power_cut_anywhere_costs_no_claim(story: str) -> None:
    make, verdict = STORIES[story]
    cut_anywhere(make, lambda world, state: is_whole(world, state, verdict))


@pytest.mark.parametrize("story", at_every_point("update", "set-by-hand", "identity", "window-and-identity"))
def test_a_power_cut_anywhere_and_a_person_who_then_gives_up(story: str) -> None:
    make, _ = STORIES[story]

    def judge(world: World, state: RunState) -> None:
        assert state.verdict is Verdict.ROLLED_BACK, (state.question, state.failed)
        assert world.replicas("StatefulSet.apps/" + ("web" if story == "identity" else "wb-db")) > 0
        keeps_claims(world, Verdict.ROLLED_BACK)

    given_up_anywhere(make, judge, until=("begun:record", "begun:open-gate"))


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("story", ["update", "failing-with-restore"])
def test_a_relay_costs_no_claim(story: str, first: int) -> None:
    make, verdict = STORIES[story]
    world, state = relay(make, first)
    is_whole(world, state, verdict)


def test_without_the_steps_that_keep_them_the_claims_would_go() -> None:
    """The world does delete claims: what the other tests say is not said of nothing."""
    world = window(GREEDY, GREEDY)
    kept = tuple(step for step in world.plan.steps.forward if step.verb not in {Verb.RETAIN, Verb.UNRETAIN})
    world.plan = replace(world.plan, steps=replace(world.plan.steps, forward=kept))
    world.carry_on()
    assert isinstance(world.controllers, Claims)
    assert world.controllers.deleted


def test_quiesced_parameters_are_what_makes_it_necessary() -> None:
    world = World(
        old=with_policy(application.revision(OLD), GREEDY),
        new=with_policy(application.revision(NEW), GREEDY),
        parameters=Parameters(announce_seconds=5, soak_seconds=5, backup=False),
        controllers_of=Claims,
    )
    assert not [step for step in world.plan.steps.forward if step.verb is Verb.RETAIN]
