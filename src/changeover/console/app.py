"""The console as one ASGI application: its pages behind the gate, with what went wrong told as a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from changeover.actions import accounts, audit, carrying
from changeover.actions import uploads as uploading
from changeover.actions.outside import Outside
from changeover.actions.shared_rows import SharedRows
from changeover.actions.tokens import Tokens
from changeover.console import api
from changeover.console.access.accounts_seen import AccountsSeen
from changeover.console.access.attempts import Attempts
from changeover.console.access.guard import Guard
from changeover.console.access.limits import MEBIBYTE, Limits
from changeover.console.access.middleware import access
from changeover.console.access.origins import Addresses
from changeover.console.access.refusal import Refusal, plainly, wants_json
from changeover.console.access.sessions import Sessions
from changeover.console.executing import Executing
from changeover.console.holder import Holder
from changeover.console.pages import (
    account,
    backups,
    bundles,
    checks,
    compare,
    config,
    customisations,
    graphs,
    licence,
    look,
    now,
    overview,
    registry,
    runs,
    settings,
    sign_in,
    update,
    uploads,
    users,
    versions,
    windows,
    workspaces,
)
from changeover.console.pages import audit as audit_page
from changeover.console.permitted import TABLE
from changeover.console.rendering import STATIC, Pages, Place
from changeover.console.room import Render, Room
from changeover.errors import Problem
from changeover.ports import Busy, Unreachable

SESSIONS, ATTEMPTS = "changeover-console-sessions", "changeover-console-attempts"
UPLOADS = "changeover-console-uploads"
"""The Secrets that replicas share."""

PAGES = (
    overview,
    graphs,
    versions,
    compare,
    uploads,
    bundles,
    update,
    runs,
    workspaces,
    windows,
    backups,
    config,
    customisations,
    registry,
    licence,
    settings,
    checks,
    users,
    account,
    audit_page,
    sign_in,
    look,
    now,
)


@dataclass(frozen=True, slots=True)
class Where:
    """Under which addresses, and for which installation."""

    addresses: Addresses
    place: Place
    installation: str = ""
    own: str = ""
    """Under which address other replicas reach this one."""


def build(room: Room) -> ASGIApp:
    """The console as it is served."""
    routes: list[Route | Mount] = [route for page in PAGES for route in page.routes(room)]
    routes += api.routes(room)
    routes += [
        Route("/healthz", _alive),
        Route("/readyz", _ready(room)),
        Mount("/static", _packed(StaticFiles(directory=STATIC))),
    ]
    return access(Starlette(routes=routes, exception_handlers=_told(room.render)), room.guard)


def room_of(outside: Outside, where: Where, *, now: Callable[[], float], shared: bool = False) -> Room:
    """Everything that pages are given; `now` counts seconds for sessions and attempts.

    `shared`: this is one replica of several, which share sessions, attempts and runs through the cluster.
    """
    pages = Pages(where.place)
    seen = AccountsSeen(lambda: accounts.listed(outside), now)

    def refused(request: Request, refusal: Refusal) -> Response:
        return plainly(request, refusal) if wants_json(request) else _page(pages, request, refusal)

    guard = Guard(
        addresses=where.addresses,
        table=TABLE,
        accounts=seen,
        record=audit.Log(outside).record,
        limits=Limits(larger={"/versions/upload": uploading.MOST_BYTES + MEBIBYTE}),
        stamp=lambda: outside.clock.now().isoformat(timespec="seconds"),
        now=now,
        sessions=Sessions(now, SharedRows(outside, SESSIONS) if shared else None),
        attempts=Attempts(now, SharedRows(outside, ATTEMPTS) if shared else None),
        tokens=Tokens(outside).who,
        show=refused,
        changed=seen.forget,
    )
    return Room(
        guard,
        lambda person: replace(outside, person=person),
        pages,
        where.installation,
        executing=Executing(carrying.CONSOLE if shared else ""),
        holder=Holder(SharedRows(outside, UPLOADS), where.own) if shared else Holder(),
    )


def _page(pages: Render, request: Request, refusal: Refusal) -> Response:
    return pages(request, "refused.html", {"refusal": refusal}, status=refusal.status_code)


def _told(pages: Render) -> dict[type[Exception], Callable[[Request, Exception], Response]]:
    """What goes wrong behind the gate, told to a person or a program."""

    def refusal(request: Request, raised: Exception) -> Response:
        if not isinstance(raised, HTTPException):
            raise raised
        plain = Refusal(raised.status_code, "http", raised.detail)
        known = raised if isinstance(raised, Refusal) else plain
        return plainly(request, known) if wants_json(request) else _page(pages, request, known)

    def problem(request: Request, raised: Exception) -> Response:
        if not isinstance(raised, Problem):
            raise raised
        status = 503 if isinstance(raised, Unreachable | Busy) else 409
        if wants_json(request):
            return JSONResponse(raised.as_json(), status_code=status)
        return pages(request, "problem.html", {"problem": raised}, status=status)

    def fault(request: Request, _: Exception) -> Response:
        ours = Refusal(
            500, "fault", "Something went wrong in the console itself.", "its log on standard error says what"
        )
        return plainly(request, ours) if wants_json(request) else _page(pages, request, ours)

    return {HTTPException: refusal, Problem: problem, Exception: fault}


def _packed(files: ASGIApp) -> ASGIApp:
    """Only files are compressed: a page that repeats what somebody typed beside a secret must not tell by its size."""
    return GZipMiddleware(files)


async def _alive(_: Request) -> Response:
    return PlainTextResponse("ok")


def _ready(room: Room) -> Callable[[Request], Awaitable[Response]]:
    """Ready = the cluster answers about the accounts: without them nobody gets in."""

    async def ready(_: Request) -> Response:
        try:
            await room.guard.accounts()
        except Problem as problem:
            return PlainTextResponse(problem.reference, status_code=503)
        return PlainTextResponse("ok")

    return ready
