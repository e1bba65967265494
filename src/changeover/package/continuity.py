"""What becomes of an operator's answers when a release follows another: the continuity report. None is lost silently.

* kept: asked for as before;
* moved: the release renamed the question (`config.renames`, followed through chains); the answer goes along, unless the
  new name is answered already, which is a conflict and shown;
* dropped: asked for before, not any more; the answer stays on file, for a way back and for templates that read it;
* retyped: asked for as another type; also a value that became a mapping, or the other way round;
* new: required, and not asked before;
* unasked: neither release asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from changeover.package.answers import Given
from changeover.package.asked import Questions, is_asked
from changeover.package.chart_values import is_under

_ALIKE = (
    frozenset({"text", "textarea", "password", "label", "heading", "string"}),
    frozenset({"number", "integer"}),
    frozenset({"select", "select_one", "radio", "dropdown"}),
)
"""Types between which an answer stays what it is."""

_UNSAID = frozenset({"null", "any"})
"""Types that take any value: those of a chart that says nothing."""


class Fate(StrEnum):
    """What becomes of one answer or question."""

    KEPT = "kept"
    MOVED = "moved"
    DROPPED = "dropped"
    RETYPED = "retyped"
    NEW = "new"
    UNASKED = "unasked"


@dataclass(frozen=True, slots=True)
class Passage:
    """One line of the report; never holds a value."""

    name: str
    fate: Fate
    words: str = ""


@dataclass(frozen=True, slots=True)
class Continuity:
    """The answers for the new release, and the report."""

    answers: Given
    report: tuple[Passage, ...] = field(default=())

    def of(self, fate: Fate) -> tuple[Passage, ...]:
        """The lines of one fate."""
        return tuple(line for line in self.report if line.fate is fate)


def carry_over(answers: Given, *, before: Questions | None, now: Questions, renames: Mapping[str, str]) -> Continuity:
    """Carry answers to a release; `before` is what the running one asks, None when nobody knows."""
    moved, moves = _moved(answers, now, renames)
    targets = {_end(passage.name, renames) for passage in moves if passage.fate is Fate.MOVED}
    report = list(moves)
    for name, value in moved.values.items():
        if name not in targets:
            report.append(_passage(name, value, before, now))
    if before is not None:
        came = {_end(name, renames) for name in before}
        fresh = [name for name, question in now.items() if question.required and name not in {*before, *came}]
        report += [Passage(name, Fate.NEW, _answered(name, moved)) for name in fresh]
    return Continuity(moved, tuple(sorted(report, key=lambda line: (list(Fate).index(line.fate), line.name))))


def _moved(answers: Given, now: Questions, renames: Mapping[str, str]) -> tuple[Given, list[Passage]]:
    values, origins = dict(answers.values), dict(answers.origins)
    report: list[Passage] = []
    for name in answers.values:
        target = _end(name, renames)
        if target == name or name in now:
            continue
        value, origin = values.pop(name), origins.pop(name, "")
        if target in values:
            report.append(Passage(name, Fate.DROPPED, f"the question is called {target} now, which is answered itself"))
            continue
        values[target] = value
        origins[target] = f"{origin}, as {name}" if origin else f"as {name}"
        report.append(Passage(name, Fate.MOVED, f"the question is called {target} now"))
    strict = frozenset(_end(name, renames) if name not in now else name for name in answers.strict)
    return Given(values, origins, strict), report


def _passage(name: str, value: Any, before: Questions | None, now: Questions) -> Passage:
    was_asked = before is not None and is_asked(name, value, before)
    if not is_asked(name, value, now):
        if was_asked and (words := _reshaped(name, before, now)):
            return Passage(name, Fate.RETYPED, words)
        if was_asked:
            return Passage(name, Fate.DROPPED, "not asked any more; the answer stays on file")
        return Passage(name, Fate.UNASKED, "the release does not ask for it; the answer stays on file")
    old = before.get(name) if before else None
    new = now.get(name)
    if old and new and _is_retyped(old.type, new.type):
        return Passage(name, Fate.RETYPED, f"was {old.type}, is {new.type}")
    return Passage(name, Fate.KEPT)


def _reshaped(name: str, before: Questions | None, now: Questions) -> str:
    """How a value became a mapping, or a mapping a value; empty when its name is gone."""
    if any(is_under(one, name) for one in now):
        question = before.get(name) if before else None
        return f"was {question.type if question else 'a value'}, is a mapping; the answer stays on file"
    above = next((one for one in now if is_under(name, one)), "")
    return f"{above} was a mapping, is {now[above].type}; the answer stays on file" if above else ""


def _is_retyped(old: str, new: str) -> bool:
    if old == new or {old, new} & _UNSAID:
        return False
    return not any({old, new} <= alike for alike in _ALIKE)


def _end(name: str, renames: Mapping[str, str]) -> str:
    seen = {name}
    while (following := renames.get(name)) is not None and following not in seen:
        name = following
        seen.add(name)
    return name


def _answered(name: str, answers: Given) -> str:
    return "required, answered" if name in answers.values else "required where it is asked"
