"""The version of the application's stored data: which release can read what another has written.

* a release reads epochs a..b and writes b'; what is stored now was written by the release that runs
* going to a release that cannot read what is stored is refused, for an update as for a rollback
* when the old release cannot read what the new one writes, the way back means restoring the backup
"""

from __future__ import annotations

from changeover.plan.intent import Intent
from changeover.plan.model import Finding, Severity
from changeover.render.revision import Revision


def reads(revision: Revision, epoch: int) -> bool:
    """Whether the release can work with data of this epoch."""
    first, last = revision.reads_epochs
    return first <= epoch <= last


def back_needs_restore(intent: Intent) -> bool:
    """Whether the old release could not read what the new one writes."""
    return intent.old is not None and bool(intent.new.objects) and not reads(intent.old, intent.new.writes_epoch)


def findings(intent: Intent) -> tuple[Finding, ...]:
    """What the epochs forbid, or make irreversible."""
    if intent.old is None or not intent.new.objects:
        return ()
    if not reads(intent.new, intent.old.writes_epoch):
        first, last = intent.new.reads_epochs
        return (
            Finding(
                "data-epoch",
                Severity.BLOCKS,
                f"{intent.new.version} cannot read the data that {intent.old.version} has written.",
                found=f"stored epoch {intent.old.writes_epoch}; {intent.new.version} reads {first} to {last}",
                hint="restore a backup of an epoch that it reads, or choose a release that reads this one",
            ),
        )
    if back_needs_restore(intent):
        first, last = intent.old.reads_epochs
        return (
            Finding(
                "rollback-needs-restore",
                Severity.WARNS,
                f"Going back to {intent.old.version} means restoring the backup: it cannot read what "
                f"{intent.new.version} writes.",
                found=f"{intent.new.version} writes epoch {intent.new.writes_epoch}; {intent.old.version} reads "
                f"{first} to {last}",
                hint="what users write after the gate has opened would be lost by it",
            ),
        )
    return ()
