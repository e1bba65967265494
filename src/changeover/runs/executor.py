"""Carry a run on: take the lease, read the journal, decide, act, write, until it ends or waits for a person.

* A record is written before a step acts and after; what runs concurrently shares a write.
* Passing troubles (no answer, busy, changed meanwhile) are tried again until the step's deadline; a refusal fails.
* Whoever loses the lease stops at once, touching nothing more.
* Killed anywhere, the next call goes on from the journal: done steps are not repeated, begun ones are acted again.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.errors import Problem
from changeover.plan import forms
from changeover.plan.steps import Step, Verb
from changeover.ports import Busy, ClusterProblem, Conflict, Fenced, JournalStore, Lease, Unreachable
from changeover.runs import decide
from changeover.runs.account import account
from changeover.runs.availability import Watch
from changeover.runs.faults import Faults
from changeover.runs.happenings import Happening, Tell
from changeover.runs.heartbeat import Heartbeat
from changeover.runs.holding import ElsewhereProblem
from changeover.runs.ledger import Ledger
from changeover.runs.scene import Act, Subject
from changeover.runs.stage import Ports, Stage
from changeover.runs.state import RunState
from changeover.settings import LEASE_SECONDS, PARALLEL

BACK_OFF = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts of a step that meets passing trouble; the last repeats until the deadline."""
PATIENCE = LEASE_SECONDS * 2.0
"""Seconds to wait for a lease that another process holds, before saying so."""
OUTAGE_SECONDS = 1800.0
"""Seconds to wait for an API server that does not answer, before giving the run up to a later `resume`."""
RECOVERIES = 100
LOOK_UP = 1.0
AHEAD = 4 * PARALLEL
"""Steps of a wave that wait for their turn: enough that none idles while the journal is written."""
GRACE_SECONDS = 15.0
"""How long an act that should stop (overdue, aborted) may take to notice, before it is cut off."""

__all__ = ["Ports", "carry_on"]


async def carry_on(  # noqa: PLR0913  the whole inside and outside of a run
    subject: Subject,
    ports: Ports,
    *,
    acts: Mapping[Verb, Act],
    journal: JournalStore,
    lease: Lease,
    tell: Tell,
    faults: Faults | None = None,
) -> RunState:
    """Execute the run as far as it goes without a person; returns its state.

    Raises:
        Fenced: another process has taken the run over; this one touches nothing any more.
        ElsewhereProblem: another process holds the lease and keeps it.
        Unreachable: the API server was away for too long.
        NewerVersion: a newer version has written what this one does not know; nothing was touched.
    """
    faults = faults or Faults()
    await _take(lease, ports, tell)
    for _ in range(RECOVERIES):
        ledger = Ledger(journal, ports.clock, holder=lease.holder, tell=tell, faults=faults)
        try:
            return await _execute(Stage(subject, ports, ledger=ledger, lease=lease, faults=faults), ledger, acts, ports)
        except (Unreachable, Busy, Fenced) as lost:
            await _take_again(lease, ports, tell, lost=lost)
        except asyncio.CancelledError:  # Ctrl-C: nothing acts any more, so the next process need not wait
            with contextlib.suppress(ClusterProblem):
                await lease.release()
            raise
    raise ElsewhereProblem(
        "The run cannot keep its lease and its journal.",
        found=f"both were lost {RECOVERIES} times",
        hint="see whether another process executes it; `changeover resume` goes on",
    )


async def _execute(stage: Stage, ledger: Ledger, acts: Mapping[Verb, Act], ports: Ports) -> RunState:
    lease = stage.lease
    beside = _Beside(Heartbeat(stage, ledger=ledger, lease=lease), Watch(stage, ledger))
    async with beside.going():
        await ledger.read()
        _refuse_newer(stage.subject.run, ledger.state)
        if not ledger.state.records:
            plan = stage.subject.plan
            opened = {"event": "opened", "plan": plan.digest, "kind": plan.kind, "strategy": plan.strategy}
            await ledger.write({**opened, "made": forms.mark()})
        elif ledger.state.verdict is None:
            await ledger.write({"event": "taken", "made": forms.mark()})
        state = await _Run(stage, ledger, acts=acts, beside=beside, ports=ports).go()
        await _published(beside.heartbeat, ports)
    with contextlib.suppress(Unreachable, Busy):
        await lease.release()
    return state


