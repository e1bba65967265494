"""Windows in time, also on the days on which clocks change; times are checked against the zone's own rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from changeover.runs.windows import NoWindow, Window


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SUNDAYS = {"days": ["sun"], "start": "02:30", "durationMinutes": 90, "timeZone": "Europe/Berlin"}
NIGHTLY = {"cron": "0 1 * * *", "durationMinutes": 120, "timeZone": "America/New_York"}
LATE = {"days": ["mon", "wed"], "start": "22:00", "durationMinutes": 180, "timeZone": "Europe/Berlin"}
LEAP = {"cron": "0 22 29 2 *", "durationMinutes": 60}


@pytest.mark.parametrize(
    ("policy", "now", "begins", "ends"),
    [
        (SUNDAYS, "2026-01-05T12:00", "2026-01-11T01:30", "2026-01-11T03:00"),  # winter: UTC+1
        (SUNDAYS, "2026-07-06T12:00", "2026-07-12T00:30", "2026-07-12T02:00"),  # summer: UTC+2
        (SUNDAYS, "2026-03-28T12:00", "2026-03-29T01:00", "2026-03-29T02:30"),  # 02:30 is skipped: begins at 03:00
        (SUNDAYS, "2026-10-24T12:00", "2026-10-25T00:30", "2026-10-25T02:00"),  # 02:30 comes twice: the first counts
        (SUNDAYS, "2026-01-11T02:00", "2026-01-11T01:30", "2026-01-11T03:00"),  # it is open now
        (SUNDAYS, "2026-01-11T03:00", "2026-01-18T01:30", "2026-01-18T03:00"),  # it has just closed
        (NIGHTLY, "2026-01-05T12:00", "2026-01-06T06:00", "2026-01-06T08:00"),
        (NIGHTLY, "2026-07-05T12:00", "2026-07-06T05:00", "2026-07-06T07:00"),
        (LATE, "2026-11-24T00:30", "2026-11-25T21:00", "2026-11-26T00:00"),
        (LATE, "2026-11-25T23:30", "2026-11-25T21:00", "2026-11-26T00:00"),  # after midnight it is still Wednesday's
        (LEAP, "2026-03-01T00:00", "2028-02-29T22:00", "2028-02-29T23:00"),
        (LEAP, "2097-01-01T00:00", "2104-02-29T22:00", "2104-02-29T23:00"),  # 2100 is no leap year
    ],
)
def test_the_next_window(policy: dict[str, object], now: str, begins: str, ends: str) -> None:
    found = next(Window.of(policy).occurrences(utc(now)))
    assert (found.begins, found.ends) == (utc(begins), utc(ends))


def test_a_window_is_known_by_its_text() -> None:
    assert Window.of(LATE).text == "0 22 * * 1,3 for 180 in Europe/Berlin"


@pytest.mark.parametrize(
    "policy",
    [
        {"cron": "61 * * * *"},
        {"cron": "0 1 30 2 *"},
        {"cron": "0 1 * * *", "timeZone": "Mars/Olympus"},
        {"cron": "0 1 * * *", "timeZone": "../etc/passwd"},
        {"cron": "0 1 * * *", "timeZone": "/etc"},
    ],
)
def test_what_cannot_be_read_says_so(policy: dict[str, object]) -> None:
    with pytest.raises(NoWindow):
        next(Window.of({"durationMinutes": 60, **policy}).occurrences(utc("2026-01-05T12:00")))
