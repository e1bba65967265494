"""Sign in and out: the only pages for somebody whom we do not know yet."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from changeover.console.access.refusal import safe_next
from changeover.console.access.signing_in import Failed, sign_in, sign_out, welcome
from changeover.console.room import Room


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    page = SignIn(room)
    return [
        Route("/login", page.ask, methods=["GET"]),
        Route("/login", page.enter, methods=["POST"]),
        Route("/logout", page.leave, methods=["POST"]),
    ]


class SignIn:
    """The page and its form."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def ask(self, request: Request) -> Response:
        """Name and password, please."""
        return self._room.render(request, "login.html", {"next": _next(request), "name": "", "failed": None})

    async def enter(self, request: Request) -> Response:
        """Let in, or say how many tries are left."""
        async with request.form(max_fields=10, max_files=0) as form:
            name, password = (str(form.get(field) or "") for field in ("name", "password"))
        found = await sign_in(request, self._room.guard, name.strip().lower(), password)
        if isinstance(found, Failed):
            values = {"next": _next(request), "name": name[:64], "failed": found}
            answer = self._room.render(request, "login.html", values, status=429 if found.wait else 401)
            if found.wait:
                answer.headers["retry-after"] = str(int(found.wait) + 1)
            return answer
        return welcome(request, self._room.guard, found, RedirectResponse(_next(request), status_code=303))

    async def leave(self, request: Request) -> Response:
        """Sign out."""
        return await sign_out(request, self._room.guard, RedirectResponse("/login", status_code=303))


def _next(request: Request) -> str:
    """Where to go after the sign-in: quoted, so that it is one line of a header."""
    return quote(safe_next(request.query_params.get("next", "/")), safe="/?&=%:@!$'()*+,;~-._")
