"""The next window, also on the days on which clocks change; times are checked against the zone's own rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from changeover.runs.windows import NoWindow, Window, upcoming


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SUNDAYS = {"days": ["sun"], "start": "02:30", "durationMinutes": 90, "timeZone": "Europe/Berlin"}
NIGHTLY = {"cron": "0 1 * * *", "durationMinutes": 120, "timeZone": "America/New_York"}


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
    ],
)
def test_the_next_window(policy: dict[str, object], now: str, begins: str, ends: str) -> None:
    found = upcoming([Window.of(policy)], utc(now))
    assert (found.begins, found.ends) == (utc(begins), utc(ends))


def test_the_soonest_of_several_rules() -> None:
    rules = [Window.of(SUNDAYS), Window.of(NIGHTLY)]
    assert upcoming(rules, utc("2026-01-10T20:00")).begins == utc("2026-01-11T01:30")


@pytest.mark.parametrize("policy", [{"cron": "61 * * * *"}, {"cron": "0 1 * * *", "timeZone": "Mars/Olympus"}])
def test_what_cannot_be_read_says_so(policy: dict[str, object]) -> None:
    with pytest.raises(NoWindow):
        upcoming([Window.of({"durationMinutes": 60, **policy})], utc("2026-01-05T12:00"))


def test_no_rule_is_no_window() -> None:
    with pytest.raises(NoWindow, match="no maintenance window"):
        upcoming([], utc("2026-01-05T12:00"))
