"""Registry: where images are pulled from, with which login; and the forms to change it, from the next change on."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import registries
from changeover.console.room import Room
from changeover.errors import Problem


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    page = Registry(room)
    return [
        Route("/registry", page.show, methods=["GET"]),
        Route("/registry", page.change, methods=["POST"]),
        Route("/registry/remove", page.remove, methods=["POST"]),
    ]


class Registry:
    """The page and its forms. The password is never in a page."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """Its address and login."""
        return await self._page(request)

    async def change(self, request: Request) -> Response:
        """Pull images from there, from the next change on."""
        async with request.form(max_files=0, max_fields=10) as form:
            said = {name: str(form.get(name) or "").strip() for name in ("address", "username", "password")}
        try:
            wanted = registries.read(said["address"], username=said["username"], password=said["password"])
            if said["username"] and not said["password"]:
                raise registries.BadRegistry(
                    f"The login {said['username']} needs its password.", hint="type it again; nothing was changed"
                )
            await registries.change(self._room.outside_of(request), self._room.installation, wanted)
        except Problem as problem:
            return await self._page(request, problem=problem, said=said)
        request.state.detail = f"{wanted.address}{' with a login' if said['username'] else ''}"
        return RedirectResponse("/registry", status_code=303)

    async def remove(self, request: Request) -> Response:
        """Pull images from where they come from, from the next change on."""
        await registries.change(self._room.outside_of(request), self._room.installation, None)
        return RedirectResponse("/registry", status_code=303)

    async def _page(
        self, request: Request, *, problem: Problem | None = None, said: dict[str, str] | None = None
    ) -> Response:
        held = registries.as_json(await registries.show(self._room.outside_of(request), self._room.installation))
        typed = {name: (said or held)[name] for name in ("address", "username")}
        values = {"held": held, "problem": problem, "typed": typed}
        return self._room.render(request, "registry.html", values, status=422 if problem else 200)