@dataclass(frozen=True, slots=True)
class _Beside:
    """What goes on beside the steps."""

    heartbeat: Heartbeat
    watch: Watch

    @contextlib.asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        """While inside; over when left."""
        tasks = [asyncio.create_task(one.run()) for one in (self.heartbeat, self.watch)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task


def _refuse_newer(run: str, state: RunState) -> None:
    for one in state.made:
        forms.refuse_newer(one, run)
    if state.unknown:
        raise forms.newer(run, f"records of {', '.join(sorted(set(state.unknown)))}")


async def _published(heartbeat: Heartbeat, ports: Ports) -> None:
    """The last summary matters: it says that the run has ended. Tried for a while; the journal has it anyway."""
    for pause in BACK_OFF:
        try:
            return await heartbeat.publish()
        except (Unreachable, Busy, Conflict):
            await ports.clock.sleep(pause)
    return None


async def _take_again(lease: Lease, ports: Ports, tell: Tell, *, lost: Exception) -> None:
    """After the lease or the API server was lost: go on only if nobody else has taken over meanwhile."""
    since = ports.clock.monotonic()
    while True:
        tell(Happening("waiting", text=str(lost).partition("\n")[0]))
        try:
            if not await lease.acquire():
                raise lost
        except (Unreachable, Busy):
            if ports.clock.monotonic() - since > OUTAGE_SECONDS:
                raise
            await ports.clock.sleep(2.0)
        else:
            return


async def _take(lease: Lease, ports: Ports, tell: Tell) -> None:
    since = ports.clock.monotonic()
    while not await lease.acquire():
        if ports.clock.monotonic() - since > PATIENCE:
            raise ElsewhereProblem(
                "Another process executes this Installation's runs.",
                hint="`changeover watch` follows it; it is asked with `changeover pause` or `abort`",
            )
        tell(Happening("waiting", text="another process holds the lease; it is taken over when that process is gone"))
        await ports.clock.sleep(1.0)


class _Run:
    """The loop over moves."""

    def __init__(
        self, stage: Stage, ledger: Ledger, *, acts: Mapping[Verb, Act], beside: _Beside, ports: Ports
    ) -> None:
        self._stage = stage
        self._ledger = ledger
        self._acts = acts
        self._beside = beside
        self._ports = ports

    async def go(self) -> RunState:
        """Move until the run ends or only a person can move it."""
        steps = self._stage.subject.plan.steps
        while True:
            await self._beside.heartbeat.listen()
            move = decide.next_move(steps, self._ledger.state)
            if isinstance(move, decide.Go):
                await self._wave(move.steps)
            elif isinstance(move, decide.Turn):
                await self._capture()
                await self._ledger.write({"event": "turned", "because": move.because})
            elif isinstance(move, decide.Ask):
                await self._capture()
                await self._beside.watch.flush()
                plan, state = self._stage.subject.plan, self._ledger.state
                await self._ledger.write({"event": "asked", "question": {**move.question, **account(plan, state)}})
            elif isinstance(move, decide.End):
                if self._ledger.state.verdict is None:
                    await self._beside.watch.flush()
                    await self._ledger.write({"event": "ended", "verdict": move.verdict.value})
                return self._ledger.state
            elif self._ledger.state.question is not None:
                return self._ledger.state
            else:
                self._stage.safe()
                await self._stage.clock.sleep(0.5)

    async def _wave(self, steps: Sequence[Step]) -> None:
        self._stage.safe()
        await self._ledger.write(*({"event": "begun", "step": step.id} for step in steps))
        slots = asyncio.Semaphore(PARALLEL)

        async def one(step: Step) -> Mapping[str, Any]:
            async with slots:
                return await self._attempt(step)

        left = iter(steps)
        waiting: set[asyncio.Task[Mapping[str, Any]]] = set()
        try:
            while True:
                waiting |= {asyncio.create_task(one(step)) for step in itertools.islice(left, AHEAD - len(waiting))}
                if not waiting:
                    return
                finished, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                await self._ledger.write(*[task.result() for task in finished])
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _attempt(self, step: Step) -> Mapping[str, Any]:
        """Act until done, failed for good, or overdue; returns the record."""
        clock = self._stage.clock
        self._stage.deadlines[step.id] = clock.monotonic() + step.deadline
        for attempt in itertools.count():
            try:
                data = await self._watched(step)
            except Fenced:
                raise
            except (Unreachable, Busy, Conflict) as passing:
                self._stage.safe()  # an outage that outlives the lease is no failure of the step
                if clock.monotonic() > self._stage.deadlines[step.id]:
                    return _failed(step, passing.as_json())
                self._stage.progress(step, f"trying again: {passing.message}")
                await clock.sleep(BACK_OFF[min(attempt, len(BACK_OFF) - 1)])
            except Problem as problem:
                return _failed(step, problem.as_json())
            except Exception as defect:  # noqa: BLE001  the one broad except here: a defect must turn the run back
                return _failed(step, _defect(defect))
            else:
                return {"event": "done", "step": step.id, "data": dict(data)}
        raise AssertionError

    async def _watched(self, step: Step) -> Mapping[str, Any]:
        """The act; cut off when it should have stopped and does not notice, as in the middle of a long copy."""
        acting = asyncio.ensure_future(self._acts[step.verb](step, self._stage))
        since: float | None = None
        try:
            while not acting.done():
                await asyncio.wait({acting}, timeout=LOOK_UP)
                over = self._stage.over(step)
                now = self._stage.clock.monotonic()
                since = None if over is None else now if since is None else since
                if over is not None and since is not None and now - since >= GRACE_SECONDS and not acting.done():
                    raise over
            return acting.result()
        finally:
            if not acting.done():
                acting.cancel()
                await asyncio.gather(acting, return_exceptions=True)

    async def _capture(self) -> None:
        """Keep logs and events of what is unhealthy, before anything is undone. Never the reason for a failure."""
        if self._ports.capture is None:
            return
        try:
            pieces = await self._ports.capture()
        except Problem as problem:
            pieces = [{"title": "capture failed", "text": problem.message}]
        await self._ledger.write(*({"event": "captured", "data": piece} for piece in pieces))


def _failed(step: Step, problem: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"event": "failed", "step": step.id, "problem": problem}


def _defect(defect: Exception) -> dict[str, Any]:
    where = defect.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    place = f"{where.tb_frame.f_code.co_filename.rpartition('/')[2]}:{where.tb_lineno}" if where else ""
    return {
        "code": "defect",
        "message": f"A defect in Changeover: {type(defect).__name__}: {defect}",
        "found": place,
        "hint": "report it with the evidence of this run",
    }
