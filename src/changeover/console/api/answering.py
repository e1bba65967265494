"""How a request becomes a call and what comes of it an answer; what is wrong is told as ``-o json`` tells it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from changeover.console.access.refusal import Refusal
from changeover.console.api.operation import Call, Operation
from changeover.console.room import Room
from changeover.errors import Problem
from changeover.ports import Busy, Unreachable

_ABSENT = frozenset(
    {
        "no-run",
        "no-installation",
        "not-set-up",
        "no-revision",
        "no-sessions",
        "no-route",
        "unknown-release",
        "no-form",
        "no-upload",
    }
)
"""Problems that say: there is no such thing."""


def endpoint(operation: Operation, room: Room) -> Callable[[Request], Awaitable[Response]]:
    """What answers this operation."""

    async def answer(request: Request) -> Response:
        try:
            call = Call(room, request, await _asked(operation, request))
            found = await operation.act(call)
        except Problem as problem:
            return JSONResponse(problem.as_json(), status_code=_status(problem))
        document = operation.answer.model_validate(found, from_attributes=True)
        content = document.model_dump_json(by_alias=True)
        return Response(content, status_code=operation.status, media_type="application/json")

    return answer


async def _asked(operation: Operation, request: Request) -> BaseModel | None:
    if operation.asks is None:
        return None
    try:
        if operation.method == "GET":
            return operation.asks.model_validate(_query(request))
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refusal(415, "not-json", "The body has to be JSON.", "Content-Type: application/json")
        return operation.asks.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole of it"
        reference = "bad-query" if operation.method == "GET" else "bad-body"
        raise Refusal(422, reference, f"{where}: {first['msg']}", "see /api/v1/openapi.json") from None


def _query(request: Request) -> dict[str, str | list[str]]:
    """Each parameter as it was given: once a text, more often a list."""
    given = request.query_params
    return {name: values if len(values := given.getlist(name)) > 1 else values[0] for name in given}


def _status(problem: Problem) -> int:
    if isinstance(problem, Unreachable | Busy):
        return 503
    if problem.reference in _ABSENT:
        return 404
    return 409
