"""The page that the application's users see while the gate is closed: one HTML document, in the vendor's name and icon.

It stands by itself (nothing is loaded; where scripts are forbidden, a link serves), so any application can show it, and
it says only what is true from the gate's closing to its opening: work is saved before anything is changed, for a run
holds when it cannot prove that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

MOST_ICON = 64 * 1024
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml)(;[a-z0-9=-]+)*,[^\x00-\x1f]+")
"""In an ``img`` an SVG neither runs a script nor loads anything."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the page says."""

    title: str
    icon: str
    """A ``data:`` address; any other is left out: the page loads nothing."""
    message: str
    since: datetime
    seconds: float
    """How long it is expected to take; 0 when nobody knows."""


def page(told: Told) -> str:
    """The document; whatever the vendor or the operator wrote is text in it."""
    icon = told.icon if len(told.icon) <= MOST_ICON and _PICTURE.fullmatch(told.icon) else ""
    back = told.since + timedelta(seconds=told.seconds) if told.seconds else None
    return _template().render(
        title=told.title,
        icon=icon,
        message=told.message,
        since=_clock(told.since),
        back=_clock(back + timedelta(seconds=59)) if back else "",
    )


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M} UTC"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("changeover.runs"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("maintenance.html")
