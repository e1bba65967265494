"""The console for programs: what its pages show and post, under ``/api/v1``, described by its own OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from changeover.actions.accounts import Role
from changeover.console.access.permissions import Rule
from changeover.console.api import arriving, changing, looking
from changeover.console.api.answering import endpoint
from changeover.console.api.description import described
from changeover.console.api.operation import BASE, Operation
from changeover.console.room import Room

DESCRIPTION = f"{BASE}/openapi.json"
OPERATIONS = (*looking.OPERATIONS, *changing.OPERATIONS, *arriving.OPERATIONS)


def routes(room: Room) -> list[Route]:
    """One per operation, and the document."""

    async def description(_: Request) -> Response:
        return JSONResponse(described(OPERATIONS))

    found = [Route(f"{BASE}{one.path}", _answered(one, room), methods=[one.method]) for one in OPERATIONS]
    return [Route(DESCRIPTION, description, methods=["GET"]), *found]


def _answered(one: Operation, room: Room) -> Callable[[Request], Awaitable[Response]]:
    answer = endpoint(one, room)
    return room.holder.here(answer) if one.held else answer


def rules() -> tuple[Rule, ...]:
    """Which role each path needs, as its operations say; the document is for everybody."""
    return (Rule(DESCRIPTION, read=None), *(_rule(path) for path in dict.fromkeys(one.path for one in OPERATIONS)))


def _rule(path: str) -> Rule:
    needed = {one.method == "GET": one.role for one in OPERATIONS if one.path == path}
    return Rule(f"{BASE}{path}", read=needed.get(True, Role.VIEWER), write=needed.get(False, Role.ADMIN))
