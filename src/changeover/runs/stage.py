"""The scene that acts play on: ports, journal, and the checks that must pass before anything is touched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.errors import Problem
from changeover.plan.model import Plan
from changeover.plan.steps import Step
from changeover.ports import Clock, Cluster, Fenced, Http, Json, Lease, Volumes
from changeover.runs import decide
from changeover.runs.faults import Faults
from changeover.runs.happenings import Happening
from changeover.runs.holding import Aborted, Overdue, WindowCloses
from changeover.runs.ledger import Ledger
from changeover.runs.scene import Subject
from changeover.runs.state import Way
from changeover.settings import REQUEST_SECONDS

SPARE_SECONDS = 2.0
"""Beyond a request's time-out, what must be left of the lease before a request is sent (design §3, rule b)."""
PAUSE_STEP = 0.5


@dataclass(frozen=True, slots=True)
class Ports:
    """What an executor is given of the world."""

    cluster: Cluster
    clock: Clock
    http: Http
    volumes: Volumes | None
    replan: Callable[[], Awaitable[Plan]]
    capture: Callable[[], Awaitable[Sequence[Mapping[str, Json]]]] | None = None


class Stage:
    """Implements `runs.scene.Scene`."""

    def __init__(self, subject: Subject, ports: Ports, *, ledger: Ledger, lease: Lease, faults: Faults) -> None:
        self.subject = subject
        self.cluster = ports.cluster
        self.clock = ports.clock
        self.http = ports.http
        self.volumes = ports.volumes
        self.fenced: Fenced | None = None
        self.waiting_for = ""
        self.deadlines: dict[str, float] = {}
        self._replan = ports.replan
        self._ledger = ledger
        self.lease = lease
        self._faults = faults
        self._turning = decide.turning_time(subject.plan.steps)

    def notes(self, step_id: str) -> Mapping[str, Json]:
        """What that step noted so far, also in an earlier process."""
        return self._ledger.state.notes.get(step_id, {})

    def data(self, step_id: str) -> Mapping[str, Json]:
        """What that step returned when it was done; empty when it is not."""
        return self._ledger.state.done.get(step_id, {})

    async def note(self, step: Step, key: str, data: Json) -> None:
        """Write to the journal before going on."""
        await self.note_many(step, {key: data})

    async def note_many(self, step: Step, entries: Mapping[str, Json]) -> None:
        """Several notes in one write."""
        self.safe()
        records = [{"event": "noted", "step": step.id, "key": key, "data": data} for key, data in entries.items()]
        if records:
            await self._ledger.write(*records)

    def safe(self) -> None:
        """Raise Fenced unless enough of the lease is left for one more request."""
        if self.fenced:
            raise self.fenced
        if self.lease.remaining() <= REQUEST_SECONDS + SPARE_SECONDS:
            raise Fenced(
                "The lease is about to end, and could not be renewed.",
                found=f"{max(self.lease.remaining(), 0):.1f} s left",
                hint="this process stops; `changeover resume` goes on",
            )

    async def checkpoint(self, step: Step) -> None:
        """Before every mutation and in every wait loop: stop when fenced, aborted or overdue; wait while paused."""
        self._faults.point(f"checkpoint {step.id}")
        self.safe()
        while self._ledger.state.paused and not self._ledger.state.aborted:
            self.deadlines[step.id] = self.deadlines.get(step.id, self.clock.monotonic()) + PAUSE_STEP
            await self.clock.sleep(PAUSE_STEP)
            self.safe()
        over = self.over(step)
        if over is not None:
            raise over

    def over(self, step: Step) -> Problem | None:
        """Why a step must not go on now: fenced, aborted, overdue, or its window closes."""
        if self.fenced:
            return self.fenced
        state = self._ledger.state
        if state.aborted and state.way is Way.FORWARD and not decide.is_past_return(self.subject.plan.steps, state):
            return Aborted(state.aborted)
        if self.clock.monotonic() > self.deadlines.get(step.id, float("inf")):
            return Overdue(
                f"{step.title}: it must be done within {step.deadline:.0f} s.",
                found=self.waiting_for or "it is not",
                hint="the events and logs of what is not ready are in the evidence",
            )
        return self._window_closes(step)

    def _window_closes(self, step: Step) -> Problem | None:
        """Before the point of no return, what is left of the window is kept for going back; after it, it finishes."""
        state = self._ledger.state
        if self._turning is None or state.way is not Way.FORWARD:
            return None
        waiting, at = self._turning
        if waiting not in state.done or self.clock.now() < at or decide.is_past_return(self.subject.plan.steps, state):
            return None
        return WindowCloses(
            f"{step.title}: the window is about to end, and the time left is for going back.",
            found=f"it is {self.clock.now().isoformat(timespec='seconds')}; "
            f"the way back begins at {at.isoformat(timespec='seconds')} at the latest",
            hint="choose a longer window: this run's time is in its evidence",
        )

    def progress(self, step: Step, text: str, *, done: int = 0, total: int = 0) -> None:
        """Say what is awaited, and how far."""
        self.waiting_for = text
        self._ledger.tell(Happening("progress", step=step.id, text=text, done=done, total=total))

    async def replan(self) -> Plan:
        """Plan the same change again, against the cluster as it is now."""
        return await self._replan()

    async def waived(self, subject: str) -> bool:
        """Whether a person has waived this subject by an answer."""
        return any(_waives(answer, subject) for answer in self._ledger.state.answers)


def _waives(answer: Mapping[str, Any], subject: str) -> bool:
    return answer.get("choice") == "waive" and subject in answer.get("subjects", ())
