"""When a run may happen: what a person said, or the Installation's next window in which the change fits.

Windows less freezes; a run that could not end in time, with its way back, is told so by the plan, with when it could.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from changeover.actions import freezing
from changeover.actions.ask import Ask
from changeover.actions.freezing import Standing
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.evidence import words
from changeover.objects import KubeObject
from changeover.plan.model import Finding, Plan, Severity
from changeover.plan.steps import Verb
from changeover.plan.strategy import Parameters
from changeover.runs.fitting import Need, first_fit, open_times
from changeover.runs.windows import NoWindow, Occurrence, Window


class BadTime(Problem):
    """A time that cannot be read, or lies in the past."""

    reference = "bad-time"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """What one change may choose from, now."""

    now: datetime
    windows: tuple[Window, ...]
    standing: Standing

    def open_times(self) -> Iterator[Occurrence]:
        """When it may happen, soonest first. Raises NoWindow, BadFreeze for what cannot be read."""
        return open_times(self.windows, self.standing.freezes, self.now)

    def first(self, ask: Ask) -> Parameters:
        """The parameters of a change before it is known how long it takes. Raises BadTime, NoWindow, BadFreeze."""
        chosen = replace(ask.parameters, overridden=tuple(one.name for one in self.standing.overridden))
        if not ask.next_window:
            for text in (chosen.not_before, chosen.not_after):
                _checked(text)
            return chosen
        found = next(self.open_times(), None)
        if found is None:
            raise NoWindow(
                "The Installation has no maintenance window"
                + (" outside its freezes." if self.windows and self.standing.freezes else "."),
                hint="add one with `changeover windows add`, or say when with --at",
            )
        return _within(chosen, found)

    def start(self, parameters: Parameters) -> datetime:
        """When it would begin."""
        return max(self.now, datetime.fromisoformat(parameters.not_before)) if parameters.not_before else self.now

    def fitted(self, ask: Ask, plan: Plan, parameters: Parameters) -> tuple[Parameters, tuple[Finding, ...]]:
        """The same parameters, or those of the first window in which the planned change fits; and what does not fit."""
        need = need_of(plan)
        if need is None:
            seconds = float(plan.facts["expectedSeconds"]) + float(plan.facts["rollbackSeconds"])
            return parameters, tuple(self.standing.ahead(self.start(parameters), seconds))
        if ask.next_window and (found := self._first_fit(need)):
            parameters = _within(parameters, found)
        ahead = self.standing.ahead(self.start(parameters), need.change + need.reserve)
        return parameters, (*self._too_short(parameters, need), *ahead)

    def _first_fit(self, need: Need) -> Occurrence | None:
        return first_fit(self.open_times(), need, self.now)

    def _too_short(self, parameters: Parameters, need: Need) -> Iterator[Finding]:
        if not parameters.not_after:
            return
        start, ends = self.start(parameters), datetime.fromisoformat(parameters.not_after)
        latest = need.latest_start(ends)
        if start <= latest:
            return
        other = self._first_fit(need)
        fits = f"it fits from {other.begins.isoformat()} to {other.ends.isoformat()}: --at next" if other else ""
        yield Finding(
            "does-not-fit",
            Severity.BLOCKS,
            f"The change may take {words.duration(need.change)} and {words.duration(need.reserve)} to go back: it does"
            f" not fit between {start.isoformat(timespec='seconds')} and {ends.isoformat(timespec='seconds')}.",
            found=f"latest safe start {latest.isoformat(timespec='seconds')}",
            hint=fits or "no window of this installation is long enough: lengthen one, or say a later --until",
        )


def of(installation: KubeObject) -> tuple[Window, ...]:
    """The windows of its policy."""
    return tuple(Window.of(one) for one in installation.get("spec", "policy", "windows", default=[]))


def choice(outside: Outside, installation: KubeObject, ask: Ask) -> Choice:
    """What a change may choose from. Raises BadOverride."""
    return Choice(outside.clock.now(), of(installation), freezing.standing(installation, ask))


def need_of(plan: Plan) -> Need | None:
    """How long a planned run takes at worst; None for one without a window."""
    for step in plan.steps.forward:
        if step.verb is Verb.WAIT_WINDOW:
            return Need(float(step.arguments["needSeconds"]), float(step.arguments["reserveSeconds"]))
    return None


def _within(parameters: Parameters, time: Occurrence) -> Parameters:
    return replace(parameters, not_before=time.begins.isoformat(), not_after=time.ends.isoformat())


def _checked(text: str) -> None:
    if not text:
        return
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise BadTime(
            f"A time must be given as RFC 3339 with its offset, not {text!r}.",
            hint="for example 2026-11-23T22:00:00+01:00",
        )
