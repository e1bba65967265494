"""The way back that both strategies share: the old objects, the old data, the old replicas, in an order that is safe.

* every step names what it undoes, so that only what had begun is undone
* an object's old form undoes the step that changed this object
* when the old release cannot read what the new one writes, everything that may write is stopped first, then the data is
  put back, then each wave of old objects is applied and only then started: new code never meets restored data
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from changeover.plan.model import Effect
from changeover.plan.steps import Phase, Step, Verb
from changeover.plan.strategy import Situation, is_applied
from changeover.strategies import listing

_RUNS = frozenset({"Deployment", "StatefulSet"})
_NEW_PODS = frozenset({Effect.CREATE, Effect.RESTART, Effect.RECREATE, Effect.RECREATE_KEEPING_PODS, Effect.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Forward:
    """What the way forward did that has to be undone."""

    changes: tuple[Step, ...]
    """APPLY and PRUNE steps."""
    scaled: tuple[Step, ...] = ()
    """Steps that scaled something down and are followed by their own restoring step."""
    backups: tuple[Step, ...] = ()
    keep_scaled: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Lower-case kind/name -> ids of the steps that keep it scaled down while objects are applied."""


def objects_back(situation: Situation, forward: Forward) -> Iterable[Step]:
    """Old data, then the old objects wave by wave, each awaited where later ones need it."""
    by_target = {step.target: step.id for step in forward.changes}
    changed = tuple(step.id for step in forward.changes)
    stops = tuple(_stops(situation, by_target, changed)) if situation.back_needs_restore and forward.backups else ()
    for step in stops:
        yield step
    if stops or situation.back_needs_restore:
        for backup in forward.backups:
            yield replace(listing.restore(backup), id=f"back-restore:{backup.arguments['name']}", undoes=changed)
    waiting = {step.target.lower(): step for step in stops}
    keep = {**forward.keep_scaled, **{target: (step.id,) for target, step in waiting.items()}}
    old = situation.old.digest if situation.old else ""
    in_waves = {str(change.ref).lower() for wave in situation.way_back for change in wave.changes if is_applied(change)}
    yield from _starts([step for target, step in waiting.items() if target not in in_waves], old, wave="first")
    for wave in situation.way_back:
        done = []
        for step in listing.change_steps(wave, old, old_revision=situation.new.digest, scaled_by=keep):
            undone = by_target.get(step.target)
            if undone is not None:
                done.append(step.target)
                yield replace(step, id=f"back-{step.id}", wave=f"back-{step.wave}", undoes=(undone,))
        own = [str(change.ref).lower() for change in wave.changes]
        yield from _starts([waiting[target] for target in own if target in waiting], old, wave=str(wave.number))
        for step in listing.wait_wave(wave, old):
            undoes = tuple(by_target[key] for key in step.arguments["objects"] if key in by_target)
            if undoes:
                yield replace(step, id=f"back-{step.id}", undoes=undoes)


def _stops(situation: Situation, by_target: Mapping[str, str], changed: tuple[str, ...]) -> Iterable[Step]:
    """Scale down what runs new code, and what holds the data."""
    stores = [store.workload.lower() for store in situation.stores if store.workload]
    writers = [
        str(change.ref)
        for change in situation.changes
        if change.ref.kind.name in _RUNS
        and change.ref.namespace == situation.namespace
        and change.effect in _NEW_PODS
        and change.ref.key in by_target
        and str(change.ref).lower() not in stores
        and not _is_created(change.effect)
    ]
    for wave, targets in (("writers", writers), ("stores", stores)):
        for target in targets:
            yield replace(
                listing.scale_down(f"back-stop:{target.lower()}", target, title=f"Stop {target}", phase=Phase.BACKUP),
                wave=f"back-stop-{wave}",
                undoes=changed,
            )


def _is_created(effect: Effect) -> bool:
    """What the update created is removed on the way back, not started again."""
    return effect is Effect.CREATE


def _starts(stops: Iterable[Step], revision: str, *, wave: str) -> Iterable[Step]:
    for stop in stops:
        start = listing.scale_back(stop, revision, wave=f"back-start-{wave}")
        yield replace(start, id=f"back-start:{stop.target.lower()}", undoes=stop.undoes)


def scaled_back(situation: Situation, scaled: Iterable[Step]) -> Iterable[Step]:
    """Give back the replicas that forward steps took."""
    for step in scaled:
        back = listing.scale_back(step, situation.old.digest if situation.old else "")
        yield replace(back, id=f"back-{back.id}", undoes=(step.id,))


def verified_back(situation: Situation, undoes: tuple[str, ...], *, probes: bool = True) -> Iterable[Step]:
    """The old revision healthy again, and serving."""
    if situation.old is None:
        return
    yield replace(listing.wait_healthy(situation.old, situation), id="back-ready", undoes=undoes)
    for one in situation.profile.probes if probes else ():
        step = listing.probe(one, situation.old.version)
        yield replace(step, id=f"back-{step.id}", undoes=undoes)


def recorded_back(situation: Situation) -> Step:
    """What runs after the way back; always written, so that nothing still says that a run goes on."""
    old = situation.old
    title = f"Record that {old.version} runs" if old and old.version else "Record that nothing was changed"
    return replace(listing.record(old.digest if old else "", title), id="back-record")


def point_of_no_return(situation: Situation, forward: Sequence[Step], *, backups: bool) -> tuple[Step, ...]:
    """Mark the first change when there is no way back from it; otherwise the steps as they are."""
    forward_only = bool(situation.no_way_back) or (situation.back_needs_restore and not backups)
    first = next((n for n, step in enumerate(forward) if step.verb in {Verb.APPLY, Verb.PRUNE}), None)
    if not forward_only or first is None or any(step.point_of_no_return for step in forward[:first]):
        return tuple(forward)
    wave = forward[first].wave
    return tuple(
        replace(step, point_of_no_return=True) if n >= first and step.wave == wave and wave else step
        for n, step in enumerate(forward)
    )
