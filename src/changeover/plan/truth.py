"""What going back means at each later moment: at once, from the backup (and what is lost then), or not at all. Pure.

The moments of a plan: before anything is changed; while it changes; from the point of no return until the run ends;
later. What decides:

* a version that the cluster does not serve any more: forward only, from the first change on
* data whose name was typed is removed: forward only, from that step on; its step is made the point of no return
* the old release cannot read what the new one writes: restore, when there is a backup; else forward only
* a claim that grew cannot shrink: it stays grown, which the old release does not mind
* Jobs of the new release did their work: said, unless the release declares the epochs of its data

Until the point of no return a failed run goes back by itself; windows keep the time for it (and for the restore) free.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from changeover.plan.installers import HANDLER
from changeover.plan.model import Effect, ObjectChange
from changeover.plan.steps import Step, Steps, Verb
from changeover.plan.strategy import Situation

INSTANT, RESTORE, FORWARD_ONLY, REMOVAL = "instant", "restore", "forward only", "removal"


@dataclass(frozen=True, slots=True)
class Truth:
    """What going back means until a moment."""

    until: str
    """``the gate opens``; ``always`` when nothing ever changes it."""
    way: str
    """instant | restore | forward only | removal"""
    words: str
    automatic: bool
    """Whether a run that fails before goes back by itself."""
    loses_minutes: int | None = None
    """Of a restore: up to how many minutes of what users wrote; None = whatever was written since the backup."""


def table(situation: Situation, steps: Steps) -> tuple[Truth, ...]:
    """All moments, in their order."""
    if situation.old is None:
        words = "; ".join(["what was created is removed; claims are kept", *_installed(situation)])
        return (Truth("always", REMOVAL, words, automatic=True),)
    old = situation.old.version
    lost = _lost(situation.changes)
    if situation.no_way_back:
        return (_untouched("the change begins"), _never(situation.no_way_back))
    if situation.back_needs_restore:
        rows = _restoring(situation, steps, old)
    else:
        words = "; ".join([f"{old} can read the data", *_remarks(situation)])
        rows = (Truth("always", INSTANT, words, automatic=True),)
    if lost and not any(row.way == FORWARD_ONLY for row in rows):
        begin = f"{lost[0]} is removed"
        return (*(replace(row, until=begin) for row in rows[:1]), _never(f"the data of {', '.join(lost)} is gone"))
    return rows


def as_json(situation: Situation, steps: Steps) -> list[dict[str, Any]]:
    """The table for the plan's facts."""
    return [asdict(row) for row in table(situation, steps)]


def obeyed(steps: Steps, changes: Iterable[ObjectChange]) -> Steps:
    """The steps with every removal of data as a point of no return: what failed after it cannot be undone."""
    data = {change.ref.key for change in changes if _removes_data(change)}

    def marked(step: Step) -> Step:
        irrevocable = step.verb is Verb.PRUNE and step.target in data
        return replace(step, point_of_no_return=True) if irrevocable else step

    return Steps(tuple(map(marked, steps.forward)), steps.back) if data else steps


def words(row: dict[str, Any]) -> str:
    """One row as a sentence."""
    until = "at any time" if row["until"] == "always" else f"until {row['until']}"
    until = "afterwards" if row["until"] == "afterwards" else until
    by_itself = ", by itself when the run fails" if row.get("automatic") else ""
    return f"Rollback {until}: {row['way']}{by_itself} ({row['words']})."


def _removes_data(change: ObjectChange) -> bool:
    return change.holds_data and change.effect is Effect.PRUNE and change.ref.kind.name in _STORES


_STORES = frozenset({"PersistentVolumeClaim", "PersistentVolume", "Namespace", "CustomResourceDefinition"})
"""What is gone with its object; a workload's claims stay when only the workload goes."""


def _lost(changes: Iterable[ObjectChange]) -> list[str]:
    return [str(change.ref) for change in changes if _removes_data(change)]


def _untouched(until: str) -> Truth:
    return Truth(until, INSTANT, "nothing has changed yet", automatic=True)


def _never(why: str) -> Truth:
    return Truth("afterwards", FORWARD_ONLY, f"{why}; a run that fails waits for a person", automatic=False)


def _remarks(situation: Situation) -> Iterator[str]:
    grown = [str(change.ref) for change in situation.changes if _grows(change)]
    if grown:
        yield f"{', '.join(grown)} stays grown"
    yield from _installed(situation)
    ran = {Effect.CREATE, Effect.RECREATE}
    jobs = [str(one.ref) for one in situation.changes if one.ref.kind.name == "Job" and one.effect in ran]
    if jobs and situation.new.reads_epochs == (0, 0) and situation.new.writes_epoch == 0:
        yield f"what {', '.join(jobs)} did to data is not undone, and the release says nothing about it"


def _installed(situation: Situation) -> Iterator[str]:
    for one in situation.changes:
        if one.handler == HANDLER and situation.old is None:
            yield f"what {one.ref} installed stays"
        elif one.handler == HANDLER:
            yield f"what {one.ref} installs is undone as far as the old release's installer does it"


def _grows(change: ObjectChange) -> bool:
    return change.ref.kind.name == "PersistentVolumeClaim" and any(
        one.path == "spec.resources.requests.storage" for one in change.fields
    )


def _restoring(situation: Situation, steps: Steps, old: str) -> tuple[Truth, ...]:
    backed_up = any(step.verb is Verb.BACK_UP for step in steps.forward)
    if not backed_up:
        return (
            _untouched("the change begins"),
            _never(f"{old} cannot read the new data, and this plan takes no backup"),
        )
    opens = any(step.verb is Verb.OPEN_GATE for step in steps.forward)
    soak = sum(float(step.arguments.get("seconds") or 0) for step in steps.forward if step.verb is Verb.SOAK)
    closed = any(step.verb is Verb.CLOSE_GATE for step in steps.forward)
    during = 0 if closed else math.ceil(situation.estimates.change_seconds / 60)
    rows = [_untouched("the change begins")]
    rows.append(Truth("the gate opens" if opens else "the run ends", RESTORE, _loses(during), True, during))
    if opens:
        minutes = math.ceil(soak / 60)
        rows.append(Truth("the run ends", RESTORE, _loses(minutes), False, minutes))
    rows.append(Truth("afterwards", RESTORE, "what was written since the backup is lost", automatic=False))
    return tuple(rows)


def _loses(minutes: int) -> str:
    if not minutes:
        return "the backup is restored; nobody has written since"
    return f"the backup is restored; loses up to {minutes} minute{'s' if minutes > 1 else ''}"
