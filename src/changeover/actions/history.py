"""What was done to an Installation: its revisions and its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.actions import installations, revisions, runs_of
from changeover.actions.outside import Outside


@dataclass(frozen=True, slots=True)
class History:
    """Both lists, oldest first, as plain facts."""

    revisions: Sequence[Mapping[str, Any]]
    running: int
    runs: Sequence[Mapping[str, Any]]


async def history(outside: Outside, installation: str = "") -> History:
    """Read both from the cluster."""
    followed = await installations.find(outside, installation)
    now = outside.clock.now()
    runs = [
        {
            "run": run.name,
            "kind": run.get("spec", "kind", default=""),
            "strategy": run.get("spec", "strategy", default=""),
            "from": run.get("spec", "fromVersion", default=""),
            "to": run.get("spec", "toVersion", default=""),
            "verdict": runs_of.verdict(run) or run.get("status", "phase", default="not begun"),
            "startedAt": run.get("status", "startedAt", default=""),
            "endedAt": run.get("status", "endedAt", default=""),
            "by": run.get("spec", "by", default=""),
            "reason": run.get("status", "reason", default=""),
            "notBefore": at.isoformat() if (at := runs_of.waits_until(run, now)) else "",
        }
        for run in await runs_of.every(outside, followed.name)
    ]
    return History(revisions.listed(followed), revisions.running_number(followed), runs)
