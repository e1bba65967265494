"""Compare: what differs between two releases or revisions, before anything is planned."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from changeover.actions import comparing, history, releases
from changeover.console.room import Room
from changeover.errors import Problem

_LONGEST = 200


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    return [Route("/versions/compare", Compare(room).show, methods=["GET"])]


class Compare:
    """The page."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """Both sides to choose, and what differs: from what runs to the newest release at first."""
        outside, name = self._room.outside_of(request), self._room.installation
        asked = request.query_params
        before, after = asked.get("before", "")[:_LONGEST], asked.get("after", "")[:_LONGEST]
        told = await history.history(outside, name)
        sides = [
            (f"{comparing.SIGN}{one['number']}", f"{one['version']} (revision {one['number']})")
            for one in reversed(told.revisions)
        ]
        found: comparing.Comparison | None = None
        problem: Problem | None = None
        try:
            offered = (await releases.releases(outside, name)).all
            sides += [(one.version, one.version) for one in reversed(offered)]
            before = before or f"{comparing.SIGN}{told.running}"
            after = after or (offered[-1].version if offered else "")
            found = await comparing.compare(outside, name, before, after)
        except Problem as raised:
            problem = raised
        values = {"found": found, "problem": problem, "sides": sides, "before": before, "after": after}
        return self._room.render(request, "compare.html", values)
