"""Overview: what runs, is it healthy, what is new, who works in it, what was done lately."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from changeover.actions import config, history, status
from changeover.actions.installations import NoInstallation, NotSetUp
from changeover.actions.status import Status
from changeover.console.room import Room
from changeover.errors import Problem

RUNS = 8


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    return [Route("/", Overview(room).show, methods=["GET"])]


class Overview:
    """The page."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """The ten-second answer."""
        outside, name = self._room.outside_of(request), self._room.installation
        try:
            seen = await status.status(outside, name)
        except (NoInstallation, NotSetUp) as problem:
            return self._room.render(request, "empty.html", {"problem": problem})
        done = await history.history(outside, name)
        values = {
            "seen": seen,
            "headline": _headline(seen),
            "new": seen.available,
            "runs": list(reversed(done.runs))[:RUNS],
            **await self._form(request, seen),
            "now": outside.clock.now(),
        }
        return self._room.render(request, "overview.html", values)

    async def _form(self, request: Request, seen: Status) -> Mapping[str, Any]:
        """How many answers keep what runs from being changed (None when nobody can say), and the vendor's links."""
        if not seen.revision:
            return {"open": 0, "links": (), "graphs": False}
        try:
            view = await config.look(self._room.outside_of(request), self._room.installation)
        except Problem:
            return {"open": None, "links": (), "graphs": False}
        return {"open": len(view.wrong), "links": view.links, "graphs": bool(view.graphs)}


def _headline(seen: Status) -> str:
    if not seen.revision:
        return f"Nothing of {seen.installation} runs yet."
    if seen.healthy:
        return f"{seen.installation} runs {seen.runs} and is healthy."
    count = len(seen.unhealthy) + len(seen.missing)
    return f"{seen.installation} runs {seen.runs}; {count} {'object is' if count == 1 else 'objects are'} not well."
