"""The month as a table: whole weeks, days of the zone, windows where they open, freezes on all days they touch."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from changeover.actions.calendar import View
from changeover.console.month import Day, Month, month, zone_of
from changeover.runs.freezes import Freeze
from changeover.runs.windows import Occurrence, Window

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
NIGHTS = Window("0 22 * * 1,3", 180, "Europe/Berlin")
CLOSE = Freeze("quarter-close", begins="2026-11-26", ends="2026-12-02", zone="Europe/Berlin")


def view(*windows: Window, freezes: tuple[Freeze, ...] = (), trouble: str = "") -> View:
    begins = datetime(2026, 11, 23, 21, tzinfo=UTC)
    upcoming = (Occurrence(begins, begins.replace(day=24, hour=0)),) if windows else ()
    return View("desk", NOW, windows, freezes, upcoming, (), trouble)


def day(found: Month, wanted: str) -> Day:
    return next(one for week in found.weeks for one in week if one.date.isoformat() == wanted)


def told(found: Month, wanted: str) -> list[tuple[str, str]]:
    return [(one.text, one.kind) for one in day(found, wanted).events]


def november(*windows: Window, freezes: tuple[Freeze, ...] = (), trouble: str = "") -> Month:
    return month(date(2026, 11, 1), view(*windows, freezes=freezes, trouble=trouble), (), BERLIN)


@pytest.mark.parametrize(
    ("first", "begins", "ends", "weeks"),
    [
        (date(2026, 11, 1), "2026-10-26", "2026-12-06", 6),
        (date(2027, 2, 1), "2027-02-01", "2027-02-28", 4),  # begins on Monday, ends on Sunday
        (date(2028, 2, 1), "2028-01-31", "2028-03-05", 5),  # a leap year
        (date(2026, 12, 1), "2026-11-30", "2027-01-03", 5),
    ],
)
def test_a_month_is_whole_weeks(first: date, begins: str, ends: str, weeks: int) -> None:
    found = month(first, view(), (), BERLIN)
    assert (found.weeks[0][0].date.isoformat(), found.weeks[-1][-1].date.isoformat()) == (begins, ends)
    assert len(found.weeks) == weeks
    assert {len(week) for week in found.weeks} == {7}


def test_the_months_around_it() -> None:
    december = month(date(2026, 12, 1), view(), (), BERLIN)
    assert (december.earlier, december.title, december.later) == ("2026-11", "December 2026", "2027-01")


def test_windows_stand_where_they_open_in_the_zone_of_the_page() -> None:
    found = november(NIGHTS)
    assert told(found, "2026-11-16") == [("22:00, 3 h", "done")]
    assert told(found, "2026-11-23") == [("22:00, 3 h", "next")]
    assert told(found, "2026-11-24") == [], "it ends there, after midnight"
    assert told(found, "2026-11-25") == [("22:00, 3 h", "")]
    assert day(found, "2026-11-23").today
    elsewhere = month(date(2026, 11, 1), view(NIGHTS), (), ZoneInfo("Asia/Tokyo"))
    assert told(elsewhere, "2026-11-24") == [("06:00, 3 h", "next")]


def test_freezes_hatch_every_day_that_they_touch_and_win_over_windows() -> None:
    found = november(NIGHTS, freezes=(CLOSE,))
    frozen = [one.date.isoformat() for week in found.weeks for one in week if one.frozen]
    assert (frozen[0], frozen[-1], len(frozen)) == ("2026-11-26", "2026-12-02", 7)
    assert told(found, "2026-11-26") == [("quarter-close to 2 Dec", "")]
    assert told(found, "2026-11-30") == [("22:00, 3 h", "lost"), ("frozen", "done")]
    assert told(found, "2026-11-25") == [("22:00, 3 h", ""), ("open until 00:00", "done")]
    assert told(found, "2026-12-02") == [("22:00, 3 h", ""), ("open from 00:00", "done")]
    later = month(date(2026, 12, 1), view(freezes=(CLOSE,)), (), BERLIN)
    assert told(later, "2026-11-30") == [("quarter-close to 2 Dec", "")], "named on the first day that is shown"


def test_the_night_on_which_the_clocks_change_is_marked() -> None:
    october = month(date(2026, 10, 1), view(), (), BERLIN)
    assert told(october, "2026-10-25") == [("clocks go back", "done")]
    march = month(date(2026, 3, 1), view(), (), BERLIN)
    assert told(march, "2026-03-29") == [("clocks go forward", "done")]


def test_runs_that_were_and_that_wait() -> None:
    runs = [
        {"run": "desk-1", "to": "1.0.0", "verdict": "committed", "startedAt": "2026-11-09T23:30:00+00:00"},
        {"run": "desk-2", "to": "1.1.0", "verdict": "wait", "startedAt": "", "notBefore": "2026-11-25T21:00:00+00:00"},
        {"run": "desk-3", "to": "1.1.0", "verdict": "not begun", "startedAt": ""},
    ]
    found = month(date(2026, 11, 1), view(), runs, BERLIN)
    (done,), (waits,) = day(found, "2026-11-10").events, day(found, "2026-11-25").events
    assert (done.text, done.address, done.icon) == ("1.0.0 committed", "/runs/desk-1", "check")
    assert (waits.text, waits.address) == ("1.1.0, planned 22:00", "/runs/desk-2")


def test_rules_that_cannot_be_read_are_not_drawn() -> None:
    found = november(Window("never", 60), trouble="cannot be read")
    assert not [one for week in found.weeks for cell in week for one in cell.events]
    assert zone_of(view(Window("0 0 * * *", 60, "Mars/Olympus"), NIGHTS)) == BERLIN
