"""What differs between the running revision and the live objects, field by field, secrets masked."""

from __future__ import annotations

from changeover.actions import fields, following, installations, keys, revisions
from changeover.actions.in_accounts import planning
from changeover.actions.outside import Outside
from changeover.plan import planner
from changeover.plan.intent import Intent
from changeover.plan.model import Effect, ObjectChange
from changeover.runs.observe import take_snapshot
from changeover.strategies.table import strategy_named


async def drift(outside: Outside, installation: str = "") -> tuple[ObjectChange, ...]:
    """Plan the change from the running revision to itself: whatever it would change has drifted."""
    followed = await installations.find(outside, installation)
    number = revisions.running_number(followed)
    if not number:
        return ()
    revision = await revisions.load(outside, followed, number)
    snapshot = await take_snapshot(
        planning(outside).cluster,
        revision,
        revision,
        installation=followed.ref,
        namespace=outside.namespace,
        theirs=fields.theirs(followed),
    )
    intent = Intent(
        kind="configure",
        new=revision,
        old=revision,
        namespace=outside.namespace,
        profile=following.profile_of(followed, None),
        masking_key=(await keys.keys_of(outside, followed)).masking,
    )
    plan = planner.make_plan(intent, snapshot, strategy=strategy_named("plain"))
    return tuple(change for change in plan.changes if not _is_as_recorded(change))


def _is_as_recorded(change: ObjectChange) -> bool:
    """Unchanged; or a Job that is gone: it ran, and its time-to-live has removed it."""
    return change.effect is Effect.UNCHANGED or (change.effect is Effect.CREATE and change.ref.kind.name == "Job")
