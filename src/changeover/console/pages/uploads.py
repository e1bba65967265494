"""Upload of a version: in parts that may be sent again, so that a broken connection costs one part; or as one form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import uploads
from changeover.actions.uploads import File
from changeover.console.access.refusal import Refusal
from changeover.console.room import Room
from changeover.errors import Problem

Act = Callable[[Request, File], Awaitable[dict[str, object]]]


def routes(room: Room) -> list[Route]:
    """What belongs to this page; parts are sent by upload.js."""
    page = Uploads(room)
    return [
        Route("/versions/upload", page.whole, methods=["POST"]),
        Route("/versions/upload", page.missing, methods=["GET"]),
        Route("/versions/upload/part", page.part, methods=["PUT"]),
        Route("/versions/upload/finish", page.finish, methods=["POST"]),
        Route("/versions/upload/remove", page.remove, methods=["POST"]),
    ]


class Uploads:
    """Answers in JSON where the script asks."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def missing(self, request: Request) -> Response:
        """Which parts are still to be sent, and how long one is."""
        return await self._told(request, self._missing)

    async def part(self, request: Request) -> Response:
        """Take one part."""
        return await self._told(request, self._part)

    async def finish(self, request: Request) -> Response:
        """Put them together."""
        return await self._told(request, self._finish)

    async def whole(self, request: Request) -> Response:
        """The same without a script: one form with the file in it."""
        async with request.form(max_files=1, max_fields=5) as form:
            posted, version = form.get("package"), str(form.get("version") or "")
            if not isinstance(posted, UploadFile) or not posted.filename:
                raise Refusal(422, "no-file", "Choose the package that the vendor publishes.")
            name, content = _plain(posted.filename), await posted.read()
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

    async def _missing(self, request: Request, file: File) -> dict[str, object]:
        left = await uploads.missing(self._room.outside_of(request), self._room.installation, file)
        return {"missing": left, "parts": file.parts, "partBytes": uploads.PART_BYTES}

    async def _part(self, request: Request, file: File) -> dict[str, object]:
        number, content = _number(request, "part"), await request.body()
        outside, name = self._room.outside_of(request), self._room.installation
        return {"missing": await uploads.take_part(outside, name, file, number=number, content=content)}

    async def _finish(self, request: Request, file: File) -> dict[str, object]:
        outside, version = self._room.outside_of(request), request.query_params.get("version", "")
        kept = await uploads.finish(outside, self._room.installation, file, version=version)
        return {"version": kept.version, "location": "/versions"}

    async def _told(self, request: Request, act: Act) -> Response:
        try:
            return JSONResponse(await act(request, _file(request)))
        except Problem as problem:
            return JSONResponse(problem.as_json(), status_code=422)


def _file(request: Request) -> File:
    said = request.query_params
    return File(_plain(said.get("name", "")), _number(request, "size"), said.get("sha256", "")[:64].lower())


def _number(request: Request, field: str) -> int:
    text = request.query_params.get(field, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1


def _plain(name: str) -> str:
    """A file's name without any folder."""
    return name.replace("\\", "/").rpartition("/")[2][:200]
