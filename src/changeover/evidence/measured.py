"""How long workloads had too few ready pods in a run, from its journal alone. Pure.

The time that counts goes from the first step that touched the application to the run's end. What the stretches of the
journal do not cover of it was not seen, by nobody: the process was down, the API server did not answer, or the run
waited for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from changeover.plan.model import Plan
from changeover.runs.availability import touching
from changeover.runs.state import Record

_SLACK = 2.0
"""Seconds from the first touch to the first look, and from the last look to the end, that are not worth a word."""


@dataclass(frozen=True, slots=True)
class Short:
    """One workload: seconds without any ready pod, and seconds with fewer than it keeps by the plan."""

    away_seconds: float = 0.0
    below_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen of a run, and how much of it was not."""

    watched_seconds: float
    unseen_seconds: float
    """Of the time that counts; anything may have been then."""
    workloads: Mapping[str, Short] = field(default_factory=dict)
    """By `Ref.key`, those that were short of ready pods at all."""

    def of(self, key: str) -> Short:
        """Of one workload."""
        return self.workloads.get(key, Short())

    @property
    def is_whole(self) -> bool:
        """Whether nothing went unseen."""
        return not self.unseen_seconds


def measured(records: Sequence[Record], plan: Plan) -> Measured | None:
    """Add up the stretches; None when nothing was to be watched, or nothing was touched."""
    began = _touched(records, plan)
    if began is None or not any(change.availability for change in plan.changes):
        return None
    counted = (_at(records[-1]) - began).total_seconds()
    seen = 0.0
    sums: dict[str, Short] = {}
    for record in records:
        if record["event"] == "watched":
            seen += float(record["data"]["seconds"])
            for key, (away, below) in record["data"]["away"].items():
                before = sums.get(key, Short())
                sums[key] = Short(round(before.away_seconds + away, 2), round(before.below_seconds + below, 2))
    unseen = counted - seen
    return Measured(round(seen, 1), round(unseen, 1) if unseen > _SLACK else 0.0, sums)


def _touched(records: Sequence[Record], plan: Plan) -> datetime | None:
    touches = touching(plan)
    return next((_at(one) for one in records if one["event"] == "begun" and one.get("step") in touches), None)


def _at(record: Record) -> datetime:
    return datetime.fromisoformat(str(record["at"]))
