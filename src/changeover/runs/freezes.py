"""Freezes: when no run may begin, with a name, a reason, and who set it. Pure, given now.

* from a date or time to another, or again and again by cron, in a named time zone; a date alone is the whole day
* a freeze lasts by the wall clock; a time that the clocks skip or repeat is read so that the freeze is the longer
* what is under way when a freeze begins goes on; the way back and answers to a held run are never frozen
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from changeover.errors import Problem
from changeover.runs.windows import Occurrence, beginnings, zone_named

_DAY = timedelta(days=1)
_DATE = len("2026-12-24")


class BadFreeze(Problem):
    """A freeze that cannot be read: nobody knows when a run may begin."""

    reference = "bad-freeze"
    exit_code = 2


class Frozen(Problem):
    """A freeze holds: no run begins."""

    reference = "frozen"
    exit_code = 3


@dataclass(frozen=True, slots=True)
class Freeze:
    """A rule for freezes: either `begins` and `ends`, or `cron` and `minutes`."""

    name: str
    reason: str = ""
    by: str = ""
    at: str = ""
    """When it was set, RFC 3339."""
    zone: str = "UTC"
    begins: str = ""
    """``2026-12-24`` or ``2026-12-24T18:00``, in the zone."""
    ends: str = ""
    """The same; a date alone is frozen to its end."""
    cron: str = ""
    minutes: int = 0

    @staticmethod
    def of(policy: Mapping[str, Any]) -> Freeze:
        """From an Installation's ``policy.freezes`` entry."""
        return Freeze(
            name=str(policy.get("name") or ""),
            reason=str(policy.get("reason") or ""),
            by=str(policy.get("by") or ""),
            at=str(policy.get("at") or ""),
            zone=str(policy.get("timeZone") or "UTC"),
            begins=str(policy.get("from") or ""),
            ends=str(policy.get("to") or ""),
            cron=str(policy.get("cron") or ""),
            minutes=int(policy.get("durationMinutes") or 0),
        )

    def as_policy(self) -> dict[str, Any]:
        """The inverse of ``of``."""
        again = {"cron": self.cron, "durationMinutes": self.minutes}
        once = {"from": self.begins, "to": self.ends}
        who = {"name": self.name, "reason": self.reason, "by": self.by, "at": self.at, "timeZone": self.zone}
        return who | (again if self.cron else once)

    def occurrences(self, now: datetime) -> Iterator[Occurrence]:
        """When it holds: what has not ended, soonest first. Raises BadFreeze."""
        try:
            found = self._again(now) if self.cron else self._once()
        except (ValueError, OverflowError) as wrong:
            raise BadFreeze(
                f"The freeze {self.name} cannot be read.",
                found=str(wrong),
                hint="dates as 2026-12-24 or 2026-12-24T18:00, or five fields of cron; a zone as Europe/Berlin",
            ) from wrong
        return (one for one in found if one.begins < one.ends and one.ends > now)

    def _once(self) -> Iterator[Occurrence]:
        zone = zone_named(self.zone)
        begins, ends = _time(self.begins), _time(self.ends) + (_DAY if len(self.ends) == _DATE else timedelta())
        return iter((Occurrence(min(_readings(begins, zone)), max(_readings(ends, zone))),))

    def _again(self, now: datetime) -> Iterator[Occurrence]:
        length, zone = timedelta(minutes=self.minutes), zone_named(self.zone)
        times = beginnings(self.cron, self.zone, now - length - 2 * _DAY)
        return (
            Occurrence(one.astimezone(UTC), max(_readings(one.replace(tzinfo=None) + length, zone))) for one in times
        )


@dataclass(frozen=True, slots=True)
class Holding:
    """A freeze at a time at which it holds."""

    freeze: Freeze
    time: Occurrence

    @property
    def until(self) -> str:
        """Until when, in its own zone, and why."""
        ends = self.time.ends.astimezone(zone_named(self.freeze.zone))
        why = f": {self.freeze.reason.rstrip(' .')}" if self.freeze.reason else ""
        return f"{ends:%a %d %b %Y %H:%M} {self.freeze.zone}{why}"

    @property
    def told(self) -> str:
        """Which freeze, until when, and why."""
        return f"The freeze {self.freeze.name} holds until {self.until}"

    @property
    def origin(self) -> str:
        """Who set it, and when."""
        return f"set by {self.freeze.by or 'somebody'}" + (f", {self.freeze.at}" if self.freeze.at else "")

    @property
    def way_out(self) -> str:
        """What to do about it."""
        name = self.freeze.name
        return (
            f"begin after it (`--at next` skips it); what cannot wait: `--override-freeze {name} --override-reason WHY`"
        )


def holding(freezes: Iterable[Freeze], begins: datetime, ends: datetime | None = None) -> tuple[Holding, ...]:
    """The freezes that hold at a time, or at some time before `ends`. Raises BadFreeze."""
    until = ends or begins
    return tuple(
        Holding(freeze, one)
        for freeze in freezes
        for one in takewhile(lambda one: one.begins <= until, freeze.occurrences(begins))
    )


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None:
        raise ValueError(f"{text} has an offset; its zone is said apart")
    return found


def _readings(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """A wall clock's time, read by both rules of a night on which the clocks change."""
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second
