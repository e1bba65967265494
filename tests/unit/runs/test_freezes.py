"""Freezes in time: whole days, hours, again and again, in zones whose clocks change; and what cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from changeover.runs.freezes import BadFreeze, Freeze, holding

BERLIN = {"timeZone": "Europe/Berlin"}
HOLIDAYS = {"name": "holidays", "from": "2026-12-24", "to": "2027-01-02", **BERLIN}
FAIR = {"name": "fair", "from": "2026-06-01T08:00", "to": "2026-06-01T20:00", **BERLIN}
LEAP = {"name": "leap", "from": "2028-02-29", "to": "2028-02-29"}
SPRING = {"name": "spring", "from": "2026-03-28", "to": "2026-03-29", **BERLIN}
AUTUMN = {"name": "autumn", "from": "2026-10-25", "to": "2026-10-25", **BERLIN}
SKIPPED = {"name": "skipped", "from": "2026-03-29T02:30", "to": "2026-03-29T02:45", **BERLIN}
TWICE = {"name": "twice", "from": "2026-10-25T02:15", "to": "2026-10-25T02:30", **BERLIN}
CLOSE = {"name": "quarter-close", "cron": "0 18 L 3,6,9,12 *", "durationMinutes": 2880, **BERLIN}
WEEKENDS = {"name": "weekends", "cron": "0 18 * * 5", "durationMinutes": 63 * 60, **BERLIN}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("policy", "now", "begins", "ends"),
    [
        (HOLIDAYS, "2026-12-01T00:00", "2026-12-23T23:00", "2027-01-02T23:00"),  # the last day is frozen to its end
        (HOLIDAYS, "2027-01-02T22:59", "2026-12-23T23:00", "2027-01-02T23:00"),
        (FAIR, "2026-01-01T00:00", "2026-06-01T06:00", "2026-06-01T18:00"),
        (LEAP, "2026-01-01T00:00", "2028-02-29T00:00", "2028-03-01T00:00"),
        (SPRING, "2026-01-01T00:00", "2026-03-27T23:00", "2026-03-29T22:00"),  # its second day has 23 hours
        (AUTUMN, "2026-01-01T00:00", "2026-10-24T22:00", "2026-10-25T23:00"),  # 25 hours
        (SKIPPED, "2026-01-01T00:00", "2026-03-29T00:30", "2026-03-29T01:45"),  # no such time: the longer reading
        (TWICE, "2026-01-01T00:00", "2026-10-25T00:15", "2026-10-25T01:30"),  # from the first to the second
        (CLOSE, "2026-01-03T00:00", "2026-03-31T16:00", "2026-04-02T16:00"),
        (CLOSE, "2026-04-02T15:59", "2026-03-31T16:00", "2026-04-02T16:00"),
        (CLOSE, "2026-04-02T16:00", "2026-06-30T16:00", "2026-07-02T16:00"),
        (WEEKENDS, "2026-01-07T00:00", "2026-01-09T17:00", "2026-01-12T08:00"),  # Monday, nine o'clock
        (WEEKENDS, "2026-03-26T00:00", "2026-03-27T17:00", "2026-03-30T07:00"),  # nine o'clock by the new time
        (WEEKENDS, "2026-10-22T00:00", "2026-10-23T16:00", "2026-10-26T08:00"),
    ],
)
def test_when_a_freeze_holds(policy: dict[str, Any], now: str, begins: str, ends: str) -> None:
    found = next(Freeze.of(policy).occurrences(utc(now)))
    assert (found.begins, found.ends) == (utc(begins), utc(ends))


def test_a_freeze_that_is_over_never_holds_again() -> None:
    assert list(Freeze.of(HOLIDAYS).occurrences(utc("2027-01-02T23:00"))) == []


@pytest.mark.parametrize(
    ("at", "names"),
    [
        ("2026-12-23T22:59", []),
        ("2026-12-23T23:00", ["holidays"]),
        ("2026-12-31T17:00", ["holidays", "quarter-close"]),
        ("2027-01-02T22:59", ["holidays"]),
        ("2027-01-02T23:00", []),
    ],
)
def test_which_hold(at: str, names: list[str]) -> None:
    assert [one.freeze.name for one in holding([Freeze.of(HOLIDAYS), Freeze.of(CLOSE)], utc(at))] == names


def test_what_a_freeze_says() -> None:
    who = {"reason": "Nobody is here.", "by": "sam@laptop", "at": "2026-11-01T10:00:00+00:00"}
    (found,) = holding([Freeze.of({**HOLIDAYS, **who})], utc("2026-12-25T00:00"))
    assert found.told == "The freeze holidays holds until Sun 03 Jan 2027 00:00 Europe/Berlin: Nobody is here"
    assert found.origin == "set by sam@laptop, 2026-11-01T10:00:00+00:00"
    assert "--override-freeze holidays" in found.way_out


@pytest.mark.parametrize("policy", [HOLIDAYS, CLOSE])
def test_a_freeze_is_written_as_it_is_read(policy: dict[str, Any]) -> None:
    freeze = Freeze.of({**policy, "by": "sam", "reason": "x", "at": "2026-11-01T10:00:00+00:00"})
    assert Freeze.of(freeze.as_policy()) == freeze


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "2026-02-29", "to": "2026-03-01"},
        {"from": "", "to": "2026-03-01"},
        {"from": "2026-02-28T10:00+01:00", "to": "2026-03-01"},
        {"from": "2026-02-28", "to": "9999-12-31"},
        {"from": "2026-02-28", "to": "2026-03-01", "timeZone": "Mars/Olympus"},
        {"cron": "61 * * * *", "durationMinutes": 60},
    ],
)
def test_what_cannot_be_read_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadFreeze, match="cannot be read"):
        holding([Freeze.of({"name": "f", **wrong})], utc("2026-02-28T12:00"))
