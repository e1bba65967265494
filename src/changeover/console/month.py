"""A month of windows, freezes and runs as a table of days, each with what happens on it. Pure, given the time.

Days are those of one time zone, weeks begin on Monday. A window stands on the day on which it opens; a freeze hatches
every day that it touches and is named on the first of them that is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from changeover.actions.calendar import View
from changeover.evidence import words
from changeover.runs.freezes import Freeze
from changeover.runs.windows import Occurrence, Window

_DAY = timedelta(days=1)
_MOST = 400
"""Windows of one rule that are drawn in a month."""
_VERDICTS = {"committed": "check", "rolled back": "arrow-back-up", "held": "hand-stop"}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a day."""

    text: str
    kind: str = ""
    """next | done | lost, or nothing; each a look of its own."""
    icon: str = ""
    address: str = ""


@dataclass(slots=True)
class Day:
    """One cell."""

    date: date
    today: bool
    outside: bool
    """Of the month before or after."""
    frozen: bool = False
    events: list[Event] = field(default_factory=list)

    @property
    def quiet(self) -> bool:
        """Whether a small screen may leave it out: nothing is on it, or a window in which nothing ran."""
        return not self.today and all(one.icon == "minus" for one in self.events)

    @property
    def label(self) -> str:
        """``28``; with its month at the beginning of one."""
        return f"{self.date.day} {self.date:%b}" if self.date.day == 1 or self.outside else str(self.date.day)


@dataclass(frozen=True, slots=True)
class Month:
    """Whole weeks around a month."""

    first: date
    weeks: Sequence[Sequence[Day]]

    @property
    def title(self) -> str:
        """``December 2026``."""
        return f"{self.first:%B %Y}"

    @property
    def earlier(self) -> str:
        """The month before, as an address has it."""
        return f"{self.first - _DAY:%Y-%m}"

    @property
    def later(self) -> str:
        """The month after."""
        return f"{(self.first + 31 * _DAY):%Y-%m}"


def zone_of(view: View) -> ZoneInfo:
    """In which zone a page shows times: that of its first rule which can be read."""
    for name in (*(one.zone for one in view.windows), *(one.zone for one in view.freezes)):
        try:
            return ZoneInfo(name)
        except (LookupError, ValueError, OSError):  # written by other hands
            continue
    return ZoneInfo("UTC")


def month(first: date, view: View, runs: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> Month:
    """The month that begins on `first`; `runs` as `actions.history` tells them."""
    today = view.now.astimezone(zone).date()
    begins = first - first.weekday() * _DAY
    last = (first + 31 * _DAY).replace(day=1) - _DAY
    count = ((last - begins).days // 7 + 1) * 7
    days = {one: Day(one, one == today, one.month != first.month) for one in (begins + n * _DAY for n in range(count))}
    span = Occurrence(_midnight(begins, zone), _midnight(begins + count * _DAY, zone))
    frozen = [] if view.trouble else list(_freezes(view.freezes, span))
    _freeze(days, frozen, zone)
    held = [time for _, time in frozen]
    for window in () if view.trouble else view.windows:
        for one in islice(_in(window, span), _MOST):
            opens = one.begins.astimezone(zone)
            if opens.date() in days:
                days[opens.date()].events.extend(_window(window, one, opens, view, held))
    for run in runs:
        _run(days, run, zone)
    for day in days.values():
        day.events.extend(_clocks(day.date, zone))
    listed = list(days.values())
    return Month(first, [listed[at : at + 7] for at in range(0, count, 7)])


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _in(rule: Window | Freeze, span: Occurrence) -> Iterator[Occurrence]:
    return takewhile(lambda one: one.begins < span.ends, rule.occurrences(span.begins))


def _freezes(freezes: Iterable[Freeze], span: Occurrence) -> Iterator[tuple[Freeze, Occurrence]]:
    return ((freeze, one) for freeze in freezes for one in islice(_in(freeze, span), _MOST))


def _freeze(days: Mapping[date, Day], frozen: Iterable[tuple[Freeze, Occurrence]], zone: ZoneInfo) -> None:
    for freeze, held in frozen:
        begins, ends = held.begins.astimezone(zone), (held.ends - timedelta(seconds=1)).astimezone(zone)
        touched = [day for day in days if begins.date() <= day <= ends.date()]
        for day in touched:
            days[day].frozen = True
        if touched:
            until = f" to {ends.day} {ends:%b}" if ends.date() > touched[0] else ""
            days[touched[0]].events.append(Event(f"{freeze.name}{until}", icon="snowflake"))


def _window(
    window: Window, one: Occurrence, opens: datetime, view: View, frozen: Iterable[Occurrence]
) -> Iterator[Event]:
    text = f"{opens:%H:%M}, {words.span(window.minutes)}"
    within = [held for held in frozen if held.begins < one.ends and held.ends > one.begins]
    if any(held.begins <= one.begins and held.ends >= one.ends for held in within):
        yield Event(text, "lost")
        yield Event("frozen", "done")
    elif one.ends <= view.now:
        yield Event(text, "done", "minus")
    else:
        following = bool(view.upcoming) and one.begins < view.upcoming[0].ends and one.ends > view.upcoming[0].begins
        yield Event(text, "next" if following else "")
        if within:
            yield Event(_left_open(one, within, opens), "done", "snowflake")


def _left_open(one: Occurrence, within: Iterable[Occurrence], opens: datetime) -> str:
    """Which part of a window the freezes in it leave."""
    parts = list(within)
    if len(parts) == 1 and parts[0].ends >= one.ends:
        return f"open until {parts[0].begins.astimezone(opens.tzinfo):%H:%M}"
    if len(parts) == 1 and parts[0].begins <= one.begins:
        return f"open from {parts[0].ends.astimezone(opens.tzinfo):%H:%M}"
    return "partly frozen"


def _run(days: Mapping[date, Day], run: Mapping[str, Any], zone: ZoneInfo) -> None:
    planned = str(run.get("notBefore") or "")
    at = planned or str(run.get("startedAt") or "")
    if not at:
        return
    when = datetime.fromisoformat(at).astimezone(zone)
    if when.date() in days:
        icon = "clock" if planned else _VERDICTS.get(str(run["verdict"]), "player-play")
        text = f"{run['to']} {run['verdict']}" if not planned else f"{run['to']}, planned {when:%H:%M}"
        days[when.date()].events.append(Event(text, icon=icon, address=f"/runs/{run['run']}"))


def _clocks(day: date, zone: ZoneInfo) -> Iterator[Event]:
    before, after = (datetime.combine(one, time(), zone).utcoffset() for one in (day, day + _DAY))
    if before is not None and after is not None and before != after:
        yield Event(f"clocks go {'forward' if after > before else 'back'}", "done", "clock")
