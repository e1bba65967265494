"""Does the newest release fit the windows: how long it takes here, and until when it can begin safely."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from changeover.actions import installations, learning, prepare, windows
from changeover.actions.ask import Ask, Checks
from changeover.actions.outside import Outside
from changeover.plan.model import Severity
from changeover.runs.fitting import Need
from changeover.runs.windows import Occurrence

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One time in which a run may happen, and whether this one can."""

    time: Occurrence
    latest: datetime
    """The latest safe start: its end, less the change at worst, less the way back."""
    fits: bool

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {**self.time.as_json(), "latestStart": self.latest.isoformat(), "fits": self.fits}


@dataclass(frozen=True, slots=True)
class Fit:
    """What an update needs, beside what there is."""

    version: str
    strategy: str
    need: Need
    usual_seconds: float
    runs: int
    """How many earlier runs of this Installation the figures are from; 0 = from the objects alone."""
    rows: tuple[Row, ...]
    in_the_way: str = ""
    """What else keeps the plan from running."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "version": self.version,
            "strategy": self.strategy,
            "changeSeconds": self.need.change,
            "usualSeconds": self.usual_seconds,
            "reserveSeconds": self.need.reserve,
            "runs": self.runs,
            "windows": [one.as_json() for one in self.rows],
            "inTheWay": self.in_the_way,
        }


async def look(outside: Outside, installation: str = "") -> Fit | None:
    """Plan the update to the newest release, in a window; None when nothing is newer.

    Raises NoWindow, and what planning raises.
    """
    followed = await installations.find(outside, installation)
    ask = Ask("update", next_window=True, checks=Checks(skip=True))
    change = await prepare.prepare(outside, followed, ask)
    need = windows.need_of(change.plan)
    if need is None or change.plan.from_version == change.plan.to_version:
        return None
    choice = windows.choice(outside, followed, ask)
    taken = learning.history_of(followed).seconds_taken[-10:]
    around = need.change - float(change.plan.facts["expectedSeconds"])
    others = (one for one in change.plan.findings if one.severity is Severity.BLOCKS)
    return Fit(
        version=change.plan.to_version,
        strategy=change.plan.strategy,
        need=need,
        usual_seconds=min(need.change, statistics.median(taken) + around) if taken else need.change,
        runs=len(taken),
        rows=tuple(_row(one, need, choice.now) for one in islice(choice.open_times(), _SHOWN)),
        in_the_way=next((one.message for one in others if one.reference != "does-not-fit"), ""),
    )


def _row(time: Occurrence, need: Need, now: datetime) -> Row:
    latest = need.latest_start(time.ends)
    return Row(time, latest, fits=max(time.begins, now) <= latest)
