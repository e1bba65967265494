"""A maintenance window: nobody's work is lost, and whatever fails before the gate opens again is undone by itself.

Forward: wait for the window · announce · look again · close the gate while the session controller keeps running, for it
makes the backups · drain with receipts · look again, also whether the rest still fits · stop what writes to the data,
back it up, start it again, and see whether the rest still fits · stop the session controller · change in waves · start
the controller · healthy · switch the maintenance page off · probe from the user's side · open the gate (the point of no
return) · soak · record.

Back, only what was begun: close the gate and drain again when people were let in · when the old release cannot read the
data, stop what writes and restore it · every touched object · start what was stopped · healthy · probe · open the gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from changeover.plan.steps import CHANGES, Phase, Step, Steps, Verb
from changeover.plan.strategy import Situation
from changeover.release.profile import DataStore
from changeover.strategies import changing, identities, opening, restoring, verifying

SCALE_SECONDS = 300.0
COPY_SECONDS = 7200.0
GATE_SECONDS = 180.0
DRAIN_ROUNDS = 6
"""How many sessions' time-outs a drain may take in all: sessions are stopped some at a time."""


class Window:
    """Close, save, change, verify, open."""

    name = "window"

    def steps(self, situation: Situation) -> Steps:
        """List what will be done, and what undoes it."""
        forward = tuple(self._forward(situation))
        forward = restoring.forward_only(situation, forward, backed_up=_restores(situation))
        return Steps(forward, tuple(self._back(situation, forward)))

    def _forward(self, situation: Situation) -> Iterator[Step]:
        rest = _copy_seconds(situation) + _soak_seconds(situation)
        yield from opening.wait_window(situation, also=opening.announced_seconds(situation) + rest)
        yield from opening.announce(situation)
        yield opening.recheck("before", "Look again whether the plan still holds")
        yield from _drain(situation)
        yield from opening.still_fits(situation, after="drain", also=rest)
        yield from _back_up(situation)
        if _backs_up(situation):
            yield from opening.still_fits(situation, after="backup", also=_soak_seconds(situation))
        yield from _controller(situation, stop=True)
        yield from changing.change(situation, held=_held(situation))
        yield from _controller(situation, stop=False)
        yield changing.wait_ready(situation, situation.new)
        yield from verifying.probed(situation)
        yield from verifying.opened(situation)
        yield from _soak(situation)
        yield changing.record(situation)

    def _back(self, situation: Situation, forward: tuple[Step, ...]) -> Iterator[Step]:
        touched = changing.touching(forward)
        changed = tuple(step.id for step in forward if step.verb in CHANGES)
        yield from _closed_again(situation)
        yield from identities.undo(situation)  # first: what was cut off in the middle may not even be there
        for store in _quiesced(situation):
            yield _start(store, prefix="back/", undoes=(_stop(store).id,))
        stops = restoring.stops(situation, changed) if _restores(situation) else ()
        yield from stops
        if _restores(situation):
            yield from restoring.restores(situation, changed)
        yield from changing.undo_change(situation, held=_held(situation), starts=restoring.starts(stops))
        yield from _controller(situation, stop=False, prefix="back/")
        if situation.old:
            yield changing.wait_ready(situation, situation.old, prefix="back/", undoes=touched)
            yield from verifying.probed_back(situation, touched)


def _held(situation: Situation) -> frozenset[str]:
    """The session controller: it stays down while objects are applied."""
    sessions = situation.profile.sessions
    return frozenset({sessions.controller.lower()} if sessions and sessions.controller and situation.old else ())


def _restores(situation: Situation) -> bool:
    return situation.back_needs_restore and _backs_up(situation)


def _closed_again(situation: Situation) -> Iterator[Step]:
    """Going back after people could start sessions again: as carefully as the way forward."""
    for step in _drain(situation):
        if step.verb is Verb.CLOSE_GATE:
            yield replace(step, id="back/close-gate", title="Close the gate again", undoes=verifying.OPENING)
        elif step.verb is Verb.DRAIN:
            yield replace(step, id="back/drain", title="Save and stop the new sessions", undoes=(verifying.OPEN_GATE,))
            yield replace(
                step,
                id="back/release-sessions",
                title="Let the sessions go that were held",
                arguments={**step.arguments, "release": "drain"},
                undoes=("drain",),
            )


