"""Upload of a version: in parts that may be sent again, so that a broken connection costs one part; or as one form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import uploads
from changeover.arrivals import PART_BYTES, File
from changeover.console.access.refusal import Refusal
from changeover.console.room import Room
from changeover.errors import Problem

Act = Callable[[Request], Awaitable[dict[str, object]]]


def routes(room: Room) -> list[Route]:
    """What belongs to this page; parts are sent by upload.js."""
    page = Uploads(room)
    here = room.holder.here
    return [
        Route("/versions/upload", page.whole, methods=["POST"]),
        Route("/versions/upload/remove", page.remove, methods=["POST"]),
        Route("/versions/upload/begin", here(_told(page.begin)), methods=["POST"]),
        Route("/versions/upload/{id}/finish", here(_told(page.finish)), methods=["POST"]),
        Route("/versions/upload/{id}/{number:int}", here(_told(page.part)), methods=["PUT"]),
    ]


class Uploads:
    """Answers in JSON where the script asks."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def begin(self, request: Request) -> dict[str, object]:
        """Which parts are still to be sent, and how long one is."""
        said = request.query_params
        file = File(plain(said.get("name", "")), _number(said.get("size", "")), said.get("sha256", "")[:64].lower())
        arrival = await uploads.begin(self._room.outside_of(request), self._room.installation, file)
        return {"id": file.id, "missing": arrival.missing, "parts": file.parts, "partBytes": PART_BYTES}

    async def part(self, request: Request) -> dict[str, object]:
        """Take one part."""
        id_, number, content = request.path_params["id"], request.path_params["number"], await request.body()
        outside, name = self._room.outside_of(request), self._room.installation
        return {"left": await uploads.take_part(outside, name, id_, number=number, content=content)}

    async def finish(self, request: Request) -> dict[str, object]:
        """All parts were sent."""
        id_, version = request.path_params["id"], request.query_params.get("version", "")[:200]
        kept = await uploads.finish(self._room.outside_of(request), self._room.installation, id_, version=version)
        return {"version": kept.version if kept else "", "location": "/versions" if kept else "/versions/bundles"}

    async def whole(self, request: Request) -> Response:
        """The same without a script, for a package: one form with the file in it."""
        async with request.form(max_files=1, max_fields=5) as form:
            posted, version = form.get("package"), str(form.get("version") or "")
            if not isinstance(posted, UploadFile) or not posted.filename:
                raise Refusal(422, "no-file", "Choose the package that the vendor publishes.")
            name, content = plain(posted.filename), await posted.read()
        outside = self._room.outside_of(request)
        kept = await uploads.add(outside, self._room.installation, name, content, version=version)
        request.state.detail = kept.version
        return RedirectResponse("/versions", status_code=303)

    async def remove(self, request: Request) -> Response:
        """Forget a version."""
        async with request.form(max_files=0, max_fields=5) as form:
            version = str(form.get("version") or "")
        await uploads.remove(self._room.outside_of(request), self._room.installation, version)
        return RedirectResponse("/versions", status_code=303)


def _told(act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(await act(request))
        except Problem as problem:
            return JSONResponse(problem.as_json(), status_code=422)

    return answer


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1


def plain(name: str) -> str:
    """A file's name without any folder."""
    return name.replace("\\", "/").rpartition("/")[2][:200]
