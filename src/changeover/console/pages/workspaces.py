"""Sessions: who would be interrupted; the gate; save and stop one or all, with the proof of each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import sessions, status
from changeover.actions.outside import Outside
from changeover.actions.sessions import NoSessions, Stopped
from changeover.console.access.refusal import Refusal
from changeover.console.room import Room
from changeover.errors import Problem
from changeover.evidence import words

_KEPT = 50


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    page = Workspaces(room)
    return [
        Route("/sessions", page.show, methods=["GET"]),
        Route("/sessions/stop", page.stop, methods=["POST"]),
        Route("/sessions/gate", page.gate, methods=["POST"]),
    ]


@dataclass(slots=True)
class _Stopping:
    """What is being stopped from here, and what became of those before."""

    names: set[str] = field(default_factory=set)
    done: list[Stopped] = field(default_factory=list)
    problem: Problem | None = None
    task: asyncio.Task[None] | None = None


class Workspaces:
    """The page and its buttons."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._stopping = _Stopping()

    async def show(self, request: Request) -> Response:
        """Who works now."""
        outside, name = self._room.outside_of(request), self._room.installation
        seen = await status.status(outside, name)
        found: list[sessions.Session] = []
        none: NoSessions | None = None
        try:
            found = await sessions.every(outside, name)
        except NoSessions as problem:
            none = problem
        values = {
            "sessions": found,
            "none": none,
            "seen": seen,
            "headline": _headline(found, none),
            "stopping": self._stopping,
            "now": outside.clock.now(),
        }
        return self._room.render(request, "sessions.html", values)

    async def stop(self, request: Request) -> Response:
        """Save and stop the ticked ones; the proof is awaited in the background."""
        async with request.form(max_fields=2000, max_files=0) as form:
            names, every = [str(one) for one in form.getlist("session")], form.get("all") is not None
        outside = self._room.outside_of(request)
        known = [one.name for one in await sessions.every(outside, self._room.installation)]
        wanted = known if every else [name for name in names if name in known]
        if not wanted:
            raise Refusal(422, "nobody-chosen", "Choose at least one session that runs.")
        if self._stopping.task is not None:
            raise Refusal(409, "stopping-already", "Others are being stopped from here.", "wait until they are saved")
        self._stopping.names, self._stopping.problem = set(wanted), None
        self._stopping.task = asyncio.create_task(self._stop(outside, wanted))
        request.state.detail = ", ".join(wanted)[:1000]
        return RedirectResponse("/sessions", status_code=303)

    async def gate(self, request: Request) -> Response:
        """Close or open the gate by hand."""
        async with request.form(max_fields=5, max_files=0) as form:
            do, message = str(form.get("do") or ""), str(form.get("message") or "").strip()[:500]
        outside, name = self._room.outside_of(request), self._room.installation
        if do == "close":
            await sessions.close(outside, name, message)
        elif do == "open":
            await sessions.open_(outside, name)
        else:
            raise Refusal(422, "no-such-request", "The gate can be closed or opened.")
        request.state.detail = f"{do} the gate"
        return RedirectResponse("/sessions", status_code=303)

    async def _stop(self, outside: Outside, names: list[str]) -> None:
        stopping = self._stopping
        try:
            stopping.done = [*await sessions.stop(outside, self._room.installation, names), *stopping.done][:_KEPT]
        except Problem as problem:
            stopping.problem = problem
        finally:
            stopping.names, stopping.task = set(), None


def _headline(found: list[sessions.Session], none: NoSessions | None) -> str:
    if none:
        return "This application has no sessions that we know of."
    if not found:
        return "Nobody is working now."
    return f"{words.counted(len(found), 'session')} run{'s' if len(found) == 1 else ''} now."