def _drain(situation: Situation) -> Iterator[Step]:
    sessions = situation.profile.sessions
    if sessions is None or situation.old is None:
        return
    contract = sessions.model_dump(mode="json", by_alias=True)
    arguments = {"sessions": contract, "message": opening.message(situation), "policy": situation.policy_gate}
    switch = sessions.gate.switch
    page = switch is not None and bool(switch.page_key)
    if page:
        estimates = situation.estimates
        presented = {"title": situation.profile.title, "icon": situation.profile.icon}
        arguments |= {**presented, "seconds": estimates.change_seconds + estimates.copy_seconds}
    yield Step(
        id="close-gate",
        verb=Verb.CLOSE_GATE,
        title="Close the gate: no new sessions" + (", and a page that says so" if page else ""),
        phase=Phase.GATE,
        arguments=arguments,
        deadline=GATE_SECONDS,
    )
    yield Step(
        id="drain",
        verb=Verb.DRAIN,
        title="Save and stop every session, with proof",
        phase=Phase.DRAIN,
        arguments={"sessions": contract},
        deadline=sessions.timeout_seconds * DRAIN_ROUNDS,
    )
    yield opening.recheck("after-drain", "Look once more before anything is changed")


def _quiesced(situation: Situation) -> list[DataStore]:
    """The workloads to be stopped while their data is copied, each once."""
    if not situation.parameters.backup:
        return []
    unique = {store.workload: store for store in situation.stores if store.workload and store.quiesce}
    return list(unique.values())


def _backs_up(situation: Situation) -> bool:
    return situation.parameters.backup and bool(situation.stores)


def _copy_seconds(situation: Situation) -> float:
    return situation.estimates.copy_seconds if _backs_up(situation) else 0.0


def _back_up(situation: Situation) -> Iterator[Step]:
    if not _backs_up(situation):
        return
    for store in _quiesced(situation):
        yield _stop(store)
    for store in situation.stores:
        yield Step(
            id=f"back-up/{store.name}",
            verb=Verb.BACK_UP,
            title=f"Back up {store.name}, and read it back",
            phase=Phase.BACKUP,
            target=store.claim,
            arguments={"claim": store.claim, "name": store.name},
            deadline=COPY_SECONDS,
        )
    for store in _quiesced(situation):
        yield _start(store)


def _stop(store: DataStore, *, prefix: str = "", undoes: tuple[str, ...] = ()) -> Step:
    return Step(
        id=f"{prefix}stop/{store.workload}",
        verb=Verb.SCALE,
        title=f"Stop {store.workload}, so that its data stands still",
        phase=Phase.BACKUP,
        target=store.workload,
        arguments={"replicas": 0},
        wave=f"{prefix}stop writers",
        deadline=SCALE_SECONDS,
        undoes=undoes,
    )


def _start(store: DataStore, *, prefix: str = "", undoes: tuple[str, ...] = ()) -> Step:
    return Step(
        id=f"{prefix}start/{store.workload}",
        verb=Verb.SCALE,
        title=f"Start {store.workload} again",
        phase=Phase.BACKUP,
        target=store.workload,
        arguments={"replicas": "restore", "of": [f"stop/{store.workload}", f"back/stop/{store.workload}"]},
        wave=f"{prefix}start writers",
        deadline=SCALE_SECONDS,
        undoes=undoes,
    )


def _controller(situation: Situation, *, stop: bool, prefix: str = "") -> Iterator[Step]:
    sessions = situation.profile.sessions
    if sessions is None or not sessions.controller or situation.old is None:
        return
    name = sessions.controller
    yield Step(
        id=f"{prefix}{'stop' if stop else 'start'}-controller",
        verb=Verb.SCALE,
        title=f"Stop {name}: no session is left that needs it" if stop else f"Start {name} again",
        phase=Phase.CHANGE,
        target=name,
        arguments={"replicas": 0, "sessions": sessions.selector}
        if stop
        else {"replicas": "restore", "of": ["stop-controller"]},
        deadline=SCALE_SECONDS,
        undoes=("stop-controller",) if prefix else (),
    )


def _soak_seconds(situation: Situation) -> int:
    chosen = situation.parameters.soak_seconds
    return situation.profile.soak_seconds if chosen is None else chosen


def _soak(situation: Situation) -> Iterator[Step]:
    seconds = _soak_seconds(situation)
    watched = [probe for probe in situation.profile.probes if probe.http or probe.prometheus]
    if not seconds or situation.old is None:
        return
    yield Step(
        id="soak",
        verb=Verb.SOAK,
        title=f"Watch for {seconds} s while people work again",
        phase=Phase.SOAK,
        arguments={
            "seconds": seconds,
            "probes": [changing.probe_json(probe) for probe in watched],
            "version": situation.new.version,
        },
        deadline=seconds + opening.SPARE_SECONDS,
    )
