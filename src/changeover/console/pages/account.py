"""Your account: what your role lets you do, and another password of your own choice."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import accounts, passwords
from changeover.console.room import Room, visit_of
from changeover.errors import Problem


class WrongPassword(Problem):
    """The password that was to be changed is another one."""

    reference = "wrong-password"


class PasswordsDiffer(Problem):
    """A new password was typed differently the second time."""

    reference = "passwords-differ"


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    page = OwnAccount(room)
    return [Route("/account", page.show, methods=["GET"]), Route("/account", page.change, methods=["POST"])]


class OwnAccount:
    """The page and its form."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """Who you are here."""
        return self._page(request)

    async def change(self, request: Request) -> Response:
        """Another password: the old one has to be known, and all sessions end, this one too."""
        visit, guard = visit_of(request), self._room.guard
        async with request.form(max_fields=10, max_files=0) as form:
            old, new, again = (str(form.get(field) or "") for field in ("old", "new", "again"))
        person = f"name {visit.name} {visit.account.epoch}"
        try:
            if await guard.attempts.begin(person) > 0:
                raise WrongPassword("Too many wrong passwords.", hint="wait a while")
            if not await asyncio.to_thread(passwords.matches, visit.account.password, old):
                raise WrongPassword("That is not your present password.", hint="nothing was changed")
            await guard.attempts.succeeded(person)
            if new != again:
                raise PasswordsDiffer("The new password was not typed the same way twice.", hint="nothing was changed")
            await accounts.reset_password(self._room.outside_of(request), visit.name, password=new)
        except Problem as problem:
            return self._page(request, problem=problem)
        guard.changed()
        await guard.sessions.end_all_of(visit.name)
        return RedirectResponse("/login", status_code=303)

    def _page(self, request: Request, *, problem: Problem | None = None) -> Response:
        status = 422 if problem else 200
        return self._room.render(request, "account.html", {"problem": problem}, status=status)
