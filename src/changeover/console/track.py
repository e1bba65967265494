"""A run as rows of a track: what is done, what goes on, what is to come, and where the way back changes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal

from changeover.actions.watching import Seen
from changeover.evidence import words
from changeover.evidence.model import SessionAccount, StepAccount
from changeover.plan.steps import Step, Verb

FOLD = 5
"""Done steps above this number are folded into one row."""
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `cls` is a class of the style sheet."""

    cls: str
    title: str
    key: str = ""
    at: str = ""
    took: str = ""
    back: str = ""
    word: str = ""
    detail: str = ""
    problem: Mapping[str, Any] | None = None
    sessions: tuple[SessionAccount, ...] = ()
    kind: Literal["step", "flag", "ponr"] = "step"
    inside: tuple[Row, ...] = ()
    """Rows that are folded into this one."""


def rows(seen: Seen) -> tuple[Row, ...]:
    """The whole track, in the order of time."""
    accounts = {one.id: one for one in seen.evidence.steps}
    turned = seen.state.way.value == "back"
    forward = list(_forward(seen, accounts, turned=turned))
    found = [*_folded(forward)]
    if turned:
        found += _back(seen, accounts)
    if found and found[-1].kind == "step":
        found[-1] = _last(found[-1])
    return tuple(found)


def _forward(seen: Seen, accounts: Mapping[str, StepAccount], *, turned: bool) -> Iterator[Row]:
    way = _ways_back(seen)
    passed = False
    for group in _groups(seen.plan.steps.forward):
        told = [accounts[step.id] for step in group if step.id in accounts]
        if turned and not told:
            continue  # what never ran is said in one sentence
        passed = passed or any(step.point_of_no_return for step in group)
        if any(step.point_of_no_return for step in group) and way:
            yield Row("" if told else "is-todo", "Point of no return", kind="ponr", detail=_PONR)
            way = ""
        cls = _class(group, told, seen)
        yield Row(
            cls,
            _title(group),
            key=group[0].id,
            at=_clock(told),
            took=_took(group, told, cls),
            back=("used" if turned else way) if not passed else "",
            word="Failed" if cls.startswith("is-bad") else "",
            detail=seen.waiting_for if cls == "is-now" else _times(told),
            problem=next((one.problem for one in told if one.problem), None),
            sessions=seen.evidence.sessions if any(step.verb is Verb.DRAIN for step in group) else (),
        )


def _back(seen: Seen, accounts: Mapping[str, StepAccount]) -> Iterator[Row]:
    yield Row("went-back", "So it goes back.", kind="flag", detail=seen.state.turned_because)
    begun = set(seen.state.begun)
    due = [step for step in seen.plan.steps.back if not step.undoes or begun.intersection(step.undoes)]
    for group in _groups(due):
        told = [accounts[step.id] for step in group if step.id in accounts]
        cls = _class(group, told, seen)
        yield Row(
            "is-undone" if cls == "is-done" else cls,
            _title(group),
            key=group[0].id,
            at=_clock(told),
            took=_took(group, told, cls),
            detail=seen.waiting_for if cls == "is-now" else "",
            problem=next((one.problem for one in told if one.problem), None),
        )


def _class(group: Sequence[Step], told: Sequence[StepAccount], seen: Seen) -> str:
    outcomes = {one.outcome for one in told}
    if "failed" in outcomes:
        if seen.state.question is not None:
            return "is-held"
        return "is-bad went-back" if seen.state.way.value == "back" else "is-bad"
    if len(told) == len(group) and outcomes == {"done"}:
        return "is-done"
    if told and not seen.ended:
        return "is-now" if seen.holder else "is-held"
    return "is-todo"


def _groups(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Steps that run together, as one."""
    for _, group in groupby(steps, key=lambda step: step.wave or step.id):
        yield list(group)


def _title(group: Sequence[Step]) -> str:
    if len(group) <= _NAMED:
        return ", ".join(step.title for step in group)
    return f"{group[0].title} and {len(group) - 1} more"


def _clock(told: Sequence[StepAccount]) -> str:
    return min((one.began for one in told if one.began), default="")


def _took(group: Sequence[Step], told: Sequence[StepAccount], cls: str) -> str:
    if cls == "is-done" and all(one.seconds is not None for one in told):
        return words.duration(max(one.seconds or 0.0 for one in told))
    if len(group) > 1 and told:
        return f"{sum(one.outcome == 'done' for one in told)} of {len(group)}"
    return ""


def _times(told: Sequence[StepAccount]) -> str:
    most = max((one.times for one in told), default=1)
    return f"Begun {most} times: a process was cut off and another went on." if most > 1 else ""


_PONR = (
    "Once the gate is open, people write new data. Until here a failure goes back by itself; "
    "from here the run stops and asks you."
)
_TRUTH = {"instant": "instant", "restore": "restore", "removal": "instant"}


def _ways_back(seen: Seen) -> str:
    first: Mapping[str, Any] = next(iter(seen.plan.facts.get("rollback") or ()), {})
    return _TRUTH.get(str(first.get("way", "")), "")


def _folded(forward: Sequence[Row]) -> Iterator[Row]:
    """More than a few done rows at the beginning are one row, which opens."""
    done = 0
    for row in forward:
        if row.cls != "is-done" or row.kind != "step":
            break
        done += 1
    if done > FOLD:
        inside = tuple(forward[:done])
        yield Row("is-done", f"{done} steps done", "folded", inside[0].at, back=inside[0].back, inside=inside)
        yield from forward[done:]
    else:
        yield from forward


def _last(row: Row) -> Row:
    return replace(row, cls=f"{row.cls} is-last")
