"""When a run may begin: windows as one, freezes taken out, the latest safe start; against looking at every moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.runs.fitting import Need, first_fit, open_times
from changeover.runs.freezes import BadFreeze, Freeze, holding
from changeover.runs.windows import NoWindow, Occurrence, Window

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
NIGHTS = Window("0 22 * * *", 180)
LATER = Window("0 0 * * *", 120)
"""Overlaps the end of NIGHTS."""
WEDNESDAYS = Window("0 22 * * 3", 180)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def frozen(begins: str, ends: str, name: str = "f") -> Freeze:
    return Freeze(name, begins=f"2026-{begins}", ends=f"2026-{ends}")


@pytest.mark.parametrize(
    ("windows", "freezes", "wanted"),
    [
        ([NIGHTS], [], [("11-23T22:00", "11-24T01:00"), ("11-24T22:00", "11-25T01:00")]),
        ([NIGHTS, LATER], [], [("11-23T22:00", "11-24T02:00"), ("11-24T22:00", "11-25T02:00")]),  # one window
        ([NIGHTS, WEDNESDAYS], [frozen("11-23", "11-24")], [("11-25T00:00", "11-25T01:00"), ("11-25T22:00", None)]),
        ([NIGHTS], [frozen("11-24T00:00", "11-24T12:00")], [("11-23T22:00", "11-24T00:00"), ("11-24T22:00", None)]),
        ([NIGHTS], [frozen("11-23T21:00", "11-23T23:00")], [("11-23T23:00", "11-24T01:00"), ("11-24T22:00", None)]),
        (  # a hole in a window
            [NIGHTS],
            [frozen("11-23T23:00", "11-23T23:30")],
            [("11-23T22:00", "11-23T23:00"), ("11-23T23:30", "11-24T01:00")],
        ),
        (  # freezes that touch
            [NIGHTS],
            [frozen("11-23T20:00", "11-23T23:00"), frozen("11-23T23:00", "11-24T01:00", "g")],
            [("11-24T22:00", "11-25T01:00")],
        ),
        ([], [frozen("11-23", "11-24")], []),
        ([NIGHTS], [Freeze("always", cron="0 0 * * *", minutes=1440)], []),
    ],
)
def test_open_times(windows: list[Window], freezes: list[Freeze], wanted: list[tuple[str, str | None]]) -> None:
    found = list(islice(open_times(windows, freezes, NOW), len(wanted) or 1))
    assert [one.begins for one in found] == [utc(begins) for begins, _ in wanted]
    assert [one.ends for one, (_, ends) in zip(found, wanted, strict=True) if ends] == [
        utc(ends) for _, ends in wanted if ends
    ]


def test_what_cannot_be_read_opens_nothing() -> None:
    with pytest.raises(NoWindow):
        next(open_times([Window("never", 60)], [], NOW))
    with pytest.raises(BadFreeze):
        next(open_times([NIGHTS], [Freeze("f", begins="soon", ends="later")], NOW))


@pytest.mark.parametrize(
    ("minutes", "now", "begins"),
    [
        (180, "11-23T12:00", "11-23T22:00"),  # exactly as long as the window
        (181, "11-23T12:00", None),  # longer than any
        (60, "11-24T00:00", "11-23T22:00"),  # it is open, and this is the latest safe start
        (61, "11-24T00:00", "11-24T22:00"),  # a minute too late: the next one
        (121, "11-23T23:30", "11-24T22:00"),
    ],
)
def test_the_first_window_in_which_it_fits(minutes: int, now: str, begins: str | None) -> None:
    need = Need(change=minutes * 45.0, reserve=minutes * 15.0)
    found = first_fit(open_times([NIGHTS], [], utc(now)), need, utc(now))
    assert (found.begins if found else None) == (utc(begins) if begins else None)


def test_the_latest_safe_start() -> None:
    assert Need(21 * 60, 8 * 60).latest_start(utc("09-29T01:00")) == utc("09-29T00:31")


zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
rules = st.builds(
    lambda minute, hour, days, minutes, zone: Window(f"{minute} {hour} * * {days}", minutes, zone),
    st.sampled_from([0, 15, 30]),
    st.integers(0, 23),
    st.sampled_from(["*", "0", "1,3", "6"]),
    st.integers(1, 40).map(lambda quarters: quarters * 15),
    zones,
)
stops = st.builds(
    lambda day, hour, hours, zone: Freeze(
        "f",
        begins=f"2026-10-{day:02}T{hour:02}:00",
        ends=(datetime(2026, 10, day, hour) + timedelta(hours=hours)).isoformat()[:16],  # noqa: DTZ001 - a wall clock's
        zone=zone,
    ),
    st.integers(20, 30),
    st.integers(0, 23),
    st.integers(1, 60),
    zones,
)


@given(st.lists(rules, max_size=3), st.lists(stops, max_size=3))
def test_it_is_open_exactly_when_a_window_is_and_no_freeze_holds(windows: list[Window], freezes: list[Freeze]) -> None:
    """Over the night on which Berlin's clocks go back (25 October 2026), looked at each quarter of an hour."""
    now = datetime(2026, 10, 20, tzinfo=UTC)
    until = now + timedelta(days=8)
    found = list(takewhile(lambda one: one.begins < until, open_times(windows, freezes, now)))
    raw = [one for rule in windows for one in takewhile(lambda one: one.begins < until, rule.occurrences(now))]
    for step in range(8 * 96):
        at = now + timedelta(minutes=15 * step, seconds=1)
        wanted = _inside(raw, at) and not holding(freezes, at)
        assert _inside(found, at) == wanted, at
    assert all(one.ends < other.begins for one, other in pairwise(found)), "in order and apart"


def _inside(times: list[Occurrence], at: datetime) -> bool:
    return any(one.begins <= at < one.ends for one in times)
