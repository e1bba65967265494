"""Tell a run from its journal alone: the same records always give the same evidence. Pure.

* A step's time is from its first ``begun`` to its last ``done`` or ``failed``; being begun again shows.
* The gate is closed from the first ``done`` of a close-gate step to the last ``done`` of an open-gate step.
* Sessions are the drain step's notes whose key begins with ``session:``; the last word on a session counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from changeover.evidence import predicted
from changeover.evidence.measured import measured
from changeover.evidence.model import Evidence, SessionAccount, StepAccount
from changeover.plan import forms
from changeover.plan.model import Plan
from changeover.plan.steps import Step, Verb
from changeover.runs.state import Record, RunState, fold


@dataclass(frozen=True, slots=True)
class Whose:
    """What the journal does not say: whose run it was, and where."""

    run: str
    installation: str
    namespace: str
    cluster_uid: str
    acknowledged: tuple[Mapping[str, Any], ...] = ()
    overrides: tuple[Mapping[str, Any], ...] = ()


def tell(records: Sequence[Record], plan: Plan, whose: Whose) -> Evidence:
    """The evidence of a run, from its records and its plan."""
    state = fold(records)
    steps = {step.id: step for step in (*plan.steps.forward, *plan.steps.back)}
    began, ended = _ends(records)
    return Evidence(
        run=whose.run,
        kind=plan.kind,
        strategy=plan.strategy,
        installation=whose.installation,
        namespace=whose.namespace,
        cluster_uid=whose.cluster_uid,
        from_version=plan.from_version,
        to_version=plan.to_version,
        plan_digest=plan.digest,
        verdict=_verdict(state),
        reason=state.turned_because,
        began=began,
        ended=ended,
        seconds=_between(began, ended) or 0.0,
        gate_closed_seconds=_gate_closed(records, steps),
        holders=tuple(dict.fromkeys(str(record["by"]) for record in records if record.get("by"))),
        versions=tuple(dict.fromkeys(forms.version_in(made) for made in state.made)),
        summary=plan.summary,
        classes=dict(sorted(Counter(change.effect.value for change in plan.changes).items())),
        steps=tuple(_steps(records, steps, plan)),
        sessions=tuple(_sessions(state, steps)),
        backups=tuple(state.done[step.id] for step in steps.values() if _is_done(step, Verb.BACK_UP, state)),
        answers=state.answers,
        acknowledged=whose.acknowledged,
        overrides=whose.overrides,
        predictions=predicted.compare(plan, state, records),
        measured=measured(records, plan),
        captured=(*_logs(state, steps), *(one["data"] for one in records if one["event"] == "captured")),
    )


def _logs(state: RunState, steps: Mapping[str, Step]) -> Iterable[Mapping[str, Any]]:
    """What installers and hooks that failed said; their Jobs may be gone."""
    for step in steps.values():
        log = state.notes.get(step.id, {}).get("log")
        if log:
            yield {"title": f"{step.title}: its log", "text": str(log)}


def _verdict(state: RunState) -> str:
    if state.verdict:
        return state.verdict.value
    return "held" if state.question is not None else "under way"


def _is_done(step: Step, verb: Verb, state: RunState) -> bool:
    return step.verb is verb and step.id in state.done


def _ends(records: Sequence[Record]) -> tuple[str, str]:
    times = [str(record["at"]) for record in records if record.get("at")]
    return (times[0], times[-1]) if times else ("", "")


def _between(began: str, ended: str) -> float | None:
    if not (began and ended):
        return None
    return round((datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds(), 3)


def _steps(records: Iterable[Record], steps: Mapping[str, Step], plan: Plan) -> Iterable[StepAccount]:
    back = {step.id for step in plan.steps.back}
    accounts: dict[str, StepAccount] = {}
    for record in records:
        step = steps.get(record.get("step", ""))
        if step is None or record["event"] not in {"begun", "done", "failed"}:
            continue
        accounts[step.id] = _account(accounts.get(step.id), step, record, way="back" if step.id in back else "forward")
    return accounts.values()


def _account(before: StepAccount | None, step: Step, record: Record, *, way: str) -> StepAccount:
    at = str(record["at"])
    if record["event"] == "begun":
        if before:
            return replace(before, times=before.times + 1, outcome="cut off", ended="", seconds=None, problem=None)
        return StepAccount(step.id, step.title, step.phase.value, way, at, "", None, "cut off")
    began = before.began if before else at
    return StepAccount(
        id=step.id,
        title=step.title,
        phase=step.phase.value,
        way=way,
        began=began,
        ended=at,
        seconds=_between(began, at),
        outcome=record["event"],
        problem=record.get("problem"),
        times=before.times if before else 1,
    )


def _gate_closed(records: Iterable[Record], steps: Mapping[str, Step]) -> float | None:
    closed = opened = ""
    for record in records:
        step = steps.get(record.get("step", ""))
        if step is None or record["event"] != "done":
            continue
        if step.verb is Verb.CLOSE_GATE and not closed:
            closed = str(record["at"])
        if step.verb is Verb.OPEN_GATE:
            opened = str(record["at"])
    return _between(closed, opened)


def _sessions(state: RunState, steps: Mapping[str, Step]) -> Iterable[SessionAccount]:
    for step in steps.values():
        if step.verb is not Verb.DRAIN:
            continue
        for key, data in sorted(state.notes.get(step.id, {}).items()):
            kind, _, name = key.partition(":")
            if kind == "session" and isinstance(data, Mapping):
                yield _session(name, data)


def _session(name: str, data: Mapping[str, Any]) -> SessionAccount:
    return SessionAccount(
        name=name,
        owner=str(data.get("owner", "")),
        outcome=str(data.get("outcome", "unproven")),
        reason=str(data.get("reason", "")),
        bytes=int(data.get("bytes") or 0),
        sha256=str(data.get("sha256", "")),
        finished_at=str(data.get("finishedAt", "")),
    )
