"""Maintenance windows: from cron, or from days and an hour, in a named time zone. Pure, given now.

An hour that daylight saving skips begins when the clocks have gone forward; one that comes twice counts once. A window
lasts its minutes, whatever the clocks do meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from changeover.errors import Problem

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST = 4000
"""How many beginnings of a rule are followed: eleven years of one a day."""
_DAY = timedelta(days=1)


class NoWindow(Problem):
    """The Installation has no window, or one that cannot be read."""

    reference = "no-window"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A stretch of time; both ends aware, UTC."""

    begins: datetime
    ends: datetime

    def as_json(self) -> dict[str, str]:
        """For programs."""
        return {"begins": self.begins.isoformat(), "ends": self.ends.isoformat()}


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

    @property
    def text(self) -> str:
        """As people write it, and by what a window is known: ``0 22 * * 6 for 120 in Europe/Berlin``."""
        return f"{self.cron} for {self.minutes} in {self.zone}"

    def occurrences(self, now: datetime) -> Iterator[Occurrence]:
        """Windows that have not ended, soonest first. Raises NoWindow."""
        length = timedelta(minutes=self.minutes)
        try:
            times = beginnings(self.cron, self.zone, now - length - _DAY)
        except ValueError as wrong:
            raise NoWindow(f"The window {self.cron!r} in {self.zone} cannot be read.", found=str(wrong)) from wrong
        for begins in times:
            start = begins.astimezone(UTC)
            if start + length > now:
                yield Occurrence(start, start + length)


def beginnings(cron: str, zone: str, since: datetime) -> Iterator[datetime]:
    """When a cron expression comes true after `since`, in the zone's own time. Raises ValueError."""
    try:
        return islice(CronSim(cron, since.astimezone(zone_named(zone))), MOST)
    except CronSimError as wrong:
        raise ValueError(str(wrong)) from wrong


def zone_named(name: str) -> ZoneInfo:
    """The time zone of that name. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as wrong:
        raise ValueError(f"no time zone {name!r}") from wrong
