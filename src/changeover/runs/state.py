"""The state of a run is a fold over its journal. Pure: no clock, no cluster.

A record is one JSON object: ``{"event": ..., "at": RFC 3339, "by": holder, ...}``. Events:

* ``opened`` plan digest, kind, strategy; ``taken`` another holder goes on; both say by which form and version (`made`)
* ``begun``/``done``/``failed`` of one ``step`` (``done`` carries the step's ``data``, ``failed`` the problem as JSON)
* ``noted`` something a step must not forget before it goes on (``step``, ``key``, ``data``): receipts, pre-images, uids
* ``turned`` from the way forward to the way back, with the reason (a failure or an abort)
* ``asked``/``answered`` a held run's question and the person's choice (failed steps are then tried again)
* ``paused``/``resumed``/``aborted`` what a person asked for; ``captured`` logs and events of what was unhealthy
* ``watched`` how long workloads had too few ready pods in a stretch of time (`runs/availability.py`)
* ``ended`` with ``verdict`` committed | rolled back | held (a held run may go on after an answer)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

Record = Mapping[str, Any]
AGAIN = "again"
"""Note of a step that failed and is tried again."""


class Way(StrEnum):
    """In which direction the run goes."""

    FORWARD = "forward"
    BACK = "back"


class Verdict(StrEnum):
    """How a run ended."""

    COMMITTED = "committed"
    ROLLED_BACK = "rolled back"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class RunState:
    """One run. Never edited: each record makes a new value, and the journal keeps them all."""

    plan_digest: str = ""
    way: Way = Way.FORWARD
    turned_because: str = ""
    begun: tuple[str, ...] = ()
    done: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    notes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """step id -> key -> data"""
    paused: bool = False
    aborted: str = ""
    """Who asked to go back, and why."""
    question: Mapping[str, Any] | None = None
    answers: tuple[Mapping[str, Any], ...] = ()
    verdict: Verdict | None = None
    requests: frozenset[str] = frozenset()
    """Ids of the requests that were heard."""
    times: tuple[str, str] = ("", "")
    """First and last record's time."""
    records: int = 0
    made: tuple[str, ...] = ()
    """Marks of the versions that carried it (`plan.forms`), in order."""
    unknown: tuple[str, ...] = ()
    """Events that we do not know."""


def fold(records: Iterable[Record], state: RunState | None = None) -> RunState:
    """Replay records onto a state; the same records always give the same state."""
    state = state or RunState()
    for record in records:
        state = _after(state, record)
    return state


def _after(state: RunState, record: Record) -> RunState:
    change = _CHANGES.get(record["event"])
    if change is None:
        state = replace(state, unknown=(*state.unknown, str(record["event"])))
    at = str(record.get("at", ""))
    times = (state.times[0] or at, at or state.times[1])
    return replace(change(state, record) if change else state, records=state.records + 1, times=times)


def _opened(state: RunState, record: Record) -> RunState:
    return replace(_taken(state, record), plan_digest=record["plan"])


def _taken(state: RunState, record: Record) -> RunState:
    made = str(record.get("made", ""))
    return replace(state, made=(*state.made, made)) if made and made not in state.made else state


def _begun(state: RunState, record: Record) -> RunState:
    step = record["step"]
    failed = {key: value for key, value in state.failed.items() if key != step}
    return replace(state, begun=state.begun if step in state.begun else (*state.begun, step), failed=failed)


def _done(state: RunState, record: Record) -> RunState:
    return replace(state, done={**state.done, record["step"]: record.get("data") or {}})


def _failed(state: RunState, record: Record) -> RunState:
    return replace(state, failed={**state.failed, record["step"]: record["problem"]})


def _noted(state: RunState, record: Record) -> RunState:
    of_step = {**state.notes.get(record["step"], {}), record["key"]: record["data"]}
    return replace(state, notes={**state.notes, record["step"]: of_step})


def _turned(state: RunState, record: Record) -> RunState:
    return replace(state, way=Way.BACK, turned_because=record["because"], failed={})


def _asked(state: RunState, record: Record) -> RunState:
    return replace(state, question=record["question"])


def _answered(state: RunState, record: Record) -> RunState:
    answers = (*state.answers, record["answer"])
    notes = {**state.notes, **{step: _again(state.notes.get(step, {})) for step in state.failed}}
    return replace(state, question=None, verdict=None, failed={}, aborted="", answers=answers, notes=notes)


def _again(notes: Mapping[str, Any]) -> Mapping[str, Any]:
    """How often a person has answered a failure of the step: what tells another try from the same one cut off."""
    return {**notes, AGAIN: int(notes.get(AGAIN, 0)) + 1}


def _ended(state: RunState, record: Record) -> RunState:
    return replace(state, verdict=Verdict(record["verdict"]))


_CHANGES = {
    "opened": _opened,
    "taken": _taken,
    "captured": lambda state, _: state,
    "watched": lambda state, _: state,
    "begun": _begun,
    "done": _done,
    "failed": _failed,
    "noted": _noted,
    "turned": _turned,
    "asked": _asked,
    "answered": _answered,
    "paused": lambda state, _: replace(state, paused=True),
    "resumed": lambda state, _: replace(state, paused=False),
    "heard": lambda state, record: replace(state, requests=state.requests | {str(record["request"]["id"])}),
    "aborted": lambda state, record: replace(state, aborted=record["because"]),
    "ended": _ended,
}
