"""Templates become pages here: escaped by default, icons inlined, with what every page needs to know."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from changeover import __version__

HERE = Path(__file__).parent
STATIC = HERE / "static"
_SVG = (
    '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round"'
    ' stroke-linejoin="round" aria-hidden="true">{}</svg>'
)
_CODE = re.compile(r"`([^`]+)`")
_THEMES = frozenset({"light", "dark"})
THEME = "changeover-theme"
_STEPS = ((60, "s", 1), (3600, "min", 60), (2 * 86400, "h", 3600), (float("inf"), "days", 86400))


@dataclass(frozen=True, slots=True)
class Place:
    """Which installation this console shows, for the side of every page."""

    application: str
    namespace: str
    cluster: str = ""


class Pages:
    """Implements `room.Render`."""

    def __init__(self, place: Place) -> None:
        self._place = place
        loader = jinja2.FileSystemLoader(HERE / "templates")
        self._templates = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
        shapes: dict[str, str] = json.loads((STATIC / "vendor" / "icons.json").read_text())
        icons = {name: Markup(_SVG.format(inside)) for name, inside in shapes.items()}  # noqa: S704 - our own files
        self._templates.globals["icon"] = icons.__getitem__
        self._templates.globals["ago"] = ago
        self._templates.globals["moment"] = moment
        self._templates.filters["worded"] = worded

    def __call__(self, request: Request, name: str, values: Mapping[str, Any], *, status: int = 200) -> Response:
        """Fill a template."""
        return HTMLResponse(self.text(request, name, values), status_code=status)

    def text(self, request: Request, name: str, values: Mapping[str, Any]) -> str:
        """A template's text, for an answer or a part of one."""
        theme = request.cookies.get(THEME, "")
        own = {
            "visit": getattr(request.state, "visit", None),
            "where": self._place,
            "version": __version__,
            "here": request.url.path.split("/")[1] or "overview",
            "theme": theme if theme in _THEMES else "",
        }
        return self._templates.get_template(name).render(**own, **values)


def moment(at: str) -> str:
    """A time of the cluster for people: ``Sat 5 Dec 2026, 21:00 UTC``."""
    when = datetime.fromisoformat(at).astimezone(UTC)
    return f"{when:%a} {when.day} {when:%b %Y, %H:%M} UTC"


def worded(text: object) -> Markup:
    """A message as a page says it: what stands between backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped first


def ago(at: str, now: datetime) -> str:
    """How long ago a time of the cluster was, in one unit; empty for no time."""
    try:
        then = datetime.fromisoformat(at)
    except ValueError:
        return at
    seconds = max(0.0, (now - then).total_seconds())
    unit, size = next((unit, size) for limit, unit, size in _STEPS if seconds < limit)
    return f"{int(seconds / size)}\N{NO-BREAK SPACE}{unit} ago"
