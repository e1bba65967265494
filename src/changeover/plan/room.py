"""Room on the nodes for the pods that a rollout starts before it stops others. Pure.

* room = what a node can allocate, less what its pods request; a node that is cordoned has none
* a Deployment that restarts starts `maxSurge` pods first (25 %, rounded up); where it may not stop any before they are
  ready (`maxUnavailable`, 25 % rounded down, is 0) a missing place means that the rollout waits for ever: that is said
* only what the scheduler would surely refuse counts: requests, the number of pods, `nodeSelector`, taints without any
  toleration. Affinity is not judged, so silence is no promise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from changeover.objects import KubeObject
from changeover.plan import availability
from changeover.plan.model import Finding, ObjectChange, Room, Severity
from changeover.quantity import amount

_ENDED = frozenset({"Succeeded", "Failed"})


@dataclass(slots=True)
class _Left:
    """What is left of a node while pods are placed on it."""

    room: Room
    cpu: Fraction = field(init=False)
    memory: Fraction = field(init=False)
    pods: int = field(init=False)

    def __post_init__(self) -> None:
        self.cpu, self.memory, self.pods = self.room.cpu, self.room.memory, self.room.pods


def rooms(nodes: Iterable[KubeObject], pods: Iterable[KubeObject]) -> tuple[Room, ...]:
    """What is free on every node that takes pods."""
    used: dict[str, list[Fraction]] = {}
    for pod in pods:
        name = str(pod.get("spec", "nodeName", default=""))
        if name and pod.get("status", "phase", default="") not in _ENDED:
            cpu, memory = requests(pod.get("spec", default={}))
            sums = used.setdefault(name, [Fraction(0), Fraction(0), Fraction(0)])
            sums[0], sums[1], sums[2] = sums[0] + cpu, sums[1] + memory, sums[2] + 1
    return tuple(_room(node, used.get(node.name)) for node in nodes if not node.get("spec", "unschedulable"))


def _room(node: KubeObject, used: list[Fraction] | None) -> Room:
    cpu, memory, pods = used or [Fraction(0)] * 3
    free = node.get("status", "allocatable", default={})
    taints = node.get("spec", "taints", default=[])
    return Room(
        name=node.name,
        cpu=(amount(free.get("cpu")) or Fraction(0)) - cpu,
        memory=(amount(free.get("memory")) or Fraction(0)) - memory,
        pods=int((amount(free.get("pods")) or 0) - pods),
        labels=dict(node.labels),
        tainted=any(taint.get("effect") in ("NoSchedule", "NoExecute") for taint in taints),
    )


def requests(pod: Mapping[str, Any]) -> tuple[Fraction, Fraction]:
    """CPU in cores and memory in bytes that a pod's spec asks for: the sum of its containers, or its largest init."""

    def asked(container: Mapping[str, Any], name: str) -> Fraction:
        resources = container.get("resources") or {}
        wanted = (resources.get("requests") or {}).get(name, (resources.get("limits") or {}).get(name))
        return amount(wanted) or Fraction(0)

    def of(name: str) -> Fraction:
        together = sum((asked(one, name) for one in pod.get("containers") or ()), Fraction(0))
        return max([together, *(asked(one, name) for one in pod.get("initContainers") or ())])

    return of("cpu"), of("memory")


def findings(
    changes: Iterable[ObjectChange], new: Mapping[str, KubeObject], rooms: Iterable[Room]
) -> Iterator[Finding]:
    """Deployments whose rollout would wait for ever; `new` is by `Ref.key`. Nothing when no node could be seen."""
    left = [_Left(room) for room in rooms]
    for change in changes if left else ():
        workload = new.get(change.ref.key)
        if not change.restarts or workload is None or workload.kind != "Deployment":
            continue
        surge, stoppable = availability.surge(workload)
        pod = workload.get("spec", "template", "spec", default={})
        placed = sum(_place(pod, left) for _ in range(surge))
        if not placed and surge and not stoppable:
            cpu, memory = requests(pod)
            yield Finding(
                "no-room",
                Severity.WARNS,
                f"{change.ref}: no node has room for one more of its pods, and none is stopped before: it would wait.",
                found=f"a pod asks for {float(cpu):g} CPU and {float(memory) / 2**20:.0f} MiB",
                hint="make room (a node more, smaller requests), or let it stop a pod first (maxUnavailable)",
                ref=change.ref,
            )


def _place(pod: Mapping[str, Any], left: Iterable[_Left]) -> bool:
    cpu, memory = requests(pod)
    selector = pod.get("nodeSelector") or {}
    for one in left:
        fits = one.cpu >= cpu and one.memory >= memory and one.pods >= 1
        allowed = selector.items() <= one.room.labels.items() and not (one.room.tainted and not pod.get("tolerations"))
        if fits and allowed:
            one.cpu, one.memory, one.pods = one.cpu - cpu, one.memory - memory, one.pods - 1
            return True
    return False
