"""How long workloads had too few ready pods while they were changed: looked at while it goes on, kept in the journal.

* *below*: fewer pods whose condition Ready is true, and which are not being deleted, than the plan says that it keeps
  (`Availability.least`)
* *away*: no pod whose condition Ready is true, not even one that is being deleted: Services send requests to such a pod
  for as long as there is no other
* both in seconds, from the run's first touch of anything to the run's end; while it waits for a person nobody looks
* the pods are listed twice a second, more seldom where a look takes long; the time between two looks counts half as the
  one was and half as the other
* what was seen is written as a stretch (event ``watched``) after 5 s, and after up to a minute while nothing changes: a
  process that dies takes only the stretch with it that was not written yet. What no stretch covers, and what lies
  between two looks more than `GAP` apart, was not seen: it is unknown, never 0
* trouble here never fails a run
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from changeover.objects import Kind, KubeObject
from changeover.plan.model import Plan
from changeover.plan.restarts import CONTROLLERS
from changeover.plan.steps import TOUCHING
from changeover.ports import ClusterProblem, Fenced
from changeover.runs.ledger import Ledger
from changeover.runs.scene import Subject
from changeover.runs.stage import Stage

LOOK = 0.5
"""Seconds between two looks."""
CALM = 4.0
"""Between two looks at least so many times as long as a look takes."""
GAP = 5.0
STRETCH, LONGEST = 5.0, 60.0
MOST = 300
"""Workloads that are watched; a journal's record is limited."""
_POD = Kind("v1", "Pod")

Short = tuple[bool, bool]
"""Whether a workload has no ready pod, and whether it has fewer than it keeps."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One workload: whose pods are its own, before and after the change, and how many it keeps."""

    key: str
    namespace: str
    selectors: tuple[Mapping[str, str], ...]
    least: int


def watched(subject: Subject) -> tuple[Watched, ...]:
    """The workloads of which the plan foretells something."""
    selectors: dict[str, list[Mapping[str, str]]] = {}
    for revision in (subject.old, subject.new):
        for obj in revision.objects if revision else ():
            selector = obj.get("spec", "selector", "matchLabels") if obj.ref.kind.group_kind in CONTROLLERS else None
            if selector and selector not in selectors.setdefault(obj.ref.key, []):
                selectors[obj.ref.key].append(selector)
    found = [
        Watched(one.ref.key, one.ref.namespace, tuple(selectors[one.ref.key]), one.availability.least)
        for one in subject.plan.changes
        if one.availability and one.ref.key in selectors
    ]
    return tuple(found[:MOST])


def judged(workloads: Iterable[Watched], pods: Iterable[KubeObject]) -> dict[str, Short]:
    """How short of ready pods each workload is, by key."""
    by_label: dict[tuple[str, str, str], list[KubeObject]] = {}
    for pod in pods:
        if _is_ready(pod):
            for name, value in pod.labels.items():
                by_label.setdefault((pod.namespace, name, value), []).append(pod)
    return {one.key: _short(one, by_label) for one in workloads}


def _is_ready(pod: KubeObject) -> bool:
    conditions = pod.get("status", "conditions", default=[])
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def _short(workload: Watched, by_label: Mapping[tuple[str, str, str], Sequence[KubeObject]]) -> Short:
    ready: dict[str, KubeObject] = {}
    for selector in workload.selectors:
        lists = [by_label.get((workload.namespace, name, value), ()) for name, value in selector.items()]
        ready |= {pod.name: pod for pod in min(lists, key=len) if selector.items() <= pod.labels.items()}
    staying = sum(not pod.terminating for pod in ready.values())
    return not ready, staying < workload.least


@dataclass(slots=True)
class Stretch:
    """What was seen in one piece: between its first and its last look."""

    began: float
    last: float
    seen: Mapping[str, Short]
    changed: float
    """When anything was last seen to change, or the first look of all."""
    seconds: dict[str, list[float]] = field(default_factory=dict)
    """[away, below] by key; what was neither is not in it."""

    def add(self, now: float, seen: Mapping[str, Short]) -> None:
        """One more look."""
        half = (now - self.last) / 2
        for key, after in seen.items():
            for place, (one, other) in enumerate(zip(self.seen.get(key, after), after, strict=True)):
                if one or other:
                    self.seconds.setdefault(key, [0.0, 0.0])[place] += half * (one + other)
        if seen != self.seen:
            self.changed = now
        self.last, self.seen = now, seen

    @property
    def is_long(self) -> bool:
        """Whether it is time to write it down."""
        calm = self.last - self.changed
        return self.last - self.began >= min(LONGEST, max(STRETCH, calm / 2))

    def as_json(self) -> dict[str, Any]:
        """As the journal keeps it."""
        kept = {key: [round(one, 2) for one in both] for key, both in self.seconds.items()}
        return {"seconds": round(self.last - self.began, 2), "away": kept}


class Watch:
    """Looks for as long as the run changes anything. One per execution."""

    def __init__(self, stage: Stage, ledger: Ledger) -> None:
        self._stage = stage
        self._ledger = ledger
        self._workloads = watched(stage.subject)
        self._places = sorted({one.namespace for one in self._workloads})
        self._touching = touching(stage.subject.plan)
        self._stretch: Stretch | None = None

    async def run(self) -> None:
        """Look until cancelled or fenced."""
        clock = self._stage.clock
        while self._workloads and self._stage.fenced is None:
            begun = clock.monotonic()
            if self._is_time():
                await self._look()
            await clock.sleep(max(LOOK, CALM * (clock.monotonic() - begun)))

    def _is_time(self) -> bool:
        state = self._ledger.state
        going = state.verdict is None and state.question is None
        return going and not self._touching.isdisjoint(state.begun)

    async def _look(self) -> None:
        try:
            lists = await asyncio.gather(*(self._stage.cluster.list(_POD, namespace=place) for place in self._places))
            now = self._stage.clock.monotonic()
            await self._seen(now, judged(self._workloads, (pod for some in lists for pod in some)))
        except Fenced as fenced:
            self._stage.fenced = fenced
        except ClusterProblem:
            return

    async def _seen(self, now: float, seen: Mapping[str, Short]) -> None:
        stretch = self._stretch
        if stretch is not None and now - stretch.last > GAP:
            await self.flush()
            stretch = None
        if stretch is None:
            self._stretch = Stretch(now, now, seen, changed=now)
            return
        stretch.add(now, seen)
        if stretch.is_long:
            await self.flush()
            self._stretch = Stretch(now, now, seen, changed=stretch.changed)

    async def flush(self) -> None:
        """Write down what was seen and is not written yet; the next look begins a new stretch."""
        stretch, self._stretch = self._stretch, None
        if stretch is not None and stretch.last > stretch.began:
            self._stage.safe()
            await self._ledger.write({"event": "watched", "data": stretch.as_json()})


def touching(plan: Plan) -> frozenset[str]:
    """The ids of the steps, there and back, that touch the application."""
    return frozenset(step.id for step in (*plan.steps.forward, *plan.steps.back) if step.verb in TOUCHING)
