"""Steps that give workloads another identity before anything else changes: their pods stay, nothing restarts.

Services and policies that follow the labels hold on to the pods by a bridge meanwhile. On the way back the same comes
first again: the old identity around the pods that run, then the old template as an ordinary rollout.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from changeover.plan.bridging import BRIDGE
from changeover.plan.immutables.remedy import READOPT
from changeover.plan.model import ObjectChange
from changeover.plan.steps import Phase, Step, Verb
from changeover.plan.strategy import Situation, Wave

READOPT_SECONDS = 300.0
BRIDGE_SECONDS = 120.0


def change(situation: Situation) -> Iterator[Step]:
    """Bridge, give every workload its new identity, take the bridge away."""
    yield from _steps(situation.waves, situation.new.digest, prefix="", undoes=())


def undo(situation: Situation) -> Iterator[Step]:
    """The same towards the old revision, for what was begun."""
    if situation.old:
        begun = tuple(step.id for step in change(situation))
        yield from _steps(situation.way_back, situation.old.digest, prefix="back/", undoes=begun)


def _steps(waves: Sequence[Wave], revision: str, *, prefix: str, undoes: tuple[str, ...]) -> Iterator[Step]:
    changes = [one for wave in waves for one in wave.changes]
    workloads = [one for one in changes if one.handler == READOPT]
    followers = [one.ref.key for one in changes if one.handler == BRIDGE]
    if workloads and followers:
        yield _bridge(Verb.BRIDGE, followers, revision, f"{prefix}bridge", undoes)
    for one in workloads:
        mine = (f"re-adopt/{one.ref.key}",) if prefix else ()
        yield _readopt(one, revision, prefix=prefix, undoes=mine)
    if workloads and followers:
        yield _bridge(Verb.UNBRIDGE, followers, revision, f"{prefix}unbridge", undoes)


def _bridge(verb: Verb, objects: Sequence[str], revision: str, name: str, undoes: tuple[str, ...]) -> Step:
    words = "hold on to their pods by a bridge" if verb is Verb.BRIDGE else "select by the labels of the release"
    return Step(
        id=name,
        verb=verb,
        title=f"{len(objects)} Services and policies {words}",
        phase=Phase.CHANGE,
        arguments={"revision": revision, "objects": list(objects)},
        deadline=BRIDGE_SECONDS,
        undoes=undoes,
    )


def _readopt(one: ObjectChange, revision: str, *, prefix: str, undoes: tuple[str, ...]) -> Step:
    return Step(
        id=f"{prefix}re-adopt/{one.ref.key}",
        verb=Verb.READOPT,
        title=f"Make {one.ref} again around its pods",
        phase=Phase.CHANGE,
        target=one.ref.key,
        arguments={"revision": revision},
        wave=f"{prefix}identities",
        deadline=READOPT_SECONDS,
        undoes=undoes,
    )
