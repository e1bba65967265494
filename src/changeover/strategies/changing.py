"""The steps that strategies share: the change itself in waves, its verification, and both undone.

Ids are ``verb/what`` and on the way back ``back/verb/what``, so that a journal can be read by eye.

* hooks run one after another, each awaited; on the way back when anything was touched
* the objects of a wave share one wave of steps; what an author waits for is awaited before the next wave
* a back step names the forward steps it undoes: the ones that touch the same object
* an object that the forward way did not touch is not touched on the way back either
* a workload that a step has stopped keeps its replicas while it is applied; the step that starts it gives them back
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from changeover.objects import Ref
from changeover.plan import hooks
from changeover.plan.installers import HANDLER, seconds
from changeover.plan.model import Effect, ObjectChange
from changeover.plan.steps import TOUCHING, Phase, Step, Verb
from changeover.plan.strategy import Await, Side, Situation, Wave, is_applied
from changeover.release.profile import Probe
from changeover.settings import HEALTHY_HOLD_SECONDS
from changeover.strategies import identities

APPLY_SECONDS = 120.0
RECREATE_SECONDS = 900.0
READY_SECONDS = 900.0
HOOK_SECONDS = 900.0
PROBE_SECONDS = 180.0
ENDING_SECONDS = 120.0
"""For ending another installer that has had its time, before the old one runs."""


def change(situation: Situation, *, held: frozenset[str] = frozenset()) -> Iterator[Step]:
    """Bring every object to the new revision, wave by wave, then remove what it no longer has.

    `held` names workloads (``deployment/server``) whose replicas other steps decide on: applying leaves them alone.
    """
    yield from identities.change(situation)
    for wave in situation.waves:
        yield from _objects(wave, situation.new, prefix="", held=held)
        yield from _installing(situation, wave, situation.new, prefix="")
        yield from _hooks(wave, prefix="")
        yield from _awaits(wave, prefix="")


def undo_change(
    situation: Situation, *, held: frozenset[str] = frozenset(), starts: Mapping[str, Step] | None = None
) -> Iterator[Step]:
    """Bring every touched object back to the old revision; `starts` are the steps that start what was stopped for it.

    A wave's stopped workloads start as soon as they have their old form, before anything waits for them.
    """
    old = situation.old or Side("", "")
    starts = dict(starts or {})
    forward = tuple(change(situation, held=held))
    touched = touching(forward)
    ran = [(step.target, step.id) for step in forward if step.verb is Verb.RUN_HOOK]
    for wave in situation.way_back:
        for step in _objects(wave, old, prefix="back/", held=held | starts.keys()):
            yield replace(step, undoes=(*step.undoes, *(name for target, name in ran if target == step.target)))
        yield from _installing(situation, wave, old, prefix="back/")
        yield from _hooks(wave, prefix="back/", undoes=touched)
        inside = [str(one.ref).lower() for one in wave.changes if is_applied(one)]
        yield from (starts.pop(name) for name in inside if name in starts)
        yield from _awaits(wave, prefix="back/")
    yield from starts.values()


def _objects(wave: Wave, side: Side, *, prefix: str, held: AbstractSet[str]) -> Iterator[Step]:
    name = f"{prefix}wave {wave.number}: {wave.title}"
    for one in wave.changes:
        if is_applied(one) and one.handler not in (HANDLER, hooks.HANDLER):
            step = _apply(one, side, prefix=prefix, wave=name)
            is_held = str(one.ref).lower() in held and (one.effect is not Effect.CREATE or bool(prefix))
            yield replace(step, arguments={**step.arguments, "autoscaled": [one.ref.key]}) if is_held else step
    for one in wave.changes:
        if one.effect is Effect.PRUNE:
            yield _prune(one, prefix=prefix, wave=f"{name}, removed")


def _installing(situation: Situation, wave: Wave, side: Side, *, prefix: str) -> Iterator[Step]:
    """One after another, after what they read: never two at once."""
    ran = tuple(f"apply/{one.ref.key}" for one in situation.changes if one.handler == HANDLER)
    for one in wave.changes:
        if one.handler == HANDLER and is_applied(one):
            yield Step(
                id=f"{prefix}apply/{one.ref.key}",
                verb=Verb.RUN_INSTALLER,
                title=f"Run the installer {one.ref}",
                phase=Phase.CHANGE,
                target=one.ref.key,
                arguments={"revision": side.digest},
                deadline=seconds(situation.profile) * (2 if prefix else 1) + (ENDING_SECONDS if prefix else 0),
                undoes=ran if prefix else (),
            )


def _hooks(wave: Wave, *, prefix: str, undoes: tuple[str, ...] = ()) -> Iterator[Step]:
    accepted = {one.ref.key for one in wave.changes if one.holds_data and one.effect is Effect.RECREATE}
    for run in wave.hooks:
        arguments: dict[str, object] = {"revision": run.revision, "event": run.event, "deletes": list(run.deletes)}
        arguments |= {"clears": list(run.clears), "last": run.is_last, "accepted": run.key in accepted}
        yield Step(
            id=f"{prefix}hook/{run.event}/{run.key}",
            verb=Verb.RUN_HOOK,
            title=f"Run the {run.event} hook {run.obj.ref}",
            phase=Phase.CHANGE,
            target=run.key,
            arguments=arguments,
            deadline=HOOK_SECONDS,
            undoes=undoes,
        )


def _awaits(wave: Wave, *, prefix: str) -> Iterator[Step]:
    for awaited in wave.awaits:
        yield _await(awaited, prefix=prefix, wave=f"{prefix}wave {wave.number}: {wave.title}, awaited")


def _undoes(prefix: str, ref: Ref) -> tuple[str, ...]:
    return (f"apply/{ref.key}", f"prune/{ref.key}") if prefix else ()


def _apply(one: ObjectChange, side: Side, *, prefix: str, wave: str) -> Step:
    recreated = one.effect is Effect.RECREATE
    more = {"handler": one.handler} if recreated and one.handler else {}
    return Step(
        id=f"{prefix}apply/{one.ref.key}",
        verb=Verb.APPLY,
        title=f"{'Recreate' if recreated else 'Apply'} {one.ref}",
        phase=Phase.CHANGE,
        target=one.ref.key,
        arguments={"revision": side.digest, "effect": one.effect.value, **more},
        wave=wave,
        deadline=RECREATE_SECONDS if recreated else APPLY_SECONDS,
        undoes=_undoes(prefix, one.ref),
    )


def _prune(one: ObjectChange, *, prefix: str, wave: str) -> Step:
    return Step(
        id=f"{prefix}prune/{one.ref.key}",
        verb=Verb.PRUNE,
        title=f"Remove {one.ref}",
        phase=Phase.CHANGE,
        target=one.ref.key,
        arguments={"ref": one.ref.as_json(), "accepted": one.holds_data},
        wave=wave,
        deadline=APPLY_SECONDS,
        undoes=_undoes(prefix, one.ref),
    )


def _await(one: Await, *, prefix: str, wave: str) -> Step:
    name = one.key.rpartition("/")[2]
    return Step(
        id=f"{prefix}await/{one.key}",
        verb=Verb.WAIT_READY,
        title=f"Wait for {one.key.partition('.')[0].partition('/')[0]}/{name}",
        phase=Phase.CHANGE,
        target=one.key,
        arguments={"objects": [one.key], "conditions": [list(pair) for pair in one.conditions], "holdSeconds": 0},
        wave=wave,
        deadline=READY_SECONDS,
        undoes=(f"apply/{one.key}",) if prefix else (),
    )


def wait_ready(situation: Situation, side: Side, *, prefix: str = "", undoes: tuple[str, ...] = ()) -> Step:
    """Everything of a revision is healthy, and stays so for a while; on the way back a third of it."""
    chosen = situation.parameters.hold_seconds
    hold = float(HEALTHY_HOLD_SECONDS if chosen is None else chosen)
    return Step(
        id=f"{prefix}wait-ready",
        verb=Verb.WAIT_READY,
        title=f"Wait until {side.version} is healthy",
        phase=Phase.VERIFY,
        arguments={
            "objects": list(side.keys),
            "informers": list(side.informers),
            "holdSeconds": hold / 3 if prefix else hold,
        },
        deadline=READY_SECONDS,
        undoes=undoes,
    )


def probes(situation: Situation, side: Side, *, prefix: str = "", undoes: tuple[str, ...] = ()) -> Iterator[Step]:
    """Each probe of the profile, from the user's side; the tests of a chart one after another, as Helm runs them."""
    for probe in situation.profile.probes:
        if prefix and probe.new_only:
            continue
        yield Step(
            id=f"{prefix}probe/{probe.name}",
            verb=Verb.PROBE,
            title=f"Verify {probe.name}",
            phase=Phase.VERIFY,
            target=probe.name,
            arguments={"probe": probe_json(probe), "version": side.version},
            wave="" if probe.new_only else f"{prefix}probes",
            deadline=_probe_seconds(probe),
            undoes=undoes,
        )


def probe_json(probe: Probe) -> dict[str, object]:
    """A probe as a step's argument."""
    found: dict[str, object] = probe.model_dump(mode="json", by_alias=True, exclude_none=True)
    return found


def _probe_seconds(probe: Probe) -> float:
    if probe.session:
        return float(probe.session.timeout_seconds)
    return float(probe.job.timeout_seconds) if probe.job else PROBE_SECONDS


def record(situation: Situation) -> Step:
    """Write into the Installation what runs now."""
    return Step(
        id="record",
        verb=Verb.RECORD,
        title=f"Record that {situation.new.version} runs",
        phase=Phase.COMMIT,
        arguments={"revision": situation.new.digest},
        deadline=60,
        point_of_no_return=True,
    )


def touching(steps: Iterable[Step]) -> tuple[str, ...]:
    """The ids of the steps that change objects of the application."""
    return tuple(step.id for step in steps if step.verb in TOUCHING)
