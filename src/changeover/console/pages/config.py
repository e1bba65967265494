"""Config: the questions of the release with what holds for each, changed in place, compared, saved for the next change.

Every post carries the whole form; nothing is kept between posts but what is saved. ``/config/draft`` only draws it
anew: `when`, validation and the comparison are as the server decides them, while somebody types.
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import config as action
from changeover.actions import installations
from changeover.actions.settings_of import Setting
from changeover.console.access.csrf import MOST_FIELDS
from changeover.console.access.refusal import Refusal
from changeover.console.config.drawing import Form, drawn
from changeover.console.config.reading import FILE, Posted, Uploaded, read
from changeover.console.room import Room, visit_of
from changeover.errors import Problem
from changeover.package import answers as written
from changeover.package.answers import Given

PAGE = "config.html"
PART = "config_form.html"
_FILES = 200


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    page = Config(room)
    return [
        Route("/config", page.show, methods=["GET"]),
        Route("/config", page.save, methods=["POST"]),
        Route("/config/draft", page.draft, methods=["POST"]),
        Route("/config/forget", page.forget, methods=["POST"]),
        Route("/config/reveal", page.reveal, methods=["POST"]),
        Route("/config/file", page.file, methods=["POST"]),
        Route("/config/export", page.export, methods=["GET", "POST"]),
        Route("/config/import", page.bring, methods=["POST"]),
    ]


class Config:
    """The page and its forms."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """The form as it stands."""
        return await self._answer(request, await self._form(request, Given(), to=request.query_params.get("to", "")))

    async def draft(self, request: Request) -> Response:
        """The form as it would be; for htmx only the form, else the page."""
        given, to = await self._given(request)
        return await self._answer(request, await self._form(request, given, to=to))

    async def save(self, request: Request) -> Response:
        """Save for the next change when everything fits; else the form again, with what does not."""
        given, to = await self._given(request)
        form = await self._form(request, given, to=to)
        if form.wrong:
            return await self._answer(request, form, status=422)
        if form.unsaved:
            await action.save(self._room.outside_of(request), self._room.installation, given)
            request.state.detail = ", ".join(sorted({*given.values, *given.removed}))
        return _to(f"/config?{urlencode({'told': 'saved', **({'to': to} if to else {})})}", request)

    async def forget(self, request: Request) -> Response:
        """Forget what was saved for the next change."""
        names = await action.forget(self._room.outside_of(request), self._room.installation)
        request.state.detail = ", ".join(names)
        return _to("/config?told=forgotten", request)

    async def reveal(self, request: Request) -> Response:
        """One secret answer as plain text; who asked stands in the audit log."""
        return PlainTextResponse((await self._named(request)).effective)

    async def file(self, request: Request) -> Response:
        """The file that answers a question."""
        setting = await self._named(request)
        if setting.type != FILE:
            raise Refusal(404, "no-file", f"{setting.name} is not answered by a file.")
        try:
            content = base64.b64decode(setting.effective, validate=True)
        except ValueError:
            content = setting.effective.encode()
        name = quote(setting.shown_as.filename or setting.name, safe="")
        return _download(content, f"attachment; filename*=UTF-8''{name}")

    async def export(self, request: Request) -> Response:
        """The answers as a ConfigValues document; secret ones only by a post, which is in the audit log."""
        reveal = request.method == "POST"
        text = await action.export(self._room.outside_of(request), self._room.installation, reveal=reveal)
        if reveal:
            request.state.detail = "with secret answers"
        return _download(text.encode(), "attachment; filename=config-values.yaml")

    async def bring(self, request: Request) -> Response:
        """Import: first what the file would change, then, agreed, saved for the next change."""
        outside, name = self._room.outside_of(request), self._room.installation
        async with request.form(max_files=1, max_fields=20) as form:
            file, text = form.get("file"), form.get("text")
            called = file.filename or "" if isinstance(file, UploadFile) else str(form.get("name") or "")
            content = await file.read() if isinstance(file, UploadFile) else str(text or "").encode()
            replace, agreed = form.get("replace") is not None, form.get("agreed") is not None
        try:
            said = content.decode()
        except UnicodeDecodeError:
            raise Refusal(422, "not-text", "A file of answers is text.", "choose a YAML file") from None
        try:
            given = written.from_file(said, name=called or "the file")
            if replace:
                given = await action.replacing(outside, name, given)
            found = await action.draft(outside, name, given)
        except Problem as problem:
            values: dict[str, Any] = {"problem": problem, "found": None, "name": called}
            return self._room.render(request, "config_import.html", values, status=422)
        if agreed and not found.view.wrong:
            await action.save(outside, name, given)
            request.state.detail = called
            return _to("/config?told=saved", request)
        values = {"problem": None, "found": found, "text": said, "name": called, "replace": replace}
        return self._room.render(request, "config_import.html", values)

    async def _form(self, request: Request, given: Given, *, to: str) -> Form:
        outside, name = self._room.outside_of(request), self._room.installation
        before = await action.look(outside, name, version=to)
        found = await action.draft(outside, name, given, version=to)
        return drawn(found.view, found.changes, given, before=before, to=to)

    async def _given(self, request: Request) -> tuple[Given, str]:
        """What was posted, and for which release; empty for the one that runs."""
        posted = await _posted(request)
        to = posted.text("to") or ""
        view = await action.look(self._room.outside_of(request), self._room.installation, version=to)
        return read(posted, view.settings, origin=f"{visit_of(request).name} in the console"), to

    async def _named(self, request: Request) -> Setting:
        async with request.form() as form:
            name = str(form.get("name") or "")
        view = await action.look(self._room.outside_of(request), self._room.installation)
        found = next((one for one in view.settings if one.name == name), None)
        if found is None:
            raise Refusal(404, "not-asked", f"{view.version} does not ask for {name[:100]}.")
        request.state.detail = found.name
        return found

    async def _releases(self, request: Request) -> tuple[str, ...]:
        """What the form can be looked at for, as the last check found it."""
        found = await installations.find(self._room.outside_of(request), self._room.installation)
        return tuple(str(one["version"]) for one in found.get("status", "available", default=[]))

    async def _answer(self, request: Request, form: Form, *, status: int = 200) -> Response:
        live = request.headers.get("hx-request") == "true"
        told = request.query_params.get("told", "")
        values = {"form": form, "told": told, "live": live, "releases": await self._releases(request)}
        return self._room.render(request, PART if live else PAGE, values, status=status)


def _to(address: str, request: Request) -> Response:
    if request.headers.get("hx-request") == "true":
        return Response(headers={"HX-Redirect": address})
    return RedirectResponse(address, status_code=303)


def _download(content: bytes, disposition: str) -> Response:
    return Response(content, media_type="application/octet-stream", headers={"content-disposition": disposition})


async def _posted(request: Request) -> Posted:
    texts: dict[str, list[str]] = {}
    files: dict[str, Uploaded] = {}
    async with request.form(max_fields=MOST_FIELDS, max_files=_FILES) as form:
        for field, value in form.multi_items():
            if isinstance(value, str):
                texts.setdefault(field, []).append(value)
            else:
                name = (value.filename or "").replace("\\", "/").rpartition("/")[2]
                files[field] = Uploaded(name, await value.read())
    return Posted(texts, files)
