"""The bar on top of every page while a run goes on or waits for its time, whoever began it: what it does, and where."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from changeover.actions import installations, runs_of
from changeover.console.room import Room
from changeover.errors import Problem


def routes(room: Room) -> list[Route]:
    """What belongs to it."""
    return [Route("/now", Now(room).show, methods=["GET"])]


class Now:
    """A part of a page."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """The bar; nothing while nothing goes on, or nobody can say."""
        outside = self._room.outside_of(request)
        try:
            followed = await installations.find(outside, self._room.installation)
            run = await runs_of.under_way(outside, followed.name)
        except Problem:  # the page itself says what is wrong
            return HTMLResponse()
        if run is None:
            return HTMLResponse()
        waits = runs_of.waits_until(run, outside.clock.now())
        values = {
            "run": run.name,
            "waits": waits.isoformat() if waits else "",
            "by": run.get("spec", "by", default=""),
            "does": str(run.get("status", "step", default="") or run.get("status", "phase", default="") or "not begun"),
            "asks": bool(run.get("status", "question", default=None)),
            "at": str(run.get("metadata", "creationTimestamp", default="")),
            "now": outside.clock.now(),
        }
        return self._room.render(request, "now.html", values)
