"""What became of the pods: looked at once, when a run is about to record what runs now.

Nothing needs to be remembered from before: when we last changed a workload stands in its ``managedFields``, by the
server's own clock, in whole seconds; a pod that was created since is new, one that is older is the same pod as before.
How long a new one took is from that change until it was ready.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from changeover.objects import FIELD_MANAGER, Kind, KubeObject
from changeover.plan.restarts import CONTROLLERS
from changeover.ports import Cluster, ClusterProblem, Json
from changeover.render.revision import Revision
from changeover.settings import PARALLEL

MOST = 300
"""Workloads that are told of; a journal's record is limited."""

_POD = Kind("v1", "Pod")


async def look(cluster: Cluster, revision: Revision) -> Mapping[str, Json]:
    """Per `Ref.key` of a workload: its pods, how many are new, seconds until these were ready, containers that fell."""
    workloads = [obj for obj in revision.objects if obj.ref.kind.group_kind in CONTROLLERS][:MOST]
    places = sorted({obj.namespace for obj in workloads})
    limit = asyncio.Semaphore(PARALLEL)

    async def live(obj: KubeObject) -> KubeObject | None:
        async with limit:
            return await cluster.get(obj.ref)

    try:
        found = await asyncio.gather(*(live(obj) for obj in workloads))
        pods = [pod for place in places for pod in await cluster.list(_POD, namespace=place)]
    except ClusterProblem:
        return {}  # a run that did its work is not held up by want of a figure
    return {obj.ref.key: told for obj in found if obj is not None and (told := of_workload(obj, pods))}


def of_workload(workload: KubeObject, pods: Iterable[KubeObject]) -> dict[str, Json]:
    """The figures of one workload; empty when it is not known when we changed it."""
    changed = _changed_at(workload)
    labels = workload.get("spec", "selector", "matchLabels", default={})
    if changed is None or not labels:
        return {}
    own = [pod for pod in pods if pod.namespace == workload.namespace and labels.items() <= pod.labels.items()]
    own = [pod for pod in own if not pod.terminating]
    new = [pod for pod in own if (created := _time(pod.metadata.get("creationTimestamp"))) and created >= changed]
    waits = [max(1.0, (ready - changed).total_seconds()) for pod in new if (ready := _ready_at(pod))]
    return {
        "pods": len(own),
        "new": len(new),
        "readySeconds": max(waits, default=0.0),
        "fell": sum(_fell_since(pod, changed) for pod in own),
    }


def _changed_at(workload: KubeObject) -> datetime | None:
    entries: list[Mapping[str, Any]] = workload.metadata.get("managedFields") or []
    times = [
        _time(entry.get("time"))
        for entry in entries
        if (entry.get("manager"), entry.get("operation")) == (FIELD_MANAGER, "Apply") and not entry.get("subresource")
    ]
    return max((time for time in times if time is not None), default=None)


def _ready_at(pod: KubeObject) -> datetime | None:
    for condition in pod.get("status", "conditions", default=[]):
        if condition.get("type") == "Ready" and condition.get("status") == "True":
            return _time(condition.get("lastTransitionTime"))
    return None


def _fell_since(pod: KubeObject, changed: datetime) -> int:
    ends = (
        _time(((status.get("lastState") or {}).get("terminated") or {}).get("finishedAt"))
        for status in pod.get("status", "containerStatuses", default=[])
    )
    return sum(end is not None and end >= changed for end in ends)


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
