"""When a run may happen: what a person said, or the Installation's next window."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from changeover.actions.ask import Ask
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.plan.strategy import Parameters
from changeover.runs import windows


class BadTime(Problem):
    """A time that cannot be read, or lies in the past."""

    reference = "bad-time"
    exit_code = 2


async def fill(outside: Outside, installation: KubeObject, ask: Ask) -> Parameters:
    """The parameters of a run, with its window filled in."""
    chosen = ask.parameters
    if ask.next_window:
        policy = installation.get("spec", "policy", "windows", default=[])
        found = windows.upcoming([windows.Window.of(one) for one in policy], outside.clock.now())
        return replace(chosen, not_before=found.begins.isoformat(), not_after=found.ends.isoformat())
    for text in (chosen.not_before, chosen.not_after):
        _checked(text)
    return chosen


def next_of(outside: Outside, installation: KubeObject) -> windows.Occurrence | None:
    """The Installation's window that is open or opens next; None when it has none that can be read."""
    policy = installation.get("spec", "policy", "windows", default=[])
    try:
        return windows.upcoming([windows.Window.of(one) for one in policy], outside.clock.now())
    except windows.NoWindow:
        return None


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
