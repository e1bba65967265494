"""Graphs: what the package wants to be watched, from the operator's Prometheus; the Overview loads them afterwards."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from changeover.actions import graphs
from changeover.console.drawing import HEIGHT, WIDTH, picture
from changeover.console.room import Room


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    return [Route("/graphs", Graphs(room).show, methods=["GET"])]


class Graphs:
    """The page, or for a script only its part."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """Every graph, drawn now."""
        found = await graphs.graphs(self._room.outside_of(request), self._room.installation)
        part = request.headers.get("hx-request") == "true"
        values = {"graphs": [picture(one) for one in found], "width": WIDTH, "height": HEIGHT}
        return self._room.render(request, "graphs_part.html" if part else "graphs.html", values)
