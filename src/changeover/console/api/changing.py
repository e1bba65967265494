"""Operations that change something, or begin what will; each is an entry of the audit log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from changeover.actions import calendar, carrying, config, control, preflight, releases, runs_of, sessions
from changeover.actions.accounts import Role
from changeover.actions.checking import How
from changeover.checks.consent import Consent
from changeover.console.access.refusal import Refusal
from changeover.console.api import asks, looking, shapes
from changeover.console.api.operation import Call, Operation
from changeover.package.answers import Given
from changeover.runs.freezes import Freeze


async def _check(call: Call) -> object:
    return await releases.check(call.outside, call.installation)


async def _begin(call: Call) -> object:
    asked: asks.RunAsked = call.asked
    change = await looking.prepared(call)
    if change.plan.digest != asked.plan:
        raise Refusal(409, "plan-moved", f"The plan is {change.plan.digest} now.", "read it again: GET /api/v1/plan")
    if change.plan.blocked:
        raise Refusal(409, "plan-blocked", "Something is in the way of this plan.", "its findings say what")
    if asked.message:
        change = await looking.prepared(call, message=asked.message)
    if asked.where == "cluster":
        name = await carrying.leave(call.outside, change)
    else:
        name = await call.room.executing.begin(call.outside, change)
    call.note(f"{name}: {change.plan.digest}")
    return {"run": name}


async def _ask(call: Call) -> object:
    asked: asks.RequestAsked = call.asked
    found, outside = await looking.seen(call), call.outside
    more: dict[str, Any] = {"reason": asked.reason} if asked.reason else {}
    if asked.do == "answer":
        offered = (found.state.question or {}).get("choices", ())
        if asked.choice not in offered:
            raise Refusal(409, "not-offered", "Choose one of the ways that the run offers.", ", ".join(offered))
        if asked.choice == "waive" and not (asked.sessions and asked.reason):
            raise Refusal(409, "reason-missing", "To go on without proof, name each session and say why.")
        more |= {"choice": asked.choice, "subjects": asked.sessions}
    await control.request(outside, await runs_of.named(outside, "", found.name), asked.do, **more)
    call.note(f"{asked.do} {asked.choice}".strip())
    if asked.do != "pause" and not (found.holder or found.ended):  # nobody would hear it
        call.room.executing.go_on(outside, found.name)
    return {"done": asked.do}


async def _gate(call: Call) -> object:
    asked: asks.GateAsked = call.asked
    if asked.do == "close":
        await sessions.close(call.outside, call.installation, asked.message)
    else:
        await sessions.open_(call.outside, call.installation)
    call.note(f"{asked.do} the gate")
    return {"done": asked.do}


async def _add_window(call: Call) -> object:
    asked: asks.WindowAsked = call.asked
    call.note(asked.window)
    return (await calendar.add_window(call.outside, call.installation, asked.window, instead=asked.instead)).as_json()


async def _remove_window(call: Call) -> object:
    call.note(call.asked.window)
    return (await calendar.remove_window(call.outside, call.installation, call.asked.window)).as_json()


async def _add_freeze(call: Call) -> object:
    asked: asks.FreezeAsked = call.asked
    call.note(asked.name)
    wanted = Freeze(**asked.model_dump(exclude={"instead"}))
    return (await calendar.add_freeze(call.outside, call.installation, wanted, instead=asked.instead)).as_json()


async def _remove_freeze(call: Call) -> object:
    name = call.request.path_params["name"]
    call.note(name)
    return (await calendar.remove_freeze(call.outside, call.installation, name)).as_json()


async def _stop(call: Call) -> object:
    call.note(f"{len(call.asked.names)} sessions")
    return await sessions.stop(call.outside, call.installation, call.asked.names)


async def _answer(call: Call) -> object:
    asked: asks.AnswersAsked = call.asked
    given = {name: value for name, value in asked.values.items() if value is not None}
    back = frozenset(asked.values) - given.keys()
    origins = dict.fromkeys(given, f"the API, by {call.outside.person}")
    layer = Given(given, origins, strict=frozenset(given), removed=back)
    draft = await config.draft(call.outside, call.installation, layer)
    if wrong := [one for one in draft.view.wrong if one.name in asked.values]:
        why = "; ".join(f"{one.name}: {', '.join(one.errors) or 'an answer is required'}" for one in wrong)
        raise Refusal(409, "bad-answers", why, "nothing was saved")
    call.note(", ".join(sorted(asked.values)))
    return await config.save(call.outside, call.installation, layer)


async def _forget(call: Call) -> object:
    names = await config.forget(call.outside, call.installation)
    call.note(", ".join(names))
    return names


async def _preflight(call: Call) -> object:
    asked: asks.PreflightAsked = call.asked
    offered = frozenset(Consent) - {Consent.HOST}
    if set(asked.allow) - offered:
        raise Refusal(409, "no-such-class", f"What can be allowed is {', '.join(sorted(offered))}.")
    allowed = frozenset(Consent(one) for one in asked.allow)
    wanted = preflight.Wanted(release=asked.release, installation=call.installation)
    checked = await preflight.preflight(call.outside, wanted, How(allowed), agree=lambda _: allowed)
    call.note(f"{asked.release or 'newest'}: {checked.verdict}")
    return checked.as_json()


_ROW = replace(
    Operation("POST", "/releases/check", "check", "Check for an update", shapes.Releases, _check), role=Role.OPERATOR
)
_RULES = replace(_ROW, role=Role.ADMIN, answer=shapes.Calendar)
OPERATIONS = (
    _ROW,
    replace(
        _ROW,
        path="/runs",
        name="begin",
        summary="Begin exactly the plan that was read",
        answer=shapes.Begun,
        act=_begin,
        asks=asks.RunAsked,
        status=201,
    ),
    replace(
        _ROW,
        path="/runs/{name}/requests",
        name="ask",
        summary="Pause, resume, abort, or answer its question",
        answer=shapes.Noted,
        act=_ask,
        asks=asks.RequestAsked,
        status=202,
    ),
    replace(
        _ROW,
        path="/gate",
        name="gate",
        summary="Close or open the gate",
        answer=shapes.Noted,
        act=_gate,
        asks=asks.GateAsked,
    ),
    replace(
        _ROW,
        path="/sessions/stop",
        name="stop",
        summary="Save and stop sessions; answers when each has its outcome",
        answer=shapes.StoppedSessions,
        act=_stop,
        asks=asks.StopAsked,
    ),
    replace(
        _ROW,
        method="PATCH",
        path="/config",
        name="answer",
        summary="Save answers for the next change",
        answer=shapes.Differences,
        act=_answer,
        asks=asks.AnswersAsked,
    ),
    replace(
        _ROW,
        method="DELETE",
        path="/config",
        name="forget",
        summary="Forget what was saved for the next change",
        answer=shapes.Names,
        act=_forget,
    ),
    replace(
        _ROW,
        path="/preflight",
        name="preflight",
        summary="Make the preflight checks of a release",
        answer=shapes.Checked,
        act=_preflight,
        asks=asks.PreflightAsked,
    ),
    replace(
        _RULES,
        path="/windows",
        name="addWindow",
        summary="Add a window, or put it in another's place",
        act=_add_window,
        asks=asks.WindowAsked,
    ),
    replace(
        _RULES,
        method="DELETE",
        path="/windows",
        name="removeWindow",
        summary="Remove a window",
        act=_remove_window,
        asks=asks.WindowNamed,
    ),
    replace(
        _RULES,
        path="/freezes",
        name="addFreeze",
        summary="Set a freeze, or put it in another's place",
        act=_add_freeze,
        asks=asks.FreezeAsked,
    ),
    replace(
        _RULES,
        method="DELETE",
        path="/freezes/{name}",
        name="removeFreeze",
        summary="Remove a freeze",
        act=_remove_freeze,
    ),
)
