"""Prediction against reality: what the plan said, beside what was seen when the run recorded its end. Pure.

* pods that restart, per workload: as many new pods as the plan said, with those that it has more than before, or all of
  them where a step scaled it down and up
* seconds without a ready pod, per workload, where any were foretold or seen; and with fewer ready pods than it keeps,
  where any were seen. They hold when they are at most twice as long as foretold, or a second. What was not seen whole
  is unknown, unless what was seen is too much already; of a workload that was down before nothing is foretold
* the time of the change: from the first object applied until all was healthy. It holds when it took at most twice as
  long as expected (or the expectation was below a second)
* the time of a restart: until the new pods of a workload were ready
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from changeover.evidence.measured import Measured, measured
from changeover.objects import Ref
from changeover.plan.model import Availability, Effect, ObjectChange, Plan
from changeover.plan.restarts import CONTROLLERS
from changeover.plan.steps import CHANGES, Verb
from changeover.runs.state import Record, RunState

_FACTOR = 2.0
_SHORT = 1.0


@dataclass(frozen=True, slots=True)
class Prediction:
    """One thing that the plan foretold."""

    what: str
    """``pods of Deployment/server that restart``."""
    predicted: str
    observed: str
    held: bool | None
    """None: nobody can say, for it was not seen whole or not foretold."""


def compare(plan: Plan, state: RunState, records: Sequence[Record]) -> tuple[Prediction, ...]:
    """All that was foretold; none for a run that did not come to its end forward."""
    seen = observed(plan, state)
    if seen is None:
        return ()
    scaled = {step.target.lower() for step in plan.steps.forward if step.verb is Verb.SCALE}
    told = [_restarts(change, seen, scaled) for change in plan.changes if change.ref.key in seen]
    return (*(one for one in told if one is not None), *_availability(plan, records), *_duration(plan, records))


def observed(plan: Plan, state: RunState) -> Mapping[str, Any] | None:
    """What the run saw of the pods, per `Ref.key` of a workload; None when it did not come so far."""
    for step in plan.steps.forward:
        if step.verb is Verb.RECORD and step.id in state.done:
            found = state.done[step.id].get("observed")
            return found if isinstance(found, Mapping) else None
    return None


def change_seconds(plan: Plan, records: Sequence[Record]) -> float | None:
    """Seconds from the first object applied until all was healthy; None when it did not come so far."""
    verbs = {step.id: step.verb for step in plan.steps.forward}
    began = [_at(one) for one in records if one["event"] == "begun" and verbs.get(one.get("step", "")) in CHANGES]
    ready = [
        _at(one) for one in records if one["event"] == "done" and verbs.get(one.get("step", "")) is Verb.WAIT_READY
    ]
    if not began or not ready:
        return None
    return round(max(0.0, (max(ready) - min(began)).total_seconds()), 1)


def _at(record: Record) -> datetime:
    return datetime.fromisoformat(str(record["at"]))


def _restarts(change: ObjectChange, seen: Mapping[str, Any], scaled: set[str]) -> Prediction | None:
    if change.ref.kind.group_kind not in CONTROLLERS or change.effect is Effect.CREATE:
        return None
    figures = seen[change.ref.key]
    new, pods = int(figures["new"]), int(figures["pods"])
    number = change.restarts.partition(" ")[0]
    before = change.availability.pods if change.availability else 0
    expected = (int(number) if number.isdigit() else 0) + max(0, pods - before if change.availability else 0)
    by_step = _is_scaled(change.ref, scaled)
    held = new in (expected, pods) if by_step else new == expected
    fell = int(figures.get("fell", 0))
    return Prediction(
        what=f"pods of {change.ref} that restart",
        predicted=f"all {pods}: scaled down and up" if by_step else str(expected),
        observed=f"{new} of {pods}" + (f", {fell} containers fell" if fell else ""),
        held=held,
    )


def _availability(plan: Plan, records: Sequence[Record]) -> Iterator[Prediction]:
    found = measured(records, plan)
    for change in plan.changes if found else ():
        if found and change.availability:
            yield from _of_workload(change.ref, change.availability, found)


def _of_workload(ref: Ref, foretold: Availability, found: Measured) -> Iterator[Prediction]:
    seen = found.of(ref.key)
    rows = []
    if foretold.away_seconds or seen.away_seconds:
        rows.append(("without a ready pod", foretold.away_seconds, seen.away_seconds))
    if seen.below_seconds > seen.away_seconds:
        rows.append((f"with fewer than {foretold.least} ready pods", 0.0, seen.below_seconds))
    for what, expected, seconds in rows:
        yield Prediction(
            what=f"seconds {what} of {ref}",
            predicted="it was down before" if foretold.down else f"{expected:g}",
            observed=f"{seconds:.1f}" + ("" if found.is_whole else f", and {found.unseen_seconds:g} unseen"),
            held=None if foretold.down else _holds(seconds, expected, found),
        )


def _holds(seen: float, foretold: float, found: Measured) -> bool | None:
    if seen > max(foretold * _FACTOR, _SHORT):
        return False
    return True if found.is_whole else None


def _is_scaled(ref: Ref, scaled: set[str]) -> bool:
    return bool({f"{ref.kind.name}/{ref.name}".lower(), ref.key.lower()} & scaled)


def _duration(plan: Plan, records: Sequence[Record]) -> Iterator[Prediction]:
    took, expected = change_seconds(plan, records), float(plan.facts.get("expectedSeconds") or 0)
    if took is not None and expected:
        held = took <= max(expected * _FACTOR, _SHORT)
        yield Prediction("seconds until all was healthy", f"{expected:g}", f"{took:g}", held)
