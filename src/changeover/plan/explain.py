"""The plan in words: plain lines for a terminal, in the order in which an operator asks.

Can it run? What happens to users, and for how long? What happens to every object? How do we get back?
Unchanged objects are counted, not listed; fields are shown when asked for (`full`), and always for what is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from changeover.plan import truth
from changeover.plan.model import Effect, FieldChange, Finding, ObjectChange, Plan
from changeover.plan.record import change_as_json, plan_as_json, plan_from_json
from changeover.plan.steps import Step

__all__ = ["change_as_json", "lines", "plan_as_json", "plan_from_json"]

_WIDTH = 100
_FIELDS = 12
_NAMED = 5


def lines(plan: Plan, *, full: bool = False) -> tuple[str, ...]:
    """The plan for reading; `full` shows every changed field and the way back."""
    runs = not plan.blocked
    blocks = (
        _head(plan),
        _findings(plan.findings),
        _objects(plan.changes, full=full),
        _steps("Steps", plan.steps.forward) if runs else (),
        _steps("Way back", plan.steps.back) if runs and full else (),
        _facts(plan) if runs else ("It cannot run: see what BLOCKS it above.",),
    )
    found: list[str] = []
    for block in blocks:
        inside = list(block)
        if inside and found:
            found.append("")
        found.extend(inside)
    return tuple(found)


def _head(plan: Plan) -> Iterator[str]:
    yield plan.summary
    yield f"plan {plan.digest}  strategy {plan.strategy}"


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"{finding.severity.value.upper():<7} {finding.message}  [{finding.reference}]"
        if finding.found:
            yield f"        found: {finding.found}"
        if finding.hint:
            yield f"        hint: {finding.hint}"


def _objects(changes: Iterable[ObjectChange], *, full: bool) -> Iterator[str]:
    changes = tuple(changes)
    shown = [change for change in changes if change.effect is not Effect.UNCHANGED]
    width = max((len(change.effect.value) for change in shown), default=0)
    for change in shown:
        availability = change.availability.text if change.availability else ""
        words = "; ".join(word for word in (change.restarts, availability, change.reason) if word)
        told = words if full else _cut(words)
        yield f"  {change.effect.value:<{width}}  {change.ref}{f'  ({told})' if told else ''}"
        if full or change.effect in {Effect.FORBIDDEN, Effect.UNKNOWN}:
            yield from _fields(change.fields, limit=None if full else _FIELDS)
    if len(shown) < len(changes):
        yield f"  unchanged: {len(changes) - len(shown)}"


def _fields(fields: tuple[FieldChange, ...], *, limit: int | None) -> Iterator[str]:
    for field in fields[:limit]:
        yield f"               {field.path}"
        for sign, value in (("-", field.before), ("+", field.after)):
            if value is not None:
                yield f"                 {sign} {_cut(value)}"
    if limit is not None and len(fields) > limit:
        yield f"               and {len(fields) - limit} more fields"


def _cut(value: str) -> str:
    return value if len(value) <= _WIDTH else value[: _WIDTH - 1] + "…"


def _steps(title: str, steps: tuple[Step, ...]) -> Iterator[str]:
    if not steps:
        return
    yield f"{title}:"
    phase = ""
    waiting: list[Step] = []
    for step in (*steps, None):
        if waiting and (step is None or step.wave != waiting[-1].wave or not step.wave):
            yield f"  {phase:<9} {_together(waiting)}"
            waiting = []
        if step is not None:
            phase = step.phase.value
            waiting.append(step)


def _together(steps: list[Step]) -> str:
    mark = "   <- point of no return" if any(step.point_of_no_return for step in steps) else ""
    if len(steps) == 1:
        return steps[0].title + mark
    first = ", ".join(step.title for step in steps[:3])
    return f"{len(steps)} at a time: {first}{', …' if len(steps) > 3 else ''}{mark}"


def _facts(plan: Plan) -> Iterator[str]:
    facts: dict[str, Any] = dict(plan.facts)
    restarts = int(facts.get("podsRestarting", 0))
    expected = [f"{_seconds(facts.get('expectedSeconds'))} for the change"]
    expected += [f"{restarts} pod{'s restart' if restarts > 1 else ' restarts'}"] if restarts else []
    expected += [f"{_seconds(facts['rollbackSeconds'])} for a rollback"] if facts.get("rollbackSeconds") else []
    yield f"Expected: {', '.join(expected)}."
    yield from _away(facts.get("withoutReadyPod") or {})
    for row in facts.get("rollback") or ():
        yield truth.words(row)
    if facts.get("pointOfNoReturn"):
        yield f"Point of no return: {facts['pointOfNoReturn']}."


def _away(without: Mapping[str, float]) -> Iterator[str]:
    told = [f"{name} for {_seconds(seconds)}" for name, seconds in without.items()]
    more = f", and {len(told) - _NAMED} more for less" if len(told) > _NAMED else ""
    if told:
        yield f"Without a ready pod: {', '.join(told[:_NAMED])}{more}."


def _seconds(value: Any) -> str:
    seconds = float(value or 0)
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
