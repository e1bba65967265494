"""Your account: what your role lets you do, another password of your own choice, and tokens for your programs."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import accounts, passwords
from changeover.actions.accounts import Role
from changeover.actions.tokens import Token, Tokens, Wanted
from changeover.console.access.refusal import Refusal
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
    return [
        Route("/account", page.show, methods=["GET"]),
        Route("/account", page.change, methods=["POST"]),
        Route("/account/tokens", page.make, methods=["POST"]),
        Route("/account/tokens/revoke", page.revoke, methods=["POST"]),
    ]


class OwnAccount:
    """The page and its form."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """Who you are here."""
        return await self._page(request)

    async def make(self, request: Request) -> Response:
        """A token for a program, shown once."""
        visit = visit_of(request)
        async with request.form(max_fields=10, max_files=0) as form:
            said = {name: str(form.get(name) or "") for name in ("purpose", "days", "role")}
        role = next((one for one in Role if one.word == said["role"]), None)
        days = int(said["days"]) if said["days"].isascii() and said["days"].isdigit() and len(said["days"]) < 6 else 0
        try:
            _, text = await self._tokens(request).create(Wanted(visit.name, role, days, said["purpose"]))
        except Problem as problem:
            return await self._page(request, problem=problem)
        return await self._page(request, made=text)

    async def revoke(self, request: Request) -> Response:
        """It opens nothing from now on; somebody else's is not there."""
        async with request.form(max_fields=10, max_files=0) as form:
            wanted = str(form.get("id") or "")
        if wanted not in {one.id for one in await self._own(request)}:
            raise Refusal(404, "no-token", "You have no such token.")
        await self._tokens(request).revoke(wanted)
        return RedirectResponse("/account", status_code=303)

    def _tokens(self, request: Request) -> Tokens:
        return Tokens(self._room.outside_of(request))

    async def _own(self, request: Request) -> list[Token]:
        name = visit_of(request).name
        return [one for one in await self._tokens(request).listed() if one.account == name]

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
            return await self._page(request, problem=problem)
        guard.changed()
        await guard.sessions.end_all_of(visit.name)
        return RedirectResponse("/login", status_code=303)

    async def _page(self, request: Request, *, problem: Problem | None = None, made: str = "") -> Response:
        roles = [one.word for one in Role if one <= visit_of(request).account.role]
        now = self._room.outside_of(request).clock.now().isoformat()
        values = {"problem": problem, "made": made, "tokens": await self._own(request), "roles": roles, "now": now}
        return self._room.render(request, "account.html", values, status=422 if problem else 200)
