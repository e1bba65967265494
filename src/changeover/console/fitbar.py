"""The bar that shows how an update fits into a window: usual and worst time, the reserve, the latest safe start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from changeover.actions.fit import Fit, Row
from changeover.evidence import words

WIDTH = 540.0
_TICKS = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """Lengths in the picture's units, from the window's beginning."""

    usual: float
    worst: float
    reserve: float
    latest: float
    """Where the latest safe start is; below 0 when there is none."""
    ticks: tuple[tuple[float, str], ...]
    in_words: str


def bar(found: Fit, row: Row, zone: ZoneInfo) -> Bar:
    """The picture of one window."""
    length = max(1.0, (row.time.ends - row.time.begins).total_seconds())
    scale = WIDTH / length
    step = length / _TICKS
    marks = ((n * step * scale, _clock(row.time.begins.timestamp() + n * step, zone)) for n in range(_TICKS + 1))
    begins, ends, latest = (f"{one.astimezone(zone):%H:%M}" for one in (row.time.begins, row.time.ends, row.latest))
    safe = f"It can begin at {latest} at the latest." if row.fits else "It does not fit."
    return Bar(
        usual=min(WIDTH, found.usual_seconds * scale),
        worst=min(WIDTH, found.need.change * scale),
        reserve=min(WIDTH, found.need.reserve * scale),
        latest=(row.latest - row.time.begins).total_seconds() * scale,
        ticks=tuple(marks),
        in_words=f"Window from {begins} to {ends}. The update takes {words.duration(found.need.change)} at worst, and"
        f" {words.duration(found.need.reserve)} are kept for going back. {safe}",
    )


def _clock(seconds: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(seconds, zone):%H:%M}"
