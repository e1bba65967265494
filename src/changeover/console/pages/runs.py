"""Runs: the list, and one run as it goes on: its track, what it waits for, what can be asked of it, its evidence."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from changeover.actions import account, control, history, runs_of
from changeover.actions.watching import Seen, Watching
from changeover.console import asking, track
from changeover.console.access.refusal import Refusal
from changeover.console.asking import Answer
from changeover.console.live import Live, moment
from changeover.console.room import Room
from changeover.evidence import report, words
from changeover.runs.state import Verdict


def routes(room: Room) -> list[Route]:
    """What belongs to these pages."""
    page = Runs(room)
    return [
        Route("/runs", page.every, methods=["GET"]),
        Route("/runs/{name}", page.show, methods=["GET"]),
        Route("/runs/{name}/events", page.events, methods=["GET"]),
        Route("/runs/{name}/evidence.{form}", page.evidence, methods=["GET"]),
        Route("/runs/{name}/ask", page.ask, methods=["POST"]),
        Route("/runs/{name}/go-on", page.go_on, methods=["POST"]),
    ]


class Runs:
    """The pages."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._watching = Watching(room.outside("console"), room.installation)
        self._live = Live(self._watching.look)

    async def every(self, request: Request) -> Response:
        """All runs, newest first."""
        outside = self._room.outside_of(request)
        told = await history.history(outside, self._room.installation)
        values = {"runs": list(reversed(told.runs)), "revisions": list(reversed(told.revisions))}
        return self._room.render(request, "runs.html", {**values, "running": told.running, "now": outside.clock.now()})

    async def show(self, request: Request) -> Response:
        """One run."""
        return self._room.render(request, "run.html", self._values(await self._seen(request)))

    async def events(self, request: Request) -> Response:
        """The run as it goes on (server-sent events)."""
        seen = await self._seen(request)
        last = request.headers.get("last-event-id", "") or request.query_params.get("last", "")
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}

        def draw(now: Seen) -> str:
            return self._room.render.text(request, "run_live.html", self._values(now))

        events = self._live.events(seen.name, last, draw)
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    async def evidence(self, request: Request) -> Response:
        """The evidence of the run, signed."""
        seen, form = await self._seen(request), request.path_params["form"]
        told = await account.account(self._room.outside_of(request), self._room.installation, seen.name)
        texts = {
            "json": lambda: report.as_json(told.evidence, told.signature),
            "html": lambda: report.as_html(told.evidence, told.signature),
            "md": lambda: report.as_markdown(told.evidence),
        }
        if form not in texts:
            raise Refusal(404, "no-form", "Evidence comes as json, md or html.")
        disposition = f"attachment; filename*=UTF-8''{quote(seen.name)}-evidence.{form}"
        headers = {"content-disposition": disposition}
        return Response(texts[form](), media_type="application/octet-stream", headers=headers)

    async def ask(self, request: Request) -> Response:
        """Ask something of the run: pause, resume, abort, answer."""
        seen = await self._seen(request)
        outside = self._room.outside_of(request)
        async with request.form(max_fields=5000, max_files=0) as form:
            do, reason, typed = (str(form.get(name) or "").strip() for name in ("do", "reason", "typed"))
            sessions = tuple(str(one) for one in form.getlist("session"))
            answer = Answer(str(form.get("choice") or ""), reason, sessions, typed)
        if do not in ("pause", "resume", "abort", "answer"):
            raise Refusal(422, "no-such-request", "A run can be asked to pause, resume, abort or take an answer.")
        more: dict[str, Any] = {"reason": reason} if reason else {}
        if do == "answer":
            try:
                asking.refuse(seen, answer)
            except Refusal as refusal:
                if not seen.state.question:
                    raise
                values = {**self._values(seen), "refusal": refusal, "answer": answer}
                return self._room.render(request, "run.html", values, status=refusal.status_code)
            more |= {"choice": answer.choice, "subjects": list(sessions)}
        run = await runs_of.named(outside, "", seen.name)
        await control.request(outside, run, do, **more)
        request.state.detail = f"{do} {answer.choice} {', '.join(sessions)}".strip()
        if do != "pause" and not (seen.holder or seen.ended):  # nobody would hear it
            self._room.executing.go_on(outside, seen.name)
        return RedirectResponse(f"/runs/{seen.name}", status_code=303)

    async def go_on(self, request: Request) -> Response:
        """Execute here a run that nobody executes."""
        seen = await self._seen(request)
        if seen.ended:
            raise Refusal(409, "ended", f"{seen.name} has ended.")
        self._room.executing.go_on(self._room.outside_of(request), seen.name)
        request.state.detail = "go on here"
        return RedirectResponse(f"/runs/{seen.name}", status_code=303)

    async def _seen(self, request: Request) -> Seen:
        return await self._watching.look(request.path_params["name"])

    def _values(self, seen: Seen) -> dict[str, Any]:
        question = seen.state.question
        return {
            "seen": seen,
            "moment": moment(seen),
            "plan": seen.plan,
            "evidence": seen.evidence,
            "short": report.short(seen.evidence),
            "headline": headline(seen),
            "lead": lead(seen),
            "rows": track.rows(seen),
            "question": question,
            "choices": asking.choices(seen) if question else (),
            "subjects": asking.subjects(seen),
            "refusal": None,
            "answer": Answer(""),
            "ours": self._room.executing.here(seen.name),
            "stopped": self._room.executing.stopped.get(seen.name),
            "duration": words.duration,
            "size": words.size,
        }


_KINDS = {"install": "Installing", "update": "Changing over to", "rollback": "Going back to", "configure": "Applying"}


def headline(seen: Seen) -> str:
    """How it stands, in a sentence."""
    plan, state = seen.plan, seen.state
    if state.verdict is Verdict.COMMITTED:
        return f"{plan.to_version} runs. {_saved(seen)}"
    if state.verdict is Verdict.ROLLED_BACK:
        return f"It failed and went back: {plan.from_version or 'nothing'} runs again. {_saved(seen)}"
    if state.question is not None:
        return asking.headline(seen)
    if state.way.value == "back":
        return f"Going back to {plan.from_version or 'what was before'}."
    now = next((row for row in track.rows(seen) if row.cls.startswith(("is-now", "is-held"))), None)
    return f"{now.title}." if now else f"{_KINDS.get(plan.kind, 'Changing to')} {plan.to_version}."


def lead(seen: Seen) -> str:
    """What matters beside it, in a sentence or two."""
    state = seen.state
    if seen.ended:
        closed = seen.evidence.gate_closed_seconds
        gate = f" The gate was closed for {words.duration(closed)}." if closed else ""
        return f"It took {words.duration(seen.evidence.seconds)}.{gate}"
    if state.question is not None:
        return asking.lead(seen)
    if state.paused:
        return "It is paused at a safe point. What is closed stays closed until it goes on."
    if seen.abandoned:
        return "Nobody executes it now. What is closed stays closed until it goes on."
    if state.way.value == "back":
        return state.turned_because
    return seen.plan.summary


def _saved(seen: Seen) -> str:
    sessions = seen.evidence.sessions
    if not sessions:
        return "Nobody lost anything." if seen.state.verdict is Verdict.COMMITTED else ""
    proven = sum(one.outcome == "proven" for one in sessions)
    return f"{proven} of {words.counted(len(sessions), 'session')} saved with proof."
