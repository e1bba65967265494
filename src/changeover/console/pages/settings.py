"""Settings: how this installation is looked after."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import policies
from changeover.console.room import Room
from changeover.errors import Problem


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    page = Settings(room)
    return [Route("/settings", page.show, methods=["GET"]), Route("/settings", page.change, methods=["POST"])]


class Settings:
    """The page and its form."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """What is set."""
        return await self._page(request)

    async def change(self, request: Request) -> Response:
        """Set all that the form says; nothing when one does not fit."""
        async with request.form(max_files=0, max_fields=20) as form:
            said = {one.name: str(form.get(one.name) or "").strip() for one in policies.SETTINGS if one.name in form}
        try:
            await policies.change(self._room.outside_of(request), self._room.installation, said)
        except Problem as problem:
            return await self._page(request, problem=problem, said=said)
        return RedirectResponse("/settings", status_code=303)

    async def _page(
        self, request: Request, *, problem: Problem | None = None, said: Mapping[str, str] | None = None
    ) -> Response:
        view = await policies.show(self._room.outside_of(request), self._room.installation)
        values = {"view": view, "settings": policies.SETTINGS, "typed": {**view.values, **(said or {})}}
        status = 422 if problem else 200
        return self._room.render(request, "settings.html", {**values, "problem": problem}, status=status)
