"""Update: one page per target with everything that there is to know before, and the button.

What is posted names the plan by its digest. The plan is made again: when it is another one, nothing begins, and the
page shows the new one. The same page serves going back to an earlier revision.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import approving, calendar, carrying, guiding, installations, prepare, runs_of
from changeover.actions.ask import Ask, Override
from changeover.actions.outside import Outside
from changeover.actions.prepare import Prepared
from changeover.console import marked
from changeover.console.access.permissions import OVERRIDES
from changeover.console.access.refusal import Refusal
from changeover.console.room import Room, visit_of
from changeover.errors import Problem
from changeover.evidence import words
from changeover.plan.model import Effect, ObjectChange, Plan, Severity
from changeover.plan.strategy import Parameters

STRATEGIES = {
    "window": ("Maintenance window", "Save and stop sessions, back up, change everything, check, open again."),
    "plain": ("Plain", "Apply in waves and wait. Sessions are not saved, and there is no backup."),
}
ORDER = (
    (Effect.FORBIDDEN, "bad", "Kubernetes or we refuse it"),
    (Effect.UNKNOWN, "unknown", "nobody can know beforehand"),
    (Effect.RECREATE_KEEPING_PODS, "warn", "recreated around their running pods"),
    (Effect.RECREATE, "warn", "deleted and made again"),
    (Effect.PRUNE, "warn", "removed"),
    (Effect.RESTART, "off", "restart their pods"),
    (Effect.PATCH, "off", "change in place"),
    (Effect.CREATE, "off", "new"),
    (Effect.KEEP, "ok", "stay, for they hold data"),
    (Effect.UNCHANGED, "off", "unchanged"),
)
CONFLICTS = {
    "take": "Take them over: they become what the release says",
    "keep": "Keep theirs: they stay as they are, now and with every later change",
    "stop": "Stop: nothing begins while there are such fields",
}
"""What to do about fields that others have set."""
_WISHED = ("strategy", "typed", "shown", "when", "at", "conflicts", "freezes", "why")
"""Fields by which a form says which plan was shown."""
_WAYS = {"instant": ("ok", "At once"), "restore": ("warn", "Restore"), "removal": ("ok", "Removal")}


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    page = Update(room)
    return [
        Route("/update/{version}", page.show, methods=["GET"]),
        Route("/update/{version}", page.go, methods=["POST"]),
        Route("/update/{version}/approve", page.approve, methods=["POST"]),
        Route("/update/{version}/acknowledge", page.acknowledge, methods=["POST"]),
        Route("/rollback/{number:int}", page.show, methods=["GET"]),
        Route("/rollback/{number:int}", page.go, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was chosen on the page."""

    strategy: str = ""
    typed: tuple[str, ...] = ()
    message: str = ""
    when: str = ""
    """``next``: the Installation's next window; ``at``: what `at` says; else at once."""
    at: str = ""
    """``2026-11-24T22:00``, UTC."""
    conflicts: str = "take"
    """One of `CONFLICTS`."""
    freezes: tuple[str, ...] = ()
    """Names of freezes in which it begins nevertheless, as typed."""
    why: str = ""

    @staticmethod
    def of(said: Mapping[str, str], *, message: str) -> Wish:
        """What fields of a form or an address say."""
        typed, freezes = (
            tuple(one.strip() for one in said.get(name, "").split(",") if one.strip()) for name in ("typed", "freezes")
        )
        return Wish(
            strategy=said.get("strategy", ""),
            typed=typed,
            message=message,
            when=said.get("when", ""),
            at=said.get("at", "")[:16],
            conflicts=said.get("conflicts") or "take",
            freezes=freezes,
            why=said.get("why", "")[:500].strip(),
        )

    @property
    def not_before(self) -> str:
        """RFC 3339; empty for at once and for the next window."""
        return f"{self.at}:00+00:00" if self.when == "at" and self.at else ""

    @property
    def query(self) -> str:
        """The same as an address has it."""
        said = {"strategy": self.strategy, "typed": ",".join(self.typed), "message": self.message}
        said |= {"when": self.when, "at": self.at, "conflicts": self.conflicts.removeprefix("take")}
        said |= {"freezes": ",".join(self.freezes), "why": self.why}
        return urlencode({name: value for name, value in said.items() if value})


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run can execute."""

    served: bool = False
    """This is the console in the cluster."""
    cluster: bool = False
    """A console in the cluster would carry it."""
    why_not: str = ""


class Update:
    """The page and its button."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """The plan, computed now."""
        query = request.query_params
        return await self._page(request, _wish(request, query, message=query.get("message", "")))

    async def go(self, request: Request) -> Response:
        """Begin exactly the plan that was shown."""
        async with request.form(max_fields=50, max_files=0) as form:
            said = {name: str(form.get(name) or "") for name in (*_WISHED, "message", "plan", "where")}
        shown = _wish(request, said, message=said["shown"])
        outside, target = self._room.outside_of(request), request.path_params
        prepared = await self._prepared(outside, target, shown)
        if prepared.plan.digest != said["plan"] or prepared.plan.blocked:
            return await self._page(request, shown, moved=prepared.plan.digest != said["plan"], status=409)
        if said["message"] != shown.message:  # the words for people are the only difference from what was read
            prepared = await self._prepared(outside, target, replace(shown, message=said["message"][:500]))
        if said["where"] == "cluster":
            name = await carrying.leave(outside, prepared)
        else:
            name = await self._room.executing.begin(outside, prepared)
        request.state.detail = f"{name}: {prepared.plan.digest}"
        return RedirectResponse(f"/runs/{name}", status_code=303)

    async def approve(self, request: Request) -> Response:
        """Say yes to exactly the plan that was shown."""
        async with request.form(max_fields=50, max_files=0) as form:
            said = {name: str(form.get(name) or "") for name in (*_WISHED, "plan", "reason")}
        shown = _wish(request, said, message=said["shown"])
        outside, target = self._room.outside_of(request), request.path_params
        prepared = await self._prepared(outside, target, shown)
        if prepared.plan.digest != said["plan"]:
            return await self._page(request, shown, moved=True, status=409)
        await approving.approve(outside, prepared, reason=said["reason"])
        request.state.detail = prepared.plan.digest
        return RedirectResponse(f"/update/{quote(target['version'], safe='')}?{shown.query}#go", status_code=303)

    async def acknowledge(self, request: Request) -> Response:
        """Keep that a note of the vendor was read."""
        async with request.form(max_fields=50, max_files=0) as form:
            said = {name: str(form.get(name) or "") for name in (*_WISHED, "note")}
        shown = _wish(request, said, message=said["shown"])
        outside, target = self._room.outside_of(request), request.path_params
        await guiding.acknowledge(outside, await self._prepared(outside, target, shown), [said["note"]])
        request.state.detail = f"{target['version']}: {said['note']}"
        return RedirectResponse(f"/update/{quote(target['version'], safe='')}?{shown.query}#guides", status_code=303)

    async def _page(self, request: Request, wish: Wish, *, moved: bool = False, status: int = 200) -> Response:
        outside, target = self._room.outside_of(request), request.path_params
        chosen = await self._prepared(outside, target, wish)
        others = [name for name in STRATEGIES if name != chosen.plan.strategy]
        made = await asyncio.gather(*(self._other(outside, target, replace(wish, strategy=name)) for name in others))
        plan = chosen.plan
        values = {
            "plan": plan,
            "wish": wish,
            "moved": moved,
            "begins": chosen.intent.parameters.not_before,
            "ends": chosen.intent.parameters.not_after,
            "window": next(iter(calendar.view(outside, chosen.installation).upcoming), None),
            "headline": _headline(plan),
            "by_effect": grouped(plan),
            "counts": Counter(change.effect for change in plan.changes),
            "guides": [(one, marked.html(one.note.guide.text)) for one in chosen.guides.told if one.concerns],
            "elsewhere": [one for one in chosen.guides.told if not one.concerns],
            "findings": _findings(plan),
            "report": [one for one in chosen.report if one.fate.value != "kept"],
            "kept": sum(one.fate.value == "kept" for one in chosen.report),
            "conflicts": CONFLICTS if _has_conflicts(plan, wish) else {},
            "strategies": [
                strategy(plan, chosen=True),
                *(strategy(one) if isinstance(one, Plan) else refused(*one) for one in made),
            ],
            "rollback": [(*_WAYS.get(str(row.get("way")), ("bad", "Forward only")), row) for row in _truth(plan)],
            "run": await self._run(outside),
            "approval": await approving.standing(outside, chosen.installation, plan),
            "places": await self._places(outside, chosen),
            "duration": words.duration,
            "data": [change for change in plan.changes if change.holds_data],
            "back_to": target.get("number"),
            "frozen": any(one.reference in ("frozen", "freeze-overridden") for one in plan.findings),
        }
        return self._room.render(request, "update.html", values, status=status)

    async def _places(self, outside: Outside, prepared: Prepared) -> Places:
        """Where it can execute: a console in the cluster carries a run better than this computer does."""
        if self._room.executing.carries:
            return Places(served=True)
        try:
            await carrying.refuse(outside, prepared)
        except Problem as problem:
            return Places(why_not=f"{problem.message} {problem.hint}".strip())
        return Places(cluster=True)

    async def _run(self, outside: Outside) -> str:
        followed = await installations.find(outside, self._room.installation)
        run = await runs_of.under_way(outside, followed.name)
        return run.name if run else ""

    async def _other(self, outside: Outside, target: Mapping[str, Any], wish: Wish) -> Plan | tuple[str, str]:
        try:
            return (await self._prepared(outside, target, wish)).plan
        except Problem as problem:
            return wish.strategy, problem.message

    async def _prepared(self, outside: Outside, target: Mapping[str, Any], wish: Wish) -> Prepared:
        if wish.strategy and wish.strategy not in STRATEGIES:
            raise Refusal(422, "no-strategy", f"There is no strategy {wish.strategy[:40]}.", ", ".join(STRATEGIES))
        if wish.conflicts not in CONFLICTS:
            raise Refusal(422, "no-choice", f"Conflicts cannot be {wish.conflicts[:40]}.", ", ".join(CONFLICTS))
        ask = Ask(
            kind="rollback" if "number" in target else "update",
            version=str(target.get("version", "")),
            revision=int(target.get("number", 0)),
            strategy=wish.strategy,
            next_window=wish.when == "next",
            parameters=Parameters(message=wish.message, not_before=wish.not_before, conflicts=wish.conflicts),
            accept_data_loss=frozenset(wish.typed),
            override=Override(frozenset(wish.freezes), wish.why),
        )
        followed = await installations.find(outside, self._room.installation)
        return await prepare.prepare(outside, followed, ask)


def _wish(request: Request, said: Mapping[str, str], *, message: str) -> Wish:
    """What was chosen. Raises Refusal for a freeze that somebody may not override."""
    wish = Wish.of(said, message=message)
    if wish.freezes and visit_of(request).account.role < OVERRIDES:
        raise Refusal(403, "role-too-small", f"To override a freeze takes the role {OVERRIDES.word}.")
    return wish


def grouped(plan: Plan) -> list[tuple[str, str, str, list[ObjectChange]]]:
    """Objects by what happens to them: (effect, kind of state, words, objects), those that matter most first."""
    found = []
    for effect, state, text in ORDER:
        changes = [change for change in plan.changes if change.effect is effect]
        if changes:
            found.append((effect.value, state, text, changes))
    return found


def strategy(plan: Plan, *, chosen: bool = False) -> dict[str, Any]:
    """A strategy beside the others: what it costs."""
    word, text = STRATEGIES[plan.strategy]
    away, facts = plan.facts.get("expectedDowntimeSeconds"), plan.facts
    first: Mapping[str, Any] = next(iter(_truth(plan)), {})
    restarts = int(facts.get("podsRestarting") or 0)
    rows = [
        ("Without service", words.duration(away) if away else "0 s", _longest(facts.get("withoutReadyPod") or {})),
        (
            "Takes",
            words.duration(facts.get("expectedSeconds") or 0),
            words.counted(restarts, "pod") + (" restarts" if restarts == 1 else " restart"),
        ),
        ("Way back", words.duration(facts.get("rollbackSeconds") or 0), "by itself" if first.get("automatic") else ""),
        ("Steps", str(len(plan.steps.forward)), ""),
    ]
    blocked = next((one.message for one in plan.findings if one.severity is Severity.BLOCKS), "")
    return {"name": plan.strategy, "word": word, "text": text, "rows": rows, "off": blocked, "chosen": chosen}


def _longest(without: Mapping[str, float]) -> str:
    """Which workload has no ready pod the longest."""
    name = next(iter(without), "")
    more = f" and {len(without) - 1} more" if len(without) > 1 else ""
    return f"{name}{more}" if name else "a ready pod is always there"


def refused(name: str, why: str) -> dict[str, Any]:
    """A strategy that is impossible here, with its reason."""
    return {"name": name, "word": STRATEGIES[name][0], "text": why, "rows": [], "off": why, "chosen": False}


def _truth(plan: Plan) -> list[Mapping[str, Any]]:
    return list(plan.facts.get("rollback") or ())


def _findings(plan: Plan) -> list[Any]:
    order = {Severity.BLOCKS: 0, Severity.WARNS: 1, Severity.NOTES: 2}
    others = (one for one in plan.findings if one.reference not in guiding.SHOWN)
    return sorted(others, key=lambda one: order[one.severity])


def _has_conflicts(plan: Plan, wish: Wish) -> bool:
    """Whether there is anything to choose: fields that others have set, or a choice that was made already."""
    return wish.conflicts != "take" or any(one.reference == "field-conflict" for one in plan.findings)


def _headline(plan: Plan) -> str:
    blocking = sum(one.severity is Severity.BLOCKS for one in plan.findings)
    if blocking:
        return f"{plan.to_version} cannot run yet: {words.counted(blocking, 'thing')} in the way."
    warns = sum(one.severity is Severity.WARNS for one in plan.findings)
    away = plan.facts.get("expectedDowntimeSeconds")
    cost = f"about {words.duration(away)} without service" if away else "nobody should notice"
    read = f"; {words.counted(warns, 'finding')} to read first" if warns else ""
    back = "Going back to " if plan.kind == "rollback" else ""
    return f"{back}{plan.to_version} can run now: {cost}{read}."
