"""How available each workload stays while it changes, from the object itself and from what was measured. Pure.

* who restarts nothing, or is made again around its pods, stays as it is; so does a workload that only gets more pods
* Deployment: as many pods as `maxUnavailable` (25 %, rounded down; one where `maxSurge` is 0 as well) may be away at
  once, all of them under Recreate. StatefulSet: one (`maxUnavailable` where it is served). DaemonSet: `maxUnavailable`,
  none where it surges. What is deleted and made again, or stopped by a step of the run, has no pod meanwhile
* when that is all there is, nothing is ready until a new pod is: 5 s and its start delay (probes); what was measured in
  this Installation counts instead, unless this change also alters the strategy or the number of pods. A pod that waits
  before it ends (`preStop`) serves meanwhile
* what else users may notice is said, and promised by nobody: no readiness probe, a claim that one node at a time can
  mount, a PodDisruptionBudget, which rollouts do not heed
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from changeover.objects import Kind, KubeObject, Ref
from changeover.plan.estimate import History, start_seconds
from changeover.plan.model import Availability, Effect, ObjectChange, Snapshot
from changeover.plan.restarts import CONTROLLERS, pods_of
from changeover.plan.steps import Phase, Step, Verb
from changeover.quantity import share

_GONE = frozenset({Effect.CREATE, Effect.PRUNE})
_SHORT = 1.0
"""Seconds that a measurement may be wrong by: less was seen of nothing."""
_WAYS = ("spec.replicas", "spec.strategy", "spec.updateStrategy")
_ONE_NODE = frozenset({"ReadWriteOnce", "ReadWriteOncePod"})
_CLAIM = Kind("v1", "PersistentVolumeClaim")


def surge(workload: KubeObject) -> tuple[int, int]:
    """How many pods a Deployment starts first, and how many may be stopped before these are ready."""
    replicas = int(workload.get("spec", "replicas", default=1))
    if workload.get("spec", "strategy", "type", default="") == "Recreate":
        return 0, replicas
    how = workload.get("spec", "strategy", "rollingUpdate", default={})
    more = share(how.get("maxSurge", "25%"), replicas, math.ceil)
    fewer = share(how.get("maxUnavailable", "25%"), replicas, math.floor)
    return more, fewer if more or fewer else 1


def foretold(
    changes: Iterable[ObjectChange], snapshot: Snapshot, *, steps: Sequence[Step], history: History
) -> tuple[ObjectChange, ...]:
    """The changes, each workload with what is to be expected of it under these steps."""
    changes = tuple(changes)
    around = _Around.of(changes, snapshot, steps=steps, history=history)
    return tuple(replace(change, availability=_of(change, around)) for change in changes)


@dataclass(frozen=True, slots=True)
class _Around:
    """What a workload's availability depends on beside itself; objects by `Ref.key`."""

    snapshot: Snapshot
    history: History
    stopped: Mapping[str, Step] = field(default_factory=dict)
    """By target in small letters: the steps that scale it down to nothing."""
    budgets: tuple[KubeObject, ...] = ()

    @staticmethod
    def of(changes: Iterable[ObjectChange], snapshot: Snapshot, *, steps: Sequence[Step], history: History) -> _Around:
        kept = (change.ref for change in changes if change.effect is not Effect.PRUNE)
        budgets = [_after(ref, snapshot) for ref in kept if ref.kind.name == "PodDisruptionBudget"]
        stops = [step for step in steps if step.verb is Verb.SCALE and step.arguments.get("replicas") == 0]
        return _Around(
            snapshot,
            history,
            {step.target.lower(): step for step in stops},
            tuple(one for one in budgets if one is not None),
        )


def _after(ref: Ref, snapshot: Snapshot) -> KubeObject | None:
    """As it will be: what the API server answered, also to the halves of a change that it refuses as a whole."""
    rehearsed = snapshot.rehearsals.get(ref.key)
    halves = (rehearsed.in_place, rehearsed.as_new) if rehearsed else ()
    answers = (snapshot.dry_runs.get(ref.key), *halves)
    return next((one.result for one in answers if one and one.result), snapshot.live.get(ref.key))


def _of(change: ObjectChange, around: _Around) -> Availability | None:
    live, after = around.snapshot.live.get(change.ref.key), _after(change.ref, around.snapshot)
    if change.ref.kind.group_kind not in CONTROLLERS or change.effect in _GONE or live is None or after is None:
        return None
    pods = pods_of(live)
    steady = pods if live.kind == "DaemonSet" else min(pods, int(after.get("spec", "replicas", default=1)))
    if steady <= 0:
        return None
    away, why = _away_at_once(change, after, steady, around)
    least = max(0, steady - away)
    if change.ref.key in around.snapshot.autoscaled:
        least = min(least, 1)  # its autoscaler may take the others away meanwhile
    seconds, seen = _seconds(change, after, least, around)
    notes = [why if away else "", seen, *_notes(change, after, least, around)]
    why = "; ".join(note for note in notes if note)
    return Availability(pods, least, round(seconds, 1), why, down=_is_down(live))


