"""The way back: the same change undone, object by object.

* what was created is removed; claims, volumes, Namespaces and definitions stay, for what they hold cannot be got back;
  a workload goes while its claims stay, unless it would take them along
* what was removed is created again, from the old revision
* what was changed gets its old form, with the same price in restarts
* a Job of the old revision is not run again unless its author says so: the new one is removed, the old one had run
* a hook's Job or Pod stays as it ended, to be read; anything else that was a hook is removed or gets its old form; the
  hooks of the way back are `plan.hooks`' business
* where an installer ran, the old revision's own installer runs again; without one, what it installed stays
* what the cluster no longer serves, or could not be applied forward, is left as it is
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from changeover.objects import KubeObject
from changeover.plan import hooks
from changeover.plan.classes import runs_on_rollback
from changeover.plan.data import why_data
from changeover.plan.installers import HANDLER, WORDS
from changeover.plan.model import Effect, ObjectChange
from changeover.plan.strategy import NOT_RUN_AGAIN, is_skipped


def undone(
    changes: Iterable[ObjectChange],
    old: Mapping[str, KubeObject],
    new: Mapping[str, KubeObject],
    *,
    installers: Iterable[KubeObject] = (),
) -> tuple[ObjectChange, ...]:
    """For each change the one that takes it back; `old` and `new` are the revisions' objects by key.

    `installers` are the old revision's: where one of the new runs, they run again.
    """
    changes = tuple(changes)
    ran = [change for change in changes if change.handler == HANDLER]
    others = (back for change in changes if change not in ran and (back := _undone(change, old, new)) is not None)
    return (*others, *_installed_before(ran, tuple(installers)))


def _installed_before(ran: Sequence[ObjectChange], before: Sequence[KubeObject]) -> Iterator[ObjectChange]:
    again = {job.ref.key for job in before} if ran else set()
    for change in ran:
        if change.ref.key not in again:
            reason = "what it installed stays: nothing is uninstalled" if not before else "the old installer runs again"
            yield replace(change, effect=Effect.PRUNE, reason=reason, handler="", fields=(), wave=0)
    for job in before if ran else ():
        yield ObjectChange(job.ref, Effect.UNKNOWN, reason=WORDS, handler=HANDLER)


def _undone(change: ObjectChange, old: Mapping[str, KubeObject], new: Mapping[str, KubeObject]) -> ObjectChange | None:
    plain = replace(change, fields=(), reason="", restarts="", wave=0)
    key = change.ref.key
    if change.effect in {Effect.FORBIDDEN, Effect.KEEP}:
        return None
    if is_skipped(change):
        return replace(plain, reason=change.reason)
    if change.handler == hooks.HANDLER:
        return _hook(change, replace(plain, handler=""), old.get(key), new.get(key))
    if change.ref.kind.name == "Job":
        return _job(change, plain, old.get(key))
    return _restored(change, plain, old[key]) if key in old else _removed(change, plain, new.get(key))


def _hook(
    change: ObjectChange, plain: ObjectChange, old: KubeObject | None, new: KubeObject | None
) -> ObjectChange | None:
    if change.ref.kind.name in ("Job", "Pod"):
        return None
    if old is not None and change.effect is not Effect.CREATE:
        return _restored(change, plain, old)
    return _removed(change, plain, new)


def _job(change: ObjectChange, plain: ObjectChange, old: KubeObject | None) -> ObjectChange | None:
    ran = change.effect in {Effect.CREATE, Effect.RECREATE}
    if old is not None and runs_on_rollback(old) and (ran or change.effect is Effect.PRUNE):
        return replace(plain, effect=Effect.RECREATE if ran else Effect.CREATE)
    if ran:
        return replace(plain, effect=Effect.PRUNE, reason=f"the Job of the old revision is {NOT_RUN_AGAIN}")
    if change.effect is Effect.PRUNE:
        return replace(plain, effect=Effect.UNCHANGED, reason=f"{NOT_RUN_AGAIN}: it had run")
    return plain if old is not None else None


def _restored(change: ObjectChange, plain: ObjectChange, old: KubeObject) -> ObjectChange:
    if change.effect is Effect.PRUNE:
        return replace(plain, ref=old.ref, effect=Effect.CREATE)
    return replace(plain, ref=old.ref, restarts=change.restarts)


def _removed(change: ObjectChange, plain: ObjectChange, new: KubeObject | None) -> ObjectChange | None:
    if change.effect is not Effect.CREATE:
        return None  # it was live before this run although the old revision does not name it: leave it
    stays = _why_it_stays(new) if new is not None else ""
    if stays:
        return replace(plain, effect=Effect.KEEP, reason=f"{stays}; it stays after a rollback")
    return replace(plain, effect=Effect.PRUNE, reason="the old revision does not have it")


def _why_it_stays(new: KubeObject) -> str:
    if new.kind == "CustomResourceDefinition":
        return "objects of its kind would go with it"
    data = why_data(new)
    is_workload = new.get("spec", "template") is not None
    deletes_claims = new.get("spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted") == "Delete"
    return "" if is_workload and not deletes_claims else data
