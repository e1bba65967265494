"""Operations that look: nothing changes by them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from changeover.actions import (
    account,
    audit,
    calendar,
    config,
    fit,
    history,
    installations,
    prepare,
    releases,
    sessions,
    status,
)
from changeover.actions.accounts import Role
from changeover.actions.ask import Ask, Override
from changeover.actions.prepare import Prepared
from changeover.actions.watching import Seen, Watching
from changeover.console.access.permissions import OVERRIDES
from changeover.console.access.refusal import Refusal
from changeover.console.api import asks, shapes
from changeover.console.api.operation import Call, Operation
from changeover.console.room import visit_of
from changeover.evidence import report
from changeover.plan.record import plan_as_json
from changeover.plan.strategy import Parameters


async def _status(call: Call) -> object:
    return await status.status(call.outside, call.installation)


async def _releases(call: Call) -> object:
    return await releases.releases(call.outside, call.installation)


async def prepared(call: Call, *, message: str = "") -> Prepared:
    """The change that was asked for, against the cluster as it is now."""
    asked: asks.PlanAsked = call.asked
    if asked.override and visit_of(call.request).account.role < OVERRIDES:
        raise Refusal(403, "role-too-small", f"To override a freeze takes the role {OVERRIDES.word}.")
    ask = Ask(
        kind="rollback" if asked.revision else "update",
        version=asked.to,
        revision=asked.revision,
        strategy=asked.strategy,
        next_window=asked.at == "next",
        parameters=Parameters(
            message=message, conflicts=asked.conflicts, not_before="" if asked.at == "next" else asked.at
        ),
        override=Override(frozenset(asked.override), asked.override_reason),
        accept_data_loss=frozenset(asked.accept),
        acknowledged=frozenset(asked.acknowledge),
    )
    outside = call.outside
    return await prepare.prepare(outside, await installations.find(outside, call.installation), ask)


async def _plan(call: Call) -> object:
    return plan_as_json((await prepared(call)).plan)


async def _history(call: Call) -> object:
    return await history.history(call.outside, call.installation)


async def seen(call: Call) -> Seen:
    """The run that the path names. Raises NoRun."""
    return await Watching(call.outside, call.installation).look(call.request.path_params["name"])


async def _run(call: Call) -> object:
    found = await seen(call)
    state = found.state
    return {
        "name": found.name,
        "by": found.by,
        "kind": found.plan.kind,
        "strategy": found.plan.strategy,
        "from_version": found.plan.from_version,
        "to_version": found.plan.to_version,
        "way": state.way.value,
        "verdict": state.verdict.value if state.verdict else None,
        "paused": state.paused,
        "waiting_for": found.waiting_for,
        "holder": found.holder,
        "question": state.question,
        "evidence": found.evidence.as_json(),
    }


async def _evidence(call: Call) -> object:
    name = (await seen(call)).name
    told = await account.account(call.outside, call.installation, name)
    document: dict[str, Any] = json.loads(report.as_json(told.evidence, told.signature))
    return document


async def _sessions(call: Call) -> object:
    return await sessions.every(call.outside, call.installation)


async def _windows(call: Call) -> object:
    return (await calendar.show(call.outside, call.installation)).as_json()


async def _fit(call: Call) -> object:
    found = await fit.look(call.outside, call.installation)
    return found.as_json() if found else {}


async def _config(call: Call) -> object:
    view = await config.look(call.outside, call.installation, version=call.asked.to)
    return await asyncio.to_thread(view.as_json, reveal=False)


async def _audit(call: Call) -> object:
    return (await audit.entries(call.outside))[: call.asked.most]


OPERATIONS = (
    Operation("GET", "/status", "status", "What runs, is it healthy, what is new", shapes.Status, _status),
    Operation("GET", "/releases", "releases", "Releases and the way to the newest", shapes.Releases, _releases),
    Operation("GET", "/plan", "plan", "What would happen to every object", shapes.Plan, _plan, asks.PlanAsked),
    Operation("GET", "/runs", "history", "Revisions and runs", shapes.History, _history),
    Operation("GET", "/runs/{name}", "run", "One run as it stands", shapes.Run, _run),
    Operation("GET", "/runs/{name}/evidence", "evidence", "Its evidence, signed", shapes.SignedEvidence, _evidence),
    Operation("GET", "/sessions", "sessions", "Who works now", shapes.Sessions, _sessions),
    Operation("GET", "/windows", "windows", "When runs may happen", shapes.Calendar, _windows),
    Operation("GET", "/windows/fit", "fit", "Whether the newest release fits the windows", shapes.Fit, _fit),
    Operation("GET", "/config", "config", "Questions and answers", shapes.Config, _config, asks.ConfigAsked),
    Operation("GET", "/audit", "audit", "Who did what", shapes.AuditEntries, _audit, asks.AuditAsked, role=Role.ADMIN),
)
