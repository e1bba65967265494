"""Versions: where this installation can go and how, and which releases it came from."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import following, history, installations, releases, uploads
from changeover.console.access.limits import MEBIBYTE
from changeover.console.room import Room
from changeover.errors import Problem


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    page = Versions(room)
    return [
        Route("/versions", page.show, methods=["GET"]),
        Route("/versions/check", page.check, methods=["POST"]),
    ]


class Versions:
    """The page."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """The channel as it is now; when it cannot be read, the reason, and what is known all the same."""
        outside, name = self._room.outside_of(request), self._room.installation
        followed = await installations.find(outside, name)
        told = await history.history(outside, name)
        problem: Problem | None = None
        found: releases.Found | None = None
        try:
            found = await releases.releases(outside, name)
        except Problem as raised:
            problem = raised
        ran = {str(one["version"]): one for one in told.revisions}
        values: dict[str, Any] = {
            "found": found,
            "problem": problem,
            "headline": _headline(found, followed.get("status", "running", "version", default="")),
            "channel": following.shown_source(followed),
            "last_check": str(followed.get("status", "lastCheck", default="")),
            "all": tuple(reversed(found.all)) if found else (),
            "newer": {one.version for one in found.newer} if found else set(),
            "hops": {hop.release.version: hop.reason for hop in found.hops} if found else {},
            "ran": ran,
            "running": told.running,
            "now": outside.clock.now(),
            "most": uploads.MOST_BYTES // MEBIBYTE,
        }
        return self._room.render(request, "versions.html", values)

    async def check(self, request: Request) -> Response:
        """Check for an update, and write down what is new."""
        await releases.check(self._room.outside_of(request), self._room.installation)
        return RedirectResponse("/versions", status_code=303)


def _headline(found: releases.Found | None, running: str) -> str:
    if found is None:
        return "The channel cannot be read now."
    if not found.newer:
        return f"{running or 'Nothing'} runs; there is nothing newer."
    if found.no_route or not found.hops:
        return f"{found.newer[-1].version} is new, but there is no way to it from {running}."
    goal = found.newer[-1].version
    first = found.hops[0].release.version
    return f"{goal} can be next." if first == goal else f"{first} is next, {goal} comes after it."
