"""What of a namespace is not well, in its own words: conditions, events and logs, for the evidence of a failed run.

* pods that are not ready, or failed: why they wait, the end of their log, and of the log before a restart
* workloads, Jobs and claims whose status says that something is wrong
* the latest warnings
* bounded, for it goes into the journal; secret values are taken out
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from changeover.collect.redact import redactor, values_of
from changeover.objects import Kind, KubeObject
from changeover.ports import Cluster, ClusterProblem, Json

POD = Kind("v1", "Pod")
EVENT = Kind("v1", "Event")
CLAIM = Kind("v1", "PersistentVolumeClaim")
SECRET = Kind("v1", "Secret")
WORKLOADS = (
    Kind("apps/v1", "Deployment"),
    Kind("apps/v1", "StatefulSet"),
    Kind("apps/v1", "DaemonSet"),
    Kind("batch/v1", "Job"),
)
MOST_PODS = 10
MOST_EVENTS = 40
LOG_LINES = 60
TEXT = 3000
"""Characters of one text."""
ALL = 40_000
"""Characters of everything together."""

BAD = {
    ("Available", "False"),
    ("ReplicaFailure", "True"),
    ("Failed", "True"),
    ("FailureTarget", "True"),
}
TOO_LATE = "ProgressDeadlineExceeded"


async def unhealthy(cluster: Cluster, namespace: str) -> list[Mapping[str, Json]]:
    """Look at a namespace; each piece has a ``title`` and a ``text``."""
    pods, events, claims, secrets, *workloads = await asyncio.gather(
        *(_listed(cluster, kind, namespace) for kind in (POD, EVENT, CLAIM, SECRET, *WORKLOADS))
    )
    redact = redactor(values_of(secrets))
    sick = [pod for pod in pods if not is_well(pod)]
    pieces = [piece for workload in workloads for obj in workload for piece in _workload(obj)]
    pieces += [(str(one.ref), f"it is {phase}") for one in claims if (phase := _phase(one)) not in ("Bound", "")]
    for told in await asyncio.gather(*(_pod(cluster, pod) for pod in sick[:MOST_PODS])):
        pieces += told
    if len(sick) > MOST_PODS:
        pieces.append(("Other pods", ", ".join(pod.name for pod in sick[MOST_PODS:])))
    pieces.append(("Warnings", "\n".join(_warnings(events))))
    return list(_bounded(pieces, redact))


def is_well(pod: KubeObject) -> bool:
    """Whether a pod is ready, or has done its work."""
    if _phase(pod) == "Succeeded":
        return True
    known = pod.get("status", "conditions", default=[])
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in known)


async def _listed(cluster: Cluster, kind: Kind, namespace: str) -> Sequence[KubeObject]:
    try:
        return await cluster.list(kind, namespace=namespace)
    except ClusterProblem:
        return ()


def _phase(obj: KubeObject) -> str:
    return str(obj.get("status", "phase", default=""))


def _workload(obj: KubeObject) -> Iterable[tuple[str, str]]:
    told = [
        f"{one.get('type')}={one.get('status')} {one.get('reason', '')}: {one.get('message', '')}"
        for one in obj.get("status", "conditions", default=[])
        if (one.get("type"), one.get("status")) in BAD or one.get("reason") == TOO_LATE
    ]
    if told:
        yield str(obj.ref), "\n".join(told)


async def _pod(cluster: Cluster, pod: KubeObject) -> list[tuple[str, str]]:
    told = [f"phase {_phase(pod)} {pod.get('status', 'reason', default='')}".strip()]
    told += [
        f"{one['type']}: {one['message']}"
        for one in pod.get("status", "conditions", default=[])
        if one.get("status") == "False" and one.get("message")
    ]
    pieces = []
    for one in (
        *pod.get("status", "initContainerStatuses", default=[]),
        *pod.get("status", "containerStatuses", default=[]),
    ):
        told += _container(one)
        if not one.get("ready"):
            pieces += await _logs(cluster, pod, one)
    return [(str(pod.ref), "\n".join(told)), *pieces]


def _container(status: Mapping[str, Json]) -> list[str]:
    told = []
    for when, states in (("now", status.get("state")), ("before", status.get("lastState"))):
        for name, state in (states or {}).items():
            words = [f"exit code {state['exitCode']}" if "exitCode" in state else "", str(state.get("message", ""))]
            reason = f"{name} {state.get('reason', '')}".strip()
            told.append(f"{status['name']} {when}: {reason} {' '.join(filter(None, words))}".strip())
    return told


async def _logs(cluster: Cluster, pod: KubeObject, status: Mapping[str, Json]) -> list[tuple[str, str]]:
    name = str(status["name"])
    found = [(f"{pod.ref} {name}: log", await cluster.logs(pod.ref, container=name, tail=LOG_LINES))]
    if status.get("restartCount"):
        before = await cluster.logs(pod.ref, container=name, tail=LOG_LINES, previous=True)
        found.append((f"{pod.ref} {name}: log before the restart", before))
    return [(title, text) for title, text in found if text.strip()]


def _warnings(events: Iterable[KubeObject]) -> list[str]:
    warnings = [event for event in events if event.get("type") == "Warning"]
    warnings.sort(key=_when)
    return [
        f"{_when(event)} {event.get('involvedObject', 'kind')}/{event.get('involvedObject', 'name')} "
        f"{event.get('reason', default='')}: {event.get('message', default='')}"
        for event in warnings[-MOST_EVENTS:]
    ]


def _when(event: KubeObject) -> str:
    times = (event.get("lastTimestamp"), event.get("eventTime"), event.metadata.get("creationTimestamp"))
    return str(next((time for time in times if time), ""))


def _bounded(pieces: Iterable[tuple[str, str]], redact: Callable[[str], str]) -> Iterable[Mapping[str, Json]]:
    left = ALL
    for title, text in pieces:
        kept = redact(text.strip())[-TEXT:]
        if not kept or left <= 0:
            continue
        left -= len(kept)
        yield {"title": title, "text": kept}
