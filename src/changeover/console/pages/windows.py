"""Windows: a month of windows, freezes and runs; whether the newest release fits; rules added, changed and removed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import calendar, fit, history
from changeover.actions.calendar import BadWindow, View
from changeover.actions.outside import Outside
from changeover.console import fitbar
from changeover.console.access.refusal import Refusal
from changeover.console.month import month, zone_of
from changeover.console.room import Room
from changeover.errors import Problem
from changeover.evidence import words
from changeover.runs.freezes import BadFreeze, Freeze
from changeover.runs.windows import DAYS, Window

_FIELDS = ("start", "minutes", "zone", "cron", "instead", "name", "reason", "from", "from-time", "to", "to-time")
_YEARS = 20
"""How far from now a month may be looked at."""


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    page = Windows(room)
    return [
        Route("/windows", page.show, methods=["GET"]),
        Route("/windows/fit", page.fit, methods=["GET"]),
        Route("/windows/add", page.add, methods=["POST"]),
        Route("/windows/remove", page.remove, methods=["POST"]),
        Route("/windows/freeze", page.freeze, methods=["POST"]),
        Route("/windows/unfreeze", page.unfreeze, methods=["POST"]),
    ]


class Windows:
    """The page and its forms."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """The month."""
        return await self._page(request)

    async def fit(self, request: Request) -> Response:
        """Whether the newest release fits; planned now, so the page loads it afterwards."""
        outside = self._room.outside_of(request)
        view = await calendar.show(outside, self._room.installation)
        zone, found, problem = zone_of(view), None, None
        try:
            found = await fit.look(outside, self._room.installation)
        except Problem as wrong:
            problem = wrong
        values = {
            "fit": found,
            "bar": fitbar.bar(found, found.rows[0], zone) if found and found.rows else None,
            "problem": problem,
            "zone": zone,
            "duration": words.duration,
            "width": fitbar.WIDTH,
        }
        part = request.headers.get("hx-request") == "true"
        return self._room.render(request, "windows_fit_part.html" if part else "windows_fit.html", values)

    async def add(self, request: Request) -> Response:
        """Add a window, or put it in another's place."""

        async def done(outside: Outside, said: Mapping[str, Any]) -> View:
            return await calendar.add_window(outside, self._room.installation, _window(said), instead=said["instead"])

        return await self._changed(request, done, "window")

    async def remove(self, request: Request) -> Response:
        """Remove a window."""

        async def done(outside: Outside, said: Mapping[str, Any]) -> View:
            return await calendar.remove_window(outside, self._room.installation, said["instead"])

        return await self._changed(request, done, "")

    async def freeze(self, request: Request) -> Response:
        """Set a freeze, or put it in another's place."""

        async def done(outside: Outside, said: Mapping[str, Any]) -> View:
            return await calendar.add_freeze(outside, self._room.installation, _freeze(said), instead=said["instead"])

        return await self._changed(request, done, "freeze")

    async def unfreeze(self, request: Request) -> Response:
        """Remove a freeze."""

        async def done(outside: Outside, said: Mapping[str, Any]) -> View:
            return await calendar.remove_freeze(outside, self._room.installation, said["instead"])

        return await self._changed(request, done, "")

    async def _changed(
        self, request: Request, do: Callable[[Outside, Mapping[str, Any]], Awaitable[View]], form_name: str
    ) -> Response:
        async with request.form(max_files=0, max_fields=30) as form:
            said: dict[str, Any] = {name: str(form.get(name) or "").strip() for name in _FIELDS}
            said["days"] = [one for one in DAYS if one in form.getlist("days")]
        try:
            await do(self._room.outside_of(request), said)
        except Problem as problem:
            return await self._page(request, problem=problem, typed={form_name: said})
        return RedirectResponse("/windows", status_code=303)

    async def _page(
        self, request: Request, *, problem: Problem | None = None, typed: Mapping[str, Mapping[str, Any]] | None = None
    ) -> Response:
        outside = self._room.outside_of(request)
        view = await calendar.show(outside, self._room.installation)
        told = await history.history(outside, self._room.installation)
        zone = zone_of(view)
        query = request.query_params
        typed = typed or _asked(view, query.get("window", ""), query.get("freeze", ""))
        values = {
            "view": view,
            "month": month(_first(query.get("month", ""), view.now, zone), view, told.runs, zone),
            "zone": zone,
            "headline": _headline(view, zone),
            "in_words": calendar.in_words,
            "problem": problem,
            "window": {**_WINDOW, "zone": zone.key, **typed.get("window", {})},
            "freeze": {**_FREEZE, "zone": zone.key, **typed.get("freeze", {})},
            "open": query.get("add", "") or next(iter(typed), ""),
            "days": DAYS,
        }
        return self._room.render(request, "windows.html", values, status=422 if problem else 200)


