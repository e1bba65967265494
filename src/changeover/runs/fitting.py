"""When a run may begin: in windows, less freezes, and no later than lets it end with its way back. Pure, given now.

* windows that touch or overlap are one; freezes win over windows, also over a part of one
* latest safe start = end - what the change takes at worst - what is kept for going back
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from changeover.runs.freezes import Freeze
from changeover.runs.windows import Occurrence, Window

_AHEAD = timedelta(days=3653)
"""How far ahead windows are looked for: a leap day may be eight years away."""


@dataclass(frozen=True, slots=True)
class Need:
    """How long a run takes at worst, seconds: the change (P95 of own history), and the reserve for its way back."""

    change: float
    reserve: float

    def latest_start(self, ends: datetime) -> datetime:
        """When a run must have begun to end by then, also when it has to go back."""
        return ends - timedelta(seconds=self.change + self.reserve)


def open_times(windows: Sequence[Window], freezes: Sequence[Freeze], now: datetime) -> Iterator[Occurrence]:
    """When a run may happen, soonest first. Raises NoWindow, BadFreeze for what cannot be read."""
    frozen = _merged([one.occurrences(now) for one in freezes])
    freeze = next(frozen, None)
    for window in _merged([one.occurrences(now) for one in windows]):
        begins = window.begins
        if begins - now > _AHEAD:
            return
        while freeze and freeze.begins < window.ends:
            if freeze.begins > begins:
                yield Occurrence(begins, freeze.begins)
            begins = max(begins, freeze.ends)
            if freeze.ends > window.ends:
                break
            freeze = next(frozen, None)
        if begins < window.ends:
            yield Occurrence(begins, window.ends)


def first_fit(times: Iterable[Occurrence], need: Need, now: datetime) -> Occurrence | None:
    """The first of these times in which a run of that need can still begin safely."""
    return next((one for one in times if max(one.begins, now) <= need.latest_start(one.ends)), None)


def _merged(rules: Sequence[Iterator[Occurrence]]) -> Iterator[Occurrence]:
    """All of several rules in one row; those that touch become one."""
    last: Occurrence | None = None
    for one in heapq.merge(*rules, key=lambda one: one.begins):
        if last is None:
            last = one
        elif one.begins <= last.ends:
            last = Occurrence(last.begins, max(last.ends, one.ends))
        else:
            yield last
            last = one
    if last is not None:
        yield last
