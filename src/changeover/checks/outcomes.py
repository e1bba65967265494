"""Outcomes of an analyzer: the first whose condition holds is what it says; without a condition it always holds. Pure.

Where the reference stays silent because no outcome holds, we say unknown: silence would read as passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from changeover.checks.finding import CannotJudge, Finding, Verdict
from changeover.gotemplate import TemplateProblem, parse, sprig
from changeover.package.application import mapping, mappings

VERDICTS: tuple[Verdict, ...] = ("fail", "warn", "pass")
NONE_HOLDS = "None of its outcomes holds for what was found."
SILENT = "the spec needs an outcome for this: one without a condition says what holds otherwise"
Number = int | float | Fraction


def entries(spec: Mapping[str, Any]) -> Iterator[tuple[Verdict, Mapping[str, Any]]]:
    """Each outcome with its verdict; one entry may have several, then fail goes first."""
    for outcome in mappings(spec.get("outcomes")):
        for verdict in VERDICTS:
            if verdict in outcome:
                yield verdict, mapping(outcome[verdict])


def first(
    spec: Mapping[str, Any],
    title: str,
    holds: Callable[[str], bool],
    *,
    data: Mapping[str, Any] | None = None,
    measured: str = "",
) -> Finding:
    """The first outcome whose condition holds, its message rendered over `data`. Raises what `holds` raises."""
    passed_over: list[str] = []
    for verdict, outcome in entries(spec):
        when = str(outcome.get("when") or "")
        if not when.strip() or holds(when):
            found = said(verdict, title, outcome, data=data, measured=measured)
            return found if when.strip() else replace(found, threshold=none_of(passed_over))
        passed_over.append(when)
    return no_outcome(title, passed_over, measured=measured)


def none_of(conditions: Sequence[str]) -> str:
    """Conditions that did not hold, as a threshold: ``not < 3, not < 5``."""
    return ", ".join(f"not {one.strip()}" for one in conditions)


def no_outcome(title: str, conditions: Sequence[str] = (), *, measured: str = "") -> Finding:
    """What is said when the spec is silent."""
    return Finding("unknown", title, NONE_HOLDS, measured=measured, threshold=none_of(conditions), hint=SILENT)


def said(
    verdict: Verdict,
    title: str,
    outcome: Mapping[str, Any],
    *,
    data: Mapping[str, Any] | None = None,
    measured: str = "",
) -> Finding:
    """An outcome as a finding."""
    message = rendered(str(outcome.get("message") or ""), data)
    when = str(outcome.get("when") or "").strip()
    return Finding(verdict, title, message, str(outcome.get("uri") or ""), measured, when)


def rendered(message: str, data: Mapping[str, Any] | None) -> str:
    """A message as a Go template over the data; as it is where it is no template."""
    if data is None or "{{" not in message:
        return message
    try:
        return parse(message, name="message", functions=sprig.pure()).render(data)
    except TemplateProblem:
        return message


def compare(operator: str, found: Number, wanted: Number) -> bool:
    """Two numbers by an operator of a spec. Raises CannotJudge for another word."""
    table = {
        "=": found == wanted,
        "==": found == wanted,
        "===": found == wanted,
        "!=": found != wanted,
        "!==": found != wanted,
        "<": found < wanted,
        "<=": found <= wanted,
        ">": found > wanted,
        ">=": found >= wanted,
    }
    if operator not in table:
        raise CannotJudge(f"{operator} is no comparison")
    return table[operator]


def equality(operator: str, found: str, wanted: str) -> bool:
    """Two texts, equal or not. Raises CannotJudge for another word."""
    if operator.strip("="):
        if operator.startswith("!") and not operator[1:].strip("="):
            return found != wanted
        raise CannotJudge(f"{operator} does not compare texts")
    return found == wanted


def words(when: str, count: int) -> list[str]:
    """A condition in so many words. Raises CannotJudge."""
    found = when.strip().split(" ")
    if len(found) != count or not all(found):
        raise CannotJudge(f"the condition {when!r} cannot be read")
    return found


def whole(text: str) -> int:
    """A whole number of a condition. Raises CannotJudge."""
    try:
        return int(text)
    except ValueError:
        raise CannotJudge(f"{text} is no whole number") from None
