"""How long it will take, from the objects themselves, and from this Installation's own history where there is one.

* one pod's restart: 5 s, what it waits before it ends (`preStop` sleep), its start delay (probes), and until it counts
  `minReadySeconds`; a StatefulSet goes one pod after the other, a Deployment in four portions at most, a DaemonSet by
  `maxUnavailable` (one by one)
* workloads restart side by side; a Job counts 15 s; 20 ms per object applied
* the time for which all must stay healthy is part of the change
* history: the longest of the last ten times counts when it is longer than what the objects say; a workload whose
  restart was seen in this Installation counts with what it took
* how long a workload is without a ready pod is said per workload (`plan/availability.py`)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

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
    away_seconds: Mapping[str, float] = field(default_factory=dict)
    """Per `Ref.key` of a workload, how long it had no ready pod when it last restarted; only what was seen whole."""
    copy_seconds: float = 0.0
    """How long the last backup took to copy; a restore is taken to be as long."""


def estimate(
    changes: Iterable[ObjectChange],
    live: Mapping[str, KubeObject],
    *,
    history: History | None = None,
    hold_seconds: float = 0.0,
) -> Estimates:
    """Seconds for the change and for its rollback."""
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
    return Estimates(
        change_seconds=round(max(computed + hold_seconds, taken), 1),
        rollback_seconds=round(_OBJECT * len(changes) + longest + (_POD if created else 0.0), 1),
    )


def start_seconds(workload: KubeObject) -> float:
    """From the moment at which a pod has ended until the one in its place is ready."""
    containers = workload.get("spec", "template", "spec", "containers", default=[])
    return _POD + max((_start_delay(one) for one in containers), default=0.0)


def _end_seconds(workload: KubeObject) -> float:
    containers = workload.get("spec", "template", "spec", "containers", default=[])
    waits = (((one.get("lifecycle") or {}).get("preStop") or {}).get("sleep") or {} for one in containers)
    return max((float(one.get("seconds") or 0) for one in waits), default=0.0)


def _computed(obj: KubeObject) -> float:
    one = _end_seconds(obj) + start_seconds(obj) + float(obj.get("spec", "minReadySeconds", default=0))
    pods = pods_of(obj)
    return one * (min(pods, 4) if obj.kind == "Deployment" else pods)


def _start_delay(container: Mapping[str, Any]) -> float:
    """A readiness probe waits until the startup probe has succeeded."""
    probes = (container.get(name) or {} for name in ("startupProbe", "readinessProbe"))
    return max(float(probe.get("initialDelaySeconds") or 0) for probe in probes)
