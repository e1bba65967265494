"""Licence: whom it is for, what it entitles to, until when, what its signature proves; and a form for another."""

from __future__ import annotations

import contextlib
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import licensing
from changeover.console.access.refusal import Refusal
from changeover.console.room import Room
from changeover.errors import Problem


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    page = Licence(room)
    return [Route("/licence", page.show, methods=["GET"]), Route("/licence", page.take, methods=["POST"])]


class Licence:
    """The page and its form."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """The licence that is held; its id and its signature are masked."""
        return await self._page(request)

    async def take(self, request: Request) -> Response:
        """Take another for the next change; one whose signature does not hold is refused."""
        async with request.form(max_files=2, max_fields=5) as form:
            file, name = await _text(form, "file")
            key, key_name = await _text(form, "key")
        if not file:
            raise Refusal(422, "no-file", "Choose the licence file that the vendor sent.")
        given = licensing.Given(file, name, key, key_name)
        try:
            view = await licensing.take(self._room.outside_of(request), self._room.installation, given)
        except Problem as problem:
            return await self._page(request, problem=problem)
        request.state.detail = f"{name}: {view.checked.proof.value}"
        return RedirectResponse("/licence", status_code=303)

    async def _page(self, request: Request, *, problem: Problem | None = None) -> Response:
        held: dict[str, Any] | None = None
        with contextlib.suppress(licensing.NoLicence):
            held = (await licensing.show(self._room.outside_of(request), self._room.installation)).as_json()
        values = {"held": held, "problem": problem, "headline": headline(held)}
        return self._room.render(request, "licence.html", values, status=422 if problem else 200)


def headline(held: dict[str, Any] | None) -> str:
    """The answer in a sentence."""
    if held is None:
        return "There is no licence."
    whom = held["customer"] or "nobody named"
    if held["proof"] == "wrong":
        return f"The signature on the licence of {whom} does not hold."
    if held["expired"]:
        return f"The licence of {whom} expired on {held['expires'][:10]}."
    until = "without an end" if held["expires"] == "never" else f"until {held['expires'][:10]}"
    return f"The licence of {whom} is valid {until}."


async def _text(form: FormData, field: str) -> tuple[str, str]:
    """A posted file as text, and its name; empty when none was chosen."""
    posted = form.get(field)
    if not isinstance(posted, UploadFile) or not posted.filename:
        return "", ""
    try:
        return (await posted.read()).decode(), posted.filename.replace("\\", "/").rpartition("/")[2][:100]
    except UnicodeDecodeError:
        raise Refusal(422, "not-text", "A licence or key is a text file.", "Choose the YAML or PEM file.") from None
