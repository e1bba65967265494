"""Light or dark: a choice of one browser, kept in a cookie of its own, so that no script is needed."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from changeover.console.rendering import THEME
from changeover.console.room import Room

_A_YEAR = 365 * 86400


def routes(_: Room) -> list[Route]:
    """What belongs to it."""
    return [Route("/look", choose, methods=["POST"])]


async def choose(request: Request) -> Response:
    """Light, dark, or as the system says."""
    async with request.form(max_fields=5, max_files=0) as form:
        chosen = form.get("theme")
    answer = RedirectResponse("/", status_code=303)
    if chosen in ("light", "dark"):
        answer.set_cookie(THEME, str(chosen), max_age=_A_YEAR, httponly=True, samesite="strict")
    else:
        answer.delete_cookie(THEME)
    return answer
