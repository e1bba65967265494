"""Preflight and Troubleshoot: what a release's checks say of this cluster, and one file for somebody who helps.

The last result of each stays in this process until the next one: it is redacted, and checking again takes a minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import preflight, releases, support_bundle
from changeover.actions.checking import Checked, How
from changeover.actions.support_bundle import Packed
from changeover.checks.consent import WORDS, Consent
from changeover.console.access.refusal import Refusal
from changeover.console.room import Room, visit_of
from changeover.errors import Problem
from changeover.evidence import words

OFFERED = tuple(one for one in Consent if one is not Consent.HOST)
LISTED = 400
"""Files of a bundle that the page lists."""


def routes(room: Room) -> list[Route]:
    """What belongs to these pages."""
    page = Checks(room)
    return [
        Route("/preflight", page.show_preflight, methods=["GET"]),
        Route("/preflight", page.check, methods=["POST"]),
        Route("/troubleshoot", page.show_bundle, methods=["GET"]),
        Route("/troubleshoot", page.collect, methods=["POST"]),
        Route("/troubleshoot/bundle", page.download, methods=["GET"]),
    ]


@dataclass(frozen=True, slots=True)
class Last:
    """A result that is shown until the next one."""

    checked: Checked
    at: datetime
    by: str
    allowed: frozenset[Consent]
    asked: Mapping[Consent, Sequence[str]]
    """What collectors would have needed beyond what was allowed, with their titles."""
    release: str = ""
    packed: Packed | None = None


class Checks:
    """The pages."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._alone = asyncio.Lock()
        self._preflight: Last | None = None
        self._bundle: Last | None = None

    async def show_preflight(self, request: Request) -> Response:
        """The last preflight, and the form for the next."""
        return await self._preflight_page(request, request.query_params.get("release", ""))

    async def check(self, request: Request) -> Response:
        """Run the preflights of a release."""
        release, allowed = await _asked(request)
        outside, asked = self._room.outside_of(request), _Asked(allowed)
        wanted = preflight.Wanted(release=release, installation=self._room.installation)
        try:
            async with self._alone:
                checked = await preflight.preflight(outside, wanted, How(allowed), agree=asked)
        except Problem as problem:
            return await self._preflight_page(request, release, problem=problem)
        self._preflight = Last(
            checked, outside.clock.now(), visit_of(request).name, allowed, asked.classes, release=release
        )
        request.state.detail = f"{release or 'newest'}: {checked.verdict}, allowed {', '.join(sorted(allowed)) or '-'}"
        return RedirectResponse(f"/preflight?release={quote(release)}", status_code=303)

    async def show_bundle(self, request: Request) -> Response:
        """The last bundle: what it says, what is in it."""
        return self._bundle_page(request)

    async def collect(self, request: Request) -> Response:
        """Collect and judge; nothing is sent anywhere."""
        _, allowed = await _asked(request)
        outside, asked = self._room.outside_of(request), _Asked(allowed)
        wanted = support_bundle.Wanted(installation=self._room.installation)
        try:
            async with self._alone:
                made = await support_bundle.support_bundle(outside, wanted, How(allowed), agree=asked)
        except Problem as problem:
            return self._bundle_page(request, problem=problem)
        at, by = outside.clock.now(), visit_of(request).name
        self._bundle = Last(made.checked, at, by, allowed, asked.classes, packed=made)
        request.state.detail = f"{made.file}, allowed {', '.join(sorted(allowed)) or '-'}"
        return RedirectResponse("/troubleshoot", status_code=303)

    async def download(self, _: Request) -> Response:
        """The last bundle as one file, redacted."""
        packed = self._bundle.packed if self._bundle else None
        if packed is None:
            raise Refusal(404, "no-bundle", "No bundle was collected yet.", "Collect one in Troubleshoot.")
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(packed.file)}"}
        return Response(packed.content, media_type="application/octet-stream", headers=headers)

    async def _preflight_page(self, request: Request, release: str, *, problem: Problem | None = None) -> Response:
        outside = self._room.outside_of(request)
        found: releases.Found | None = None
        try:
            found = await releases.releases(outside, self._room.installation)
        except Problem as unread:
            problem = problem or unread
        offered = [one.version for one in reversed(found.all)] if found else []
        release = release or (offered[0] if offered else "")
        last = self._preflight if self._preflight and self._preflight.release == release else None
        values = {"offered": offered, "release": release, **self._values(request, last, problem)}
        return self._room.render(request, "preflight.html", values, status=409 if problem else 200)

    def _bundle_page(self, request: Request, *, problem: Problem | None = None) -> Response:
        last = self._bundle
        files = sorted(last.checked.collected.files.items()) if last else []
        packed = last.packed if last else None
        values = {
            "files": [(path, words.size(len(content))) for path, content in files[:LISTED]],
            "more": max(0, len(files) - LISTED),
            "count": len(files),
            "file": packed.file if packed else "",
            "size": words.size(len(packed.content)) if packed else "",
            **self._values(request, last, problem),
        }
        return self._room.render(request, "troubleshoot.html", values, status=409 if problem else 200)

    def _values(self, request: Request, last: Last | None, problem: Problem | None) -> dict[str, Any]:
        judged = last.checked.judged if last else ()
        return {
            "last": last,
            "problem": problem,
            "verdicts": [(verdict, [one for one in judged if one.verdict == verdict]) for verdict in _VERDICTS],
            "headline": headline(last.checked) if last else "",
            "left_out": [one for one in last.checked.collected.fetched if one.state != "done"] if last else [],
            "classes": [(one, WORDS[one], last.asked.get(one, ()) if last else ()) for one in OFFERED],
            "now": self._room.outside_of(request).clock.now(),
            "duration": words.duration,
        }


_VERDICTS = ("fail", "unknown", "warn", "pass")


class _Asked:
    """Agrees to what the form allowed, and keeps what was asked for beyond it."""

    def __init__(self, allowed: frozenset[Consent]) -> None:
        self._allowed = allowed
        self.classes: Mapping[Consent, Sequence[str]] = {}

    def __call__(self, asked: Mapping[Consent, Sequence[str]]) -> frozenset[Consent]:
        self.classes = asked
        return self._allowed


def headline(checked: Checked) -> str:
    """The answer in a sentence; what got no answer is never called fine."""
    count = {verdict: sum(one.verdict == verdict for one in checked.judged) for verdict in _VERDICTS}
    if not checked.judged:
        return "The package has no rules of its own: nothing was judged."
    if count["fail"]:
        return f"{words.counted(count['fail'], 'check')} {'fails' if count['fail'] == 1 else 'fail'}."
    if count["unknown"]:
        return f"{words.counted(count['unknown'], 'check')} got no answer."
    if count["warn"]:
        return f"Nothing fails; {words.counted(count['warn'], 'check')} {'warns' if count['warn'] == 1 else 'warn'}."
    return "Everything that was checked is fine."


async def _asked(request: Request) -> tuple[str, frozenset[Consent]]:
    async with request.form(max_fields=20, max_files=0) as form:
        release = str(form.get("release") or "")
        named = {str(one) for one in form.getlist("allow")}
    if named - set(OFFERED):
        raise Refusal(422, "no-such-class", f"What can be allowed is {', '.join(OFFERED)}.")
    return release, frozenset(Consent(one) for one in named)
