"""Users: who may use the console in which role; made, changed, reset, signed out and removed by an administrator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import accounts
from changeover.actions.accounts import Role
from changeover.console.access.refusal import Refusal
from changeover.console.room import Room
from changeover.errors import Problem


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    page = Users(room)
    return [
        Route("/users", page.show, methods=["GET"]),
        Route("/users", page.add, methods=["POST"]),
        Route("/users/{name}/role", page.change_role, methods=["POST"]),
        Route("/users/{name}/password", page.reset, methods=["POST"]),
        Route("/users/{name}/sessions", page.sign_out, methods=["POST"]),
        Route("/users/{name}/remove", page.remove, methods=["POST"]),
    ]


class Users:
    """The page and its forms."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """Everybody, with their role and browsers."""
        return await self._page(request)

    async def add(self, request: Request) -> Response:
        """Make an account; its password is on the page that answers, and nowhere else."""
        fields = await _fields(request)
        name = fields.get("name", "").strip()
        try:
            made = await accounts.add(self._room.outside_of(request), name, _role(fields))
        except Problem as problem:
            return await self._page(request, problem=problem, status=422)
        self._room.guard.changed()
        return await self._page(request, made=(name, made))

    async def change_role(self, request: Request) -> Response:
        """Give another role."""
        fields = await _fields(request)
        name = request.path_params["name"]
        return await self._done(
            request, lambda: accounts.change_role(self._room.outside_of(request), name, _role(fields))
        )

    async def reset(self, request: Request) -> Response:
        """Give another password; it is on the page that answers, and nowhere else."""
        name = request.path_params["name"]
        try:
            made = await accounts.reset_password(self._room.outside_of(request), name)
        except Problem as problem:
            return await self._page(request, problem=problem, status=422)
        await self._ended(name)
        return await self._page(request, made=(name, made))

    async def sign_out(self, request: Request) -> Response:
        """Sign somebody out everywhere."""
        ended = await self._room.guard.sessions.end_all_of(request.path_params["name"])
        request.state.detail = f"{ended} sessions of {request.path_params['name']} ended"
        return RedirectResponse("/users", status_code=303)

    async def remove(self, request: Request) -> Response:
        """Take an account away; its name has to be typed."""
        fields, name = await _fields(request), request.path_params["name"]
        if fields.get("typed", "").strip() != name:
            problem = Problem(f"Type {name} to remove that account.", hint="nothing was changed")
            return await self._page(request, problem=problem, status=422)
        return await self._done(request, lambda: accounts.remove(self._room.outside_of(request), name))

    async def _done(self, request: Request, act: Callable[[], Awaitable[None]]) -> Response:
        try:
            await act()
        except Problem as problem:
            return await self._page(request, problem=problem, status=422)
        await self._ended(request.path_params["name"])
        return RedirectResponse("/users", status_code=303)

    async def _ended(self, name: str) -> None:
        self._room.guard.changed()
        await self._room.guard.sessions.end_all_of(name)

    async def _page(
        self,
        request: Request,
        *,
        problem: Problem | None = None,
        made: tuple[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        every = await accounts.listed(self._room.outside_of(request))
        rows = [(one, await self._room.guard.sessions.count_of(one.name)) for one in every.values()]
        values = {"rows": rows, "roles": [role.word for role in Role], "problem": problem, "made": made}
        return self._room.render(request, "users.html", values, status=status)


async def _fields(request: Request) -> dict[str, str]:
    async with request.form(max_fields=20, max_files=0) as form:
        return {field: value for field, value in form.items() if isinstance(value, str)}


def _role(fields: dict[str, str]) -> Role:
    try:
        return Role.of(fields.get("role", ""))
    except KeyError:
        raise Refusal(422, "no-such-role", "A role is viewer, operator, approver or admin.") from None
