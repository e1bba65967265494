"""The next maintenance window: from cron, or from days and an hour, in a named time zone. Pure, given now.

An hour that daylight saving skips begins when the clocks have gone forward; one that comes twice counts once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from changeover.errors import Problem

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOK_BACK = timedelta(days=8)


class NoWindow(Problem):
    """The Installation has no window, or one that cannot be read."""

    reference = "no-window"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One window in time; both ends aware, UTC."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """A rule for windows: a cron expression and how long each lasts."""

    cron: str
    minutes: int
    zone: str = "UTC"

    @staticmethod
    def of(policy: Mapping[str, Any]) -> Window:
        """From an Installation's ``policy.windows`` entry."""
        cron = str(policy.get("cron") or "")
        if not cron:
            hour, minute = (int(part) for part in str(policy["start"]).split(":"))
            numbers = ",".join(str((DAYS.index(day) + 1) % 7) for day in policy["days"])
            cron = f"{minute} {hour} * * {numbers}"
        return Window(cron, int(policy["durationMinutes"]), str(policy.get("timeZone") or "UTC"))

    def occurrences(self, now: datetime) -> Iterator[Occurrence]:
        """Windows that have not ended, soonest first."""
        try:
            zone = ZoneInfo(self.zone)
            times = CronSim(self.cron, (now - LOOK_BACK).astimezone(zone))
        except (CronSimError, ZoneInfoNotFoundError, ValueError) as wrong:
            raise NoWindow(f"The window {self.cron!r} in {self.zone} cannot be read.", found=str(wrong)) from wrong
        length = timedelta(minutes=self.minutes)
        for begins in times:
            start = begins.astimezone(UTC)
            if start + length > now:
                yield Occurrence(start, start + length)


def upcoming(rules: Sequence[Window], now: datetime) -> Occurrence:
    """The window that is open or opens next, of all rules. Raises NoWindow."""
    found = [one for rule in rules for one in islice(rule.occurrences(now), 1)]
    if not found:
        raise NoWindow(
            "The Installation has no maintenance window.",
            hint="add one to its spec.policy.windows, or say when with --at",
        )
    return min(found, key=lambda one: one.begins)
