"""Customisations: the operator's labels, annotations, variables and overlays, as text, kept for the next change."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import customising as action
from changeover.console.room import Room
from changeover.errors import Problem


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    page = Customised(room)
    return [
        Route("/customisations", page.show, methods=["GET"]),
        Route("/customisations", page.save, methods=["POST"]),
    ]


class Customised:
    """The page and its form."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """What is kept, and what was not done of it."""
        return await self._page(request)

    async def save(self, request: Request) -> Response:
        """Keep the text for the next change, or say what is wrong with it."""
        async with request.form(max_fields=10, max_files=0) as form:
            text = str(form.get("text") or "").replace("\r\n", "\n")
        try:
            saved = await action.save(self._room.outside_of(request), self._room.installation, text)
        except Problem as problem:
            return await self._page(request, text=text, problem=problem)
        request.state.detail = f"{len(saved.entries)} entries"
        return RedirectResponse("/customisations", status_code=303)

    async def _page(self, request: Request, *, text: str = "", problem: Problem | None = None) -> Response:
        found = await action.look(self._room.outside_of(request), self._room.installation)
        values = {"found": found, "text": text if problem else found.text, "problem": problem}
        return self._room.render(request, "customisations.html", values, status=422 if problem else 200)
