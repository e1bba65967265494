"""What of a namespace is not well, in its own words, out of the files of a bundle: for the evidence of a failed run.

* pods that are not ready, or failed: why they wait, the end of their log, and of the log before a restart
* workloads, Jobs and claims whose status says that something is wrong
* the latest warnings
* bounded, for it goes into the journal; the files are redacted already
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from changeover.objects import KubeObject, is_well
from changeover.ports import Json

WORKLOADS = ("deployments", "statefulsets", "daemonsets", "jobs")
MOST_PODS = 10
MOST_EVENTS = 40
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


def unhealthy(files: Mapping[str, bytes], namespace: str) -> list[Mapping[str, Json]]:
    """Pieces with a ``title`` and a ``text`` each."""
    sick = [pod for pod in _listed(files, "pods", namespace) if not is_well(pod)]
    pieces = [piece for name in WORKLOADS for obj in _listed(files, name, namespace) for piece in _workload(obj)]
    claims = _listed(files, "pvcs", namespace)
    pieces += [(str(one.ref), f"it is {phase}") for one in claims if (phase := _phase(one)) not in ("Bound", "")]
    pieces += [piece for pod in sick[:MOST_PODS] for piece in _pod(files, pod)]
    if len(sick) > MOST_PODS:
        pieces.append(("Other pods", ", ".join(pod.name for pod in sick[MOST_PODS:])))
    pieces.append(("Warnings", "\n".join(_warnings(_listed(files, "events", namespace)))))
    return list(_bounded(pieces))


def _listed(files: Mapping[str, bytes], name: str, namespace: str) -> Sequence[KubeObject]:
    content = files.get(f"cluster-resources/{name}/{namespace}.json")
    try:
        return [KubeObject(raw) for raw in json.loads(content)["items"]] if content else ()
    except (ValueError, KeyError, TypeError):
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


def _pod(files: Mapping[str, bytes], pod: KubeObject) -> list[tuple[str, str]]:
    told = [f"phase {_phase(pod)} {pod.get('status', 'reason', default='')}".strip()]
    told += [
        f"{one['type']}: {one['message']}"
        for one in pod.get("status", "conditions", default=[])
        if one.get("status") == "False" and one.get("message")
    ]
    pieces: list[tuple[str, str]] = []
    for one in (
        *pod.get("status", "initContainerStatuses", default=[]),
        *pod.get("status", "containerStatuses", default=[]),
    ):
        told += _container(one)
        if not one.get("ready"):
            pieces += _logs(files, pod, str(one["name"]))
    return [(str(pod.ref), "\n".join(told)), *pieces]


def _container(status: Mapping[str, Json]) -> list[str]:
    told = []
    for when, states in (("now", status.get("state")), ("before", status.get("lastState"))):
        for name, state in (states or {}).items():
            words = [f"exit code {state['exitCode']}" if "exitCode" in state else "", str(state.get("message", ""))]
            reason = f"{name} {state.get('reason', '')}".strip()
            told.append(f"{status['name']} {when}: {reason} {' '.join(filter(None, words))}".strip())
    return told


def _logs(files: Mapping[str, bytes], pod: KubeObject, container: str) -> Iterator[tuple[str, str]]:
    place = f"cluster-resources/pods/logs/{pod.namespace}/{pod.name}/{container}"
    for ending, words in ((".log", "log"), ("-previous.log", "log before the restart")):
        text = files.get(f"{place}{ending}", b"").decode(errors="replace")
        if text.strip():
            yield f"{pod.ref} {container}: {words}", text


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


def _bounded(pieces: Iterable[tuple[str, str]]) -> Iterable[Mapping[str, Json]]:
    left = ALL
    for title, text in pieces:
        kept = text.strip()[-TEXT:]
        if not kept or left <= 0:
            continue
        left -= len(kept)
        yield {"title": title, "text": kept}