_WINDOW: Mapping[str, Any] = {"days": [], "start": "22:00", "minutes": "120", "cron": "", "instead": ""}
_FREEZE: Mapping[str, Any] = {**dict.fromkeys(_FIELDS, "")}


def _window(said: Mapping[str, Any]) -> str:
    """The text of the window that the form says. Raises BadWindow."""
    if said["cron"]:
        return f"{said['cron']} for {said['minutes']} in {said['zone']}"
    hour, _, minute = said["start"].partition(":")
    if not (said["days"] and hour.isdecimal() and minute.isdecimal() and said["minutes"].isdecimal()):
        raise BadWindow("A window needs a day, a time at which it opens, and how long it lasts.")
    policy = {"days": said["days"], "start": said["start"], "durationMinutes": said["minutes"]}
    return Window.of({**policy, "timeZone": said["zone"]}).text


def _freeze(said: Mapping[str, Any]) -> Freeze:
    """The freeze that the form says. Raises BadFreeze."""
    who = {"name": said["name"], "reason": said["reason"], "zone": said["zone"] or "UTC"}
    if said["cron"]:
        if not said["minutes"].isdecimal():
            raise BadFreeze("A freeze that comes again needs how long it lasts, in minutes.", found=said["minutes"])
        return Freeze(cron=said["cron"], minutes=int(said["minutes"]), **who)
    begins, ends = (said[one] + (f"T{said[f'{one}-time']}" if said[f"{one}-time"] else "") for one in ("from", "to"))
    return Freeze(begins=begins, ends=ends, **who)


def _asked(view: View, window: str, freeze: str) -> dict[str, dict[str, Any]]:
    """The form of a rule that is to be changed, by its text or name."""
    for rule in view.windows:
        if rule.text == window:
            said = {"cron": rule.cron, "minutes": str(rule.minutes), "zone": rule.zone, "instead": rule.text}
            return {"window": said}
    for held in view.freezes:
        if held.name == freeze:
            dates = {}
            for name, text in (("from", held.begins), ("to", held.ends)):
                dates[name], _, dates[f"{name}-time"] = text.partition("T")
            minutes = str(held.minutes or "")
            about = {"name": held.name, "reason": held.reason, "zone": held.zone, "cron": held.cron, "minutes": minutes}
            return {"freeze": {**about, **dates, "instead": held.name}}
    return {}


def _first(text: str, now: datetime, zone: ZoneInfo) -> date:
    today = now.astimezone(zone).date()
    if not text:
        return today.replace(day=1)
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        found = date.min
    if abs(found.year - today.year) > _YEARS:
        raise Refusal(
            422, "no-month", "A month is named as 2026-12.", f"{_YEARS} years back and ahead can be looked at"
        )
    return found


def _headline(view: View, zone: ZoneInfo) -> str:
    if view.trouble:
        return "The rules cannot be read: no run begins."
    if view.frozen:
        until = max(one.time.ends for one in view.frozen).astimezone(zone)
        return f"Frozen until {_day(until)}, {until:%H:%M}."
    if not view.upcoming:
        return "There is no maintenance window." if not view.windows else "No window is open within ten years."
    first, *others = view.upcoming
    opens, local = first.begins.astimezone(zone), view.now.astimezone(zone)
    if first.begins <= view.now:
        begins = f"Open now until {first.ends.astimezone(zone):%H:%M}"
    elif opens.date() == local.date():
        begins = f"{'Tonight' if opens.hour >= 18 else 'Today'} {opens:%H:%M}"
    else:
        return f"The next window opens {_day(opens)}, {opens:%H:%M}."
    return f"{begins}, or not before {_day(others[0].begins.astimezone(zone))}." if others else f"{begins}."


def _day(at: datetime) -> str:
    return f"{at:%A} {at.day} {at:%B}"
