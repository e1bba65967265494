"""The hooks of charts that are removed: pre-delete before anything goes, post-delete when all is gone, as Helm does.

There is no run and no journal: a hook that fails ends the removal (before) or is said at its end (after), with the end
of its log, and the removal may be called again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from changeover.actions import revisions
from changeover.actions.installations import INSTALLATION
from changeover.actions.outside import Outside
from changeover.objects import KubeObject, Ref
from changeover.plan import hooks, inventory
from changeover.plan.dress import dress
from changeover.plan.hooks import FAILED, HookRun
from changeover.render.revision import Revision
from changeover.runs import hooking
from changeover.runs.holding import Overdue
from changeover.runs.hooking import Desk, HookFailed
from changeover.runs.verbs.installing import logs
from changeover.strategies.changing import HOOK_SECONDS

_SHOWN = 2000
"""Characters of the end of a log that are said."""


@dataclass(frozen=True, slots=True)
class DeleteHooks:
    """What the running revision's charts have to do when they are removed."""

    revision: Revision | None
    before: tuple[HookRun, ...] = ()
    after: tuple[HookRun, ...] = ()

    @property
    def titles(self) -> tuple[str, ...]:
        """For people."""
        return tuple(f"{run.event} {run.obj.ref}" for run in (*self.before, *self.after))

    @property
    def keys(self) -> frozenset[str]:
        """Of their objects, which they make anew themselves."""
        return frozenset(run.key for run in (*self.before, *self.after))


async def of(outside: Outside, installation: KubeObject) -> DeleteHooks:
    """The hooks of deletion of what runs, the charts in reverse order."""
    number = revisions.running_number(installation)
    if not number:
        return DeleteHooks(None)
    revision = await revisions.load(outside, installation, number)
    charts = revision.charts[::-1]
    before, after = (
        tuple(run for release in charts for run in hooks.at(release, event, revision.digest))
        for event in ("pre-delete", "post-delete")
    )
    return DeleteHooks(revision, before, after)


async def run(outside: Outside, installation: str, found: DeleteHooks, runs: Sequence[HookRun]) -> None:
    """Run them one after another. Raises HookFailed, Overdue."""
    set_id = inventory.applyset_id(Ref(INSTALLATION, outside.namespace, installation))
    for one in runs:
        desk = Desk(outside.cluster, outside.clock, _until(outside, one))
        wanted = dress(one.obj, one.revision, applyset_id=set_id)
        hook = await hooking.made(desk, wanted, f"{one.event}/{outside.clock.now().isoformat()}")
        why = await hooking.ended(desk, hook)
        refs = [other.obj.ref for key in one.clears for other in runs if other.key == key]
        if why:
            problem = await _failed(outside, one, hook, why=why, revision=found.revision)
            own = [hook.ref] if FAILED in one.deletes else []
            await hooking.cleared(desk, [*own, *(ref for ref in refs if ref.key != one.key)])
            raise problem
        await hooking.given_back(desk, hook, wanted)
        if one.is_last:
            await hooking.cleared(desk, dict.fromkeys(refs))


def _until(outside: Outside, one: HookRun) -> Callable[[str], Awaitable[None]]:
    deadline = outside.clock.monotonic() + HOOK_SECONDS

    async def tell(text: str) -> None:
        if outside.clock.monotonic() > deadline:
            raise Overdue(f"The {one.event} hook {one.obj.ref} must end within {HOOK_SECONDS:.0f} s.", found=text)

    return tell


async def _failed(
    outside: Outside, one: HookRun, hook: KubeObject, *, why: str, revision: Revision | None
) -> HookFailed:
    log = await logs.whole(outside.cluster, hook)
    said = logs.masking_for(revision).text(log) if revision else ""
    return hooking.failed(one.event, hook.ref, f"{why}\n{said[-_SHOWN:]}".rstrip())
