"""StatefulSets that delete claims by themselves keep them while our own steps scale them down or make them again.

* ``whenScaled: Delete`` counts where a step scales down, ``whenDeleted: Delete`` where a step makes it again around its
  pods; the policy that lives counts, and both revisions', for either may live when the run turns back
* before the first such step it gets ``Retain``, after the last one its policy again; the journal knows it meanwhile
* what is applied in between leaves ``Retain``; afterwards the policy is the one that was applied
* on the way back the same, also when only the way forward had begun to keep them
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from changeover.objects import KubeObject, Ref
from changeover.plan.steps import Phase, Step, Steps, Verb

POLICY = "persistentVolumeClaimRetentionPolicy"
KEPT: Mapping[str, str] = {"whenDeleted": "Retain", "whenScaled": "Retain"}
"""Also what the server fills in where a manifest says nothing."""
_SECONDS = 120.0


def policy_of(obj: KubeObject) -> Mapping[str, Any]:
    """What it does with its claims; empty when it says nothing."""
    found = obj.get("spec", POLICY, default={})
    return found if isinstance(found, Mapping) else {}


def deletes(obj: KubeObject, when: str) -> bool:
    """Whether it deletes claims ``whenScaled`` or ``whenDeleted``."""
    return obj.kind == "StatefulSet" and policy_of(obj).get(when) == "Delete"


def keeping_claims(obj: KubeObject) -> KubeObject:
    """The same, deleting no claim; a manifest without a policy deletes none anyway."""
    if not policy_of(obj):
        return obj
    return KubeObject({**obj.raw, "spec": {**obj.raw["spec"], POLICY: dict(KEPT)}})


@dataclass(frozen=True, slots=True)
class _Greedy:
    """A StatefulSet that deletes claims, now or as one of the revisions has it."""

    ref: Ref
    scaled: bool
    deleted: bool

    def endangered_by(self, step: Step) -> bool:
        """Whether the step would let it delete claims."""
        down = step.verb is Verb.SCALE and step.arguments.get("replicas") != "restore"
        again = step.verb is Verb.READOPT and step.target == self.ref.key
        return (self.scaled and down and self.named(step)) or (self.deleted and again)

    def restored_by(self, step: Step) -> bool:
        """Whether it is scaled up again or made again by the step: what endangered it is over."""
        again = step.verb is Verb.READOPT and step.target == self.ref.key
        return again or (step.verb is Verb.SCALE and self.named(step))

    def named(self, step: Step) -> bool:
        """Whether the step scales it; profiles name workloads as ``[namespace/]kind/name``."""
        place, _, name = step.target.lower().rpartition("/")
        home, _, kind = place.rpartition("/")
        is_kind = kind in {"statefulset", "statefulsets", "sts"}
        return is_kind and name == self.ref.name.lower() and home in ("", self.ref.namespace.lower())


def guarded(steps: Steps, objects: Iterable[KubeObject]) -> Steps:
    """The steps with those that keep claims; `objects` are the live ones and those of both revisions."""
    forward, back = steps.forward, steps.back
    for greedy in _greedy(objects):
        forward, kept = _guarded(forward, greedy, prefix="", begun=())
        back, _ = _guarded(back, greedy, prefix="back/", begun=kept)
    return Steps(forward, back)


def _greedy(objects: Iterable[KubeObject]) -> Iterator[_Greedy]:
    found: dict[str, _Greedy] = {}
    for obj in objects:
        scaled, deleted = deletes(obj, "whenScaled"), deletes(obj, "whenDeleted")
        if scaled or deleted:
            known = found.get(obj.ref.key, _Greedy(obj.ref, scaled=False, deleted=False))
            found[obj.ref.key] = _Greedy(known.ref, known.scaled or scaled, known.deleted or deleted)
    yield from (found[key] for key in sorted(found))


def _guarded(
    steps: Sequence[Step], greedy: _Greedy, *, prefix: str, begun: tuple[str, ...]
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """The steps of one way with their guard, and the id of what keeps claims; `begun` is that of the way forward."""
    dangers = [place for place, step in enumerate(steps) if greedy.endangered_by(step)]
    if not dangers and not begun:
        return tuple(steps), ()
    ends = [place for place, step in enumerate(steps) if greedy.restored_by(step)]
    first = _wave_start(steps, dangers[0]) if dangers else 0
    last = _wave_end(steps, ends[-1]) if ends else 0
    undone = _undone_by([steps[place] for place in dangers])
    phase = steps[ends[-1]].phase if ends else Phase.CHANGE
    keeping = Step(
        id=f"{prefix}retain/{greedy.ref.key}",
        verb=Verb.RETAIN,
        title=f"Let {greedy.ref} keep its claims for now",
        phase=steps[dangers[0]].phase if dangers else phase,
        target=greedy.ref.key,
        arguments={"ref": greedy.ref.as_json()},
        wave=f"{prefix}keep claims",
        deadline=_SECONDS,
        undoes=undone,
    )
    freeing = replace(
        keeping,
        id=f"{prefix}unretain/{greedy.ref.key}",
        verb=Verb.UNRETAIN,
        title=f"Give {greedy.ref} its policy for claims back",
        phase=phase,
        arguments={"ref": greedy.ref.as_json(), "revision": _applied(steps[first:last], greedy.ref)},
        wave=f"{prefix}free claims",
        undoes=() if dangers and not undone else tuple(dict.fromkeys((*begun, *undone))),
    )
    meanwhile = (_retained(step, greedy.ref) for step in steps[first:last])
    kept = (keeping,) if dangers else ()
    return (*steps[:first], *kept, *meanwhile, freeing, *steps[last:]), tuple(step.id for step in kept)


def _undone_by(steps: Sequence[Step]) -> tuple[str, ...]:
    """What the steps undo together; nothing when one of them runs in any case."""
    if any(not step.undoes for step in steps):
        return ()
    return tuple(dict.fromkeys(name for step in steps for name in step.undoes))


def _wave_start(steps: Sequence[Step], place: int) -> int:
    while place and steps[place].wave and steps[place - 1].wave == steps[place].wave:
        place -= 1
    return place


def _wave_end(steps: Sequence[Step], place: int) -> int:
    """The place behind the wave."""
    while place + 1 < len(steps) and steps[place].wave and steps[place + 1].wave == steps[place].wave:
        place += 1
    return place + 1


def _retained(step: Step, ref: Ref) -> Step:
    if step.verb is not Verb.APPLY or step.target != ref.key:
        return step
    return replace(step, arguments={**step.arguments, "retained": True})


def _applied(steps: Iterable[Step], ref: Ref) -> str:
    """The revision that gives it its policy in between; empty when none does."""
    found = (step for step in steps if step.verb is Verb.APPLY and step.target == ref.key)
    own = (step for step in found if not any(POLICY in name for name in step.arguments.get("kept", ())))
    return next((str(step.arguments["revision"]) for step in own), "")