def _is_down(live: KubeObject) -> bool:
    """Whether its controller, which has pods, sees none of them ready."""
    status = live.get("status", default={})
    if live.kind == "DaemonSet":
        return "numberReady" in status and not status["numberReady"]
    return bool(status.get("replicas")) and not status.get("readyReplicas")


def _stop(ref: Ref, around: _Around) -> Step | None:
    return around.stopped.get(str(ref).lower()) or around.stopped.get(ref.key.lower())


def _away_at_once(change: ObjectChange, after: KubeObject, steady: int, around: _Around) -> tuple[int, str]:
    """How many of its pods may be away at once, and why."""
    if _stop(change.ref, around):
        return steady, "this run stops it"
    if change.effect is Effect.RECREATE:
        return steady, "it is deleted and made again"
    if not change.restarts:
        return 0, ""
    if after.get("spec", "strategy", "type") == "Recreate":
        return steady, "all its pods stop before new ones start (Recreate)"
    number = _fewer(after, steady)
    if number < steady:
        return number, ""
    only = "its only pod stops before the new one starts" if steady == 1 else f"all {steady} pods may stop at once"
    return steady, only if after.kind == "StatefulSet" else f"{only} (maxUnavailable {number})"


def _fewer(after: KubeObject, steady: int) -> int:
    if after.kind == "Deployment":
        return surge(after)[1]
    how = after.get("spec", "updateStrategy", "rollingUpdate", default={})
    if after.kind == "DaemonSet" and share(how.get("maxSurge", 0), steady, math.ceil):
        return 0
    return max(1, share(how.get("maxUnavailable", 1), steady, math.ceil))


def _seconds(change: ObjectChange, after: KubeObject, least: int, around: _Around) -> tuple[float, str]:
    """Expected without a ready pod, and where that is not what the object says, why."""
    measured = around.history.away_seconds.get(change.ref.key)
    if measured is not None and any(one.path.startswith(_WAYS) for one in change.fields):
        measured = None
    if least:
        if change.restarts and measured is not None and measured > _SHORT:
            return measured, "so it was when it last restarted"
        return 0.0, ""
    step = _stop(change.ref, around)
    if step is None and measured is not None:
        return measured, ""
    known = around.history.restart_seconds.get(change.ref.key)
    one = start_seconds(after) if known is None else known
    return one + (around.history.copy_seconds if step and step.phase is Phase.BACKUP else 0.0), ""


def _notes(change: ObjectChange, after: KubeObject, least: int, around: _Around) -> Iterator[str]:
    if not change.restarts:
        return
    pod: Mapping[str, Any] = after.get("spec", "template", "spec", default={})
    if any(not container.get("readinessProbe") for container in pod.get("containers") or ()):
        yield "requests may be dropped (no readiness probe)"
    if after.kind == "Deployment" and least:
        yield from _claims(change.ref, pod, around)
    labels: Mapping[str, str] = after.get("spec", "template", "metadata", "labels", default={})
    for budget in around.budgets:
        wanted = budget.get("spec", "selector", "matchLabels", default={})
        if budget.namespace == change.ref.namespace and wanted and wanted.items() <= labels.items():
            pods = int(after.get("spec", "replicas", default=0)) or least
            if least < _kept_by(budget, pods):
                yield f"fewer than {budget.name} asks for: a rollout does not heed a PodDisruptionBudget"


def _kept_by(budget: KubeObject, pods: int) -> int:
    least = budget.get("spec", "minAvailable")
    if least is not None:
        return share(least, pods, math.ceil)
    return pods - share(budget.get("spec", "maxUnavailable", default=pods), pods, math.ceil)


def _claims(ref: Ref, pod: Mapping[str, Any], around: _Around) -> Iterator[str]:
    """A new pod waits for ever where the old one holds a claim on another node, and is only stopped for a ready one."""
    for volume in pod.get("volumes") or ():
        name = str((volume.get("persistentVolumeClaim") or {}).get("claimName") or "")
        claim = _after(Ref(_CLAIM, ref.namespace, name), around.snapshot) if name else None
        modes = set(claim.get("spec", "accessModes", default=[])) if claim else set()
        if modes and modes <= _ONE_NODE:
            yield f"{name} can be mounted on one node at a time, and the old pod holds it until the new one is ready"
