"""Backups: what runs have saved before they changed anything, where it lies, and where the next one goes."""

from __future__ import annotations

from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from changeover.actions import backups, installations
from changeover.console.room import Room
from changeover.evidence import words


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    return [Route("/backups", Backups(room).show, methods=["GET"])]


class Backups:
    """The page."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """Newest first, by the run that made them."""
        outside = self._room.outside_of(request)
        followed = await installations.find(outside, self._room.installation)
        found = await backups.backups(outside, followed.name)
        values = {
            "runs": [(run, list(pieces)) for run, pieces in groupby(found, key=lambda one: one.run)],
            "newest": found[0].at if found else "",
            "destination": backups.destination(followed),
            "size": words.size,
            "duration": words.duration,
            "now": outside.clock.now(),
        }
        return self._room.render(request, "backups.html", values)
