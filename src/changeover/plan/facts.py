"""Figures and sentences for people; none of them enters the digest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from changeover.plan import truth
from changeover.plan.model import Effect, Finding, ObjectChange, Severity
from changeover.plan.steps import Steps
from changeover.plan.strategy import Situation

_WORDS = {
    Effect.CREATE: "created",
    Effect.PATCH: "changed in place",
    Effect.RESTART: "changed with a restart",
    Effect.RECREATE_KEEPING_PODS: "recreated with their pods kept",
    Effect.RECREATE: "recreated",
    Effect.PRUNE: "removed",
    Effect.KEEP: "kept",
    Effect.FORBIDDEN: "refused by Kubernetes",
    Effect.UNKNOWN: "unknown",
}


def counts(changes: Iterable[ObjectChange]) -> dict[str, int]:
    """How many objects are of each class, in the order of the classes; classes without objects are left out."""
    found = Counter(change.effect for change in changes)
    return {effect.value: found[effect] for effect in Effect if found[effect]}


def pods_restarting(changes: Iterable[ObjectChange]) -> int:
    """How many pods restart; also those of what is first made again around its pods."""
    numbers = (change.restarts.partition(" ")[0] for change in changes if change.restarts)
    return sum(int(number) for number in numbers if number.isdigit())


def summary(situation: Situation, findings: Iterable[Finding]) -> str:
    """One sentence: what the change does, or why it cannot run."""
    old, new = situation.old, situation.new
    way = f"{old.version} to {new.version}" if old and new.version else (new.version or "everything")
    verb = {"install": "Install", "uninstall": "Uninstall", "rollback": "Roll back", "configure": "Configure"}
    head = f"{verb.get(situation.kind, 'Update')} {way}"
    blocking = [finding for finding in findings if finding.severity is Severity.BLOCKS]
    if blocking:
        more = f" (and {len(blocking) - 1} more)" if len(blocking) > 1 else ""
        return f"{head} cannot run: {blocking[0].message}{more}"
    found = counts(situation.changes)
    told = [f"{found[effect.value]} {words}" for effect, words in _WORDS.items() if effect.value in found]
    pods = pods_restarting(situation.changes)
    return f"{head}: {', '.join(told) or 'nothing changes'}; {pods} pod{'' if pods == 1 else 's'} restart."


def away(changes: Iterable[ObjectChange]) -> dict[str, float]:
    """Workloads that will have no ready pod for a while, and for how many seconds, the longest first."""
    told = {str(one.ref): one.availability.away_seconds for one in changes if one.availability}
    return dict(sorted(((name, seconds) for name, seconds in told.items() if seconds), key=lambda one: -one[1]))


def facts_of(situation: Situation, changes: Iterable[ObjectChange], steps: Steps) -> dict[str, Any]:
    """Counts, times, data at risk, and what a rollback means before and after the point of no return."""
    without = away(changes)
    turning = next((step for step in steps.forward if step.point_of_no_return), None)
    return {
        "counts": counts(situation.changes),
        "objects": len(situation.changes),
        "podsRestarting": pods_restarting(situation.changes),
        "expectedSeconds": situation.estimates.change_seconds,
        "expectedDowntimeSeconds": max(without.values(), default=0.0),
        "withoutReadyPod": without,
        "rollbackSeconds": situation.estimates.rollback_seconds,
        "waves": [
            {"number": wave.number, "title": wave.title, "objects": len(wave.changes)} for wave in situation.waves
        ],
        "dataAtRisk": [
            str(change.ref)
            for change in situation.changes
            if change.holds_data and change.effect in {Effect.PRUNE, Effect.KEEP, Effect.RECREATE, Effect.FORBIDDEN}
        ],
        "pointOfNoReturn": turning.title if turning else "",
        "rollback": truth.as_json(situation, steps),
    }
