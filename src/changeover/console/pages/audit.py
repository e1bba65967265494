"""Audit: who did what, when, from where, with what result; to be searched, and taken along as JSON lines or CSV."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from changeover.actions import audit
from changeover.actions.audit import Entry
from changeover.console.access.refusal import Refusal
from changeover.console.room import Room

PER_PAGE = 100
_EXPORTS = {"jsonl": (audit.as_lines, "application/jsonl"), "csv": (audit.as_csv, "text/csv")}


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    page = Audit(room)
    return [
        Route("/audit", page.show, methods=["GET"]),
        Route("/audit/export.{kind}", page.export, methods=["GET"]),
    ]


class Audit:
    """The page and its exports."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """The newest entries first, a hundred a page."""
        words, result = (request.query_params.get(field, "")[:100] for field in ("words", "result"))
        asked = request.query_params.get("page", "1")
        log = await audit.entries(self._room.outside_of(request))
        found = [one for one in log if _fits(one, words.casefold(), result)]
        pages = max(1, -(-len(found) // PER_PAGE))
        page = min(int(asked), pages) if asked.isascii() and asked.isdigit() and 0 < len(asked) < 7 else 1
        page = max(page, 1)
        values = {
            "entries": found[(page - 1) * PER_PAGE : page * PER_PAGE],
            "count": len(found),
            "whole": len(log),
            "page": page,
            "pages": pages,
            "words": words,
            "result": result,
        }
        return self._room.render(request, "audit.html", values)

    async def export(self, request: Request) -> Response:
        """The whole log as a file."""
        kind = request.path_params["kind"]
        if kind not in _EXPORTS:
            raise Refusal(404, "no-such-export", "The log is exported as jsonl or csv.")
        as_text, media = _EXPORTS[kind]
        text = as_text(await audit.entries(self._room.outside_of(request)))
        return Response(text, media_type=media, headers={"content-disposition": f"attachment; filename=audit.{kind}"})


def _fits(entry: Entry, words: str, result: str) -> bool:
    text = f"{entry.who} {entry.what} {entry.detail} {entry.address}".casefold()
    return words in text and result in ("", entry.result)
