"""How long it will take, from the objects themselves, and from this Installation's own history where there is one.

* one pod's restart: 5 s, its start delay (readiness probe) and `minReadySeconds`; a StatefulSet goes one pod after the
  other, a Deployment in four portions at most, a DaemonSet by `maxUnavailable` (one by one)
* workloads restart side by side; a Job counts 15 s; 20 ms per object applied
* the time for which all must stay healthy is part of the change
* history: the longest of the last ten times counts when it is longer than what the objects say; a workload whose
  restart was seen in this Installation counts with what it took
* downtime: the longest restart among workloads that have only one pod or are recreated
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from changeover.objects import KubeObject
from changeover.plan.model import Effect, ObjectChange
from changeover.plan.restarts import pods_of
from changeover.plan.strategy import Estimates

_POD = 5.0
_JOB = 15.0
_OBJECT = 0.02
_LAST = 10


@dataclass(frozen=True, slots=True)
class History:
    """What earlier runs of this Installation took, in seconds."""

    seconds_taken: tuple[float, ...] = ()
    """Per run, oldest first."""
    restart_seconds: Mapping[str, float] = field(default_factory=dict)
    """Per `Ref.key` of a workload, the last restart."""
    copy_seconds: float = 0.0
    """How long the last backup took to copy; a restore is taken to be as long."""


def estimate(
    changes: Iterable[ObjectChange],
    live: Mapping[str, KubeObject],
    *,
    history: History | None = None,
    hold_seconds: float = 0.0,
) -> Estimates:
    """Seconds for the change, for its rollback, and without service."""
    history = history or History()
    changes = tuple(changes)

    def restart(obj: KubeObject) -> float:
        seen = history.restart_seconds.get(obj.ref.key)
        return _computed(obj) if seen is None else seen

    restarting = [live[change.ref.key] for change in changes if change.restarts and change.ref.key in live]
    longest = max((restart(obj) for obj in restarting), default=0.0)
    jobs = sum(
        change.ref.kind.name == "Job" and change.effect in {Effect.CREATE, Effect.RECREATE} for change in changes
    )
    created = any(change.effect is Effect.CREATE and change.ref.kind.group == "apps" for change in changes)
    computed = _OBJECT * len(changes) + max(longest, _POD if created else 0.0) + _JOB * jobs
    taken = max(history.seconds_taken[-_LAST:], default=0.0)
    down = max((restart(obj) for obj in restarting if _is_single(obj)), default=0.0)
    return Estimates(
        change_seconds=round(max(computed + hold_seconds, taken), 1),
        downtime_seconds=round(down, 1),
        rollback_seconds=round(_OBJECT * len(changes) + longest + (_POD if created else 0.0), 1),
    )


def _is_single(obj: KubeObject) -> bool:
    return obj.get("spec", "strategy", "type") == "Recreate" or (obj.kind == "StatefulSet" and pods_of(obj) == 1)


def _computed(obj: KubeObject) -> float:
    containers = obj.get("spec", "template", "spec", "containers", default=[])
    delay = max((_start_delay(container) for container in containers), default=0.0)
    one = _POD + delay + float(obj.get("spec", "minReadySeconds", default=0))
    pods = pods_of(obj)
    return one * (min(pods, 4) if obj.kind == "Deployment" else pods)


def _start_delay(container: Mapping[str, object]) -> float:
    probe = container.get("readinessProbe")
    delay = probe.get("initialDelaySeconds", 0) if isinstance(probe, Mapping) else 0
    return float(delay) if isinstance(delay, int | float) else 0.0
