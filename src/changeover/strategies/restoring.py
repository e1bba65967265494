"""Going back when the old release cannot read what the new one writes: the data comes back too.

* everything that runs new code is stopped first, then what holds the data: new code must never meet restored data
* the data is put back while nobody uses it
* each workload is started after it has its old form again (`changing.undo_change`)
* where there is nothing to restore, the first change is the point of no return
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from changeover.plan.model import Effect
from changeover.plan.steps import CHANGES, Phase, Step, Verb
from changeover.plan.strategy import Situation

SCALE_SECONDS = 300.0
COPY_SECONDS = 7200.0
_SCALED = frozenset({"Deployment", "StatefulSet"})
_NEW_CODE = frozenset({Effect.RESTART, Effect.RECREATE, Effect.RECREATE_KEEPING_PODS, Effect.UNKNOWN})


def stops(situation: Situation, changed: tuple[str, ...]) -> tuple[Step, ...]:
    """Scale down what runs new code, then what holds the data."""
    stores = dict.fromkeys(store.workload for store in situation.stores if store.workload)
    known = {name.lower() for name in stores}
    writers = [
        str(change.ref)
        for change in situation.changes
        if change.ref.kind.name in _SCALED
        and change.ref.namespace == situation.namespace
        and change.effect in _NEW_CODE
        and str(change.ref).lower() not in known
    ]
    return (
        *(_stop(name, "writers", changed) for name in writers),
        *(_stop(name, "stores", changed) for name in stores),
    )


def _stop(workload: str, wave: str, changed: tuple[str, ...]) -> Step:
    return Step(
        id=f"back/stop/{workload}",
        verb=Verb.SCALE,
        title=f"Stop {workload}, before the data is restored",
        phase=Phase.BACKUP,
        target=workload,
        arguments={"replicas": 0},
        wave=f"back/stop {wave}",
        deadline=SCALE_SECONDS,
        undoes=changed,
    )


def restores(situation: Situation, changed: tuple[str, ...]) -> Iterator[Step]:
    """Put the backups back, all at the same time."""
    for store in situation.stores:
        yield Step(
            id=f"back/restore/{store.name}",
            verb=Verb.RESTORE,
            title=f"Restore {store.name} from the backup",
            phase=Phase.BACKUP,
            target=store.claim,
            arguments={"of": f"back-up/{store.name}"},
            wave="back/restore",
            deadline=COPY_SECONDS,
            undoes=changed,
        )


def starts(stopped: Iterable[Step]) -> dict[str, Step]:
    """By lower-case workload, the step that starts what a `stops` step has stopped."""
    return {
        step.target.lower(): replace(
            step,
            id=f"back/start-restored/{step.target}",
            title=f"Start {step.target} again",
            arguments={"replicas": "restore", "of": [step.id, f"stop/{step.target}"]},
            wave="",
        )
        for step in stopped
    }


def forward_only(situation: Situation, forward: Sequence[Step], *, backed_up: bool) -> tuple[Step, ...]:
    """Mark the first change as the point of no return when nothing could bring the old release back."""
    if not situation.no_way_back and (backed_up or not situation.back_needs_restore):
        return tuple(forward)
    first = next((step for step in forward if step.verb in CHANGES), None)
    return tuple(
        replace(step, point_of_no_return=True)
        if first is not None and (step is first or (step.wave and step.wave == first.wave))
        else step
        for step in forward
    )
