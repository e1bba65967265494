"""window: stop new sessions, let the running ones save and end, only then change the application, verify, open again.

wait for the window → announce → check again → close the gate → drain → check again (and that the rest still fits) →
stop what must not write while it is copied → back up → start it again → session controller to 0 → apply wave by wave →
session controller back → healthy → probes → open the gate (the point of no return) → soak → record

The gate has two parts: the admission policy, and the application's own switch. Probes need the switch off (with it, the
application answers with its maintenance page) and the gate closed for everybody else. So the switch is opened first,
the policy last; the gate lets the run's own probe sessions through. Where there is no policy, only the switch keeps
people out: then probes that go through the application can only run right behind the opened gate, and the plan says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from changeover.plan.steps import Phase, Step, Steps, Verb
from changeover.plan.strategy import Situation
from changeover.release.profile import Probe
from changeover.strategies import listing, wayback

_GATE_PROOF_SECONDS = 10.0


class Window:
    """Nobody works in the application while it changes, and nobody's work is lost."""

    name = "window"

    def steps(self, situation: Situation) -> Steps:
        """List the change and what undoes it."""
        made = _Parts.of(situation)
        forward = [*_before(situation, made), *_change(situation, made), *_after(situation, made)]
        back = [
            *_closed_again(made),
            *_sessions_released(made),
            *wayback.scaled_back(situation, made.quiesced),
            *wayback.objects_back(situation, made.forward),
            *wayback.scaled_back(situation, made.controller),
            *wayback.verified_back(situation, made.touched, probes=not made.late_probes),
            *_opened_back(made),
            *_probed_late(situation, made),
            wayback.recorded_back(situation),
        ]
        return Steps(wayback.point_of_no_return(situation, forward, backups=bool(made.backups)), tuple(back))


@dataclass(frozen=True, slots=True)
class _Parts:
    """The steps that both ways speak of."""

    close: tuple[Step, ...]
    drain: tuple[Step, ...]
    quiesced: tuple[Step, ...]
    backups: tuple[Step, ...]
    controller: tuple[Step, ...]
    waves: tuple[tuple[Step, ...], ...]
    """Per wave its APPLY and PRUNE steps."""
    switch: bool
    policy: bool

    @staticmethod
    def of(situation: Situation) -> _Parts:
        sessions, wanted = situation.profile.sessions, situation.parameters
        switch = bool(sessions and sessions.gate.switch)
        stores = situation.stores if wanted.backup else ()
        quiesced = dict.fromkeys(store.workload for store in stores if store.workload and store.quiesce)
        controller = _controller(sessions.controller if sessions else "")
        old = situation.old.digest if situation.old else ""
        held = {step.target.lower(): (step.id,) for step in controller}
        return _Parts(
            close=_close(situation) if sessions and (switch or situation.policy_gate) else (),
            drain=_drain(situation) if sessions else (),
            quiesced=tuple(
                listing.scale_down(
                    f"quiesce:{target}",
                    target,
                    title=f"Stop {target} while it is copied",
                    phase=Phase.BACKUP,
                    wave="quiesce",
                )
                for target in quiesced
            ),
            backups=tuple(listing.back_up(store.name, store.claim) for store in stores),
            controller=controller,
            waves=tuple(
                listing.change_steps(wave, situation.new.digest, old_revision=old, scaled_by=held)
                for wave in situation.waves
            ),
            switch=switch,
            policy=situation.policy_gate and sessions is not None,
        )

    @property
    def changes(self) -> tuple[Step, ...]:
        return tuple(step for wave in self.waves for step in wave)

    @property
    def forward(self) -> wayback.Forward:
        held = {step.target.lower(): (step.id,) for step in self.controller}
        return wayback.Forward(self.changes, (), self.backups, held)

    @property
    def touched(self) -> tuple[str, ...]:
        """Everything after which the application has to be seen healthy again."""
        return tuple(step.id for step in (*self.quiesced, *self.controller, *self.changes))

    @property
    def late_probes(self) -> bool:
        """Whether only the application's own switch keeps people out."""
        return self.switch and not self.policy


def _close(situation: Situation) -> tuple[Step, ...]:
    sessions, wanted = situation.profile.sessions, situation.parameters
    message = wanted.message or (sessions.gate.message if sessions else "")
    step = listing.gate("close-gate", Verb.CLOSE_GATE, "Close the gate", policy=situation.policy_gate)
    return (replace(step, arguments={**step.arguments, "message": message}),)


def _drain(situation: Situation) -> tuple[Step, ...]:
    sessions = situation.profile.sessions
    contract = sessions.model_dump(mode="json", by_alias=True, exclude_none=True) if sessions else {}
    arguments = {"sessions": contract, "release": False}
    return (Step("drain", Verb.DRAIN, "Let sessions save and end", Phase.DRAIN, arguments=arguments, deadline=86400.0),)


def _controller(target: str) -> tuple[Step, ...]:
    if not target:
        return ()
    return (listing.scale_down("controller-down", target, title=f"Stop {target}", phase=Phase.CHANGE),)


def _before(situation: Situation, made: _Parts) -> Iterable[Step]:
    """Until nobody works in the application any more; nothing of it is changed."""
    announce = situation.parameters.announce_seconds
    announce = situation.profile.announce_seconds if announce is None else announce
    yield from listing.wait_window(situation, seconds=announce + _needed(situation))
    if announce and made.close:
        yield Step(
            "announce",
            Verb.ANNOUNCE,
            "Announce the maintenance",
            Phase.ANNOUNCE,
            arguments={"seconds": announce, "message": made.close[0].arguments["message"]},
            deadline=announce + 120.0,
        )
    yield listing.recheck("recheck", "Check that the plan still holds")
    yield from made.close
    yield from made.drain
    if made.drain:
        yield listing.recheck("recheck-drained", "Check again after the drain")
        yield from listing.wait_window(situation, step_id="still-fits", seconds=_needed(situation))


def _needed(situation: Situation) -> float:
    return _GATE_PROOF_SECONDS + situation.estimates.change_seconds + _soak_seconds(situation)


def _soak_seconds(situation: Situation) -> int:
    wanted = situation.parameters.soak_seconds
    return situation.profile.soak_seconds if wanted is None else wanted


def _change(situation: Situation, made: _Parts) -> Iterable[Step]:
    """Copy the data, then change the objects."""
    new = situation.new.digest
    old = situation.old.digest if situation.old else ""
    if made.backups:
        yield from made.quiesced
        yield from made.backups
        yield from (listing.scale_back(step, old, wave="unquiesce") for step in made.quiesced)
    yield from made.controller
    for wave, steps in zip(situation.waves, made.waves, strict=True):
        yield from steps
        yield from listing.wait_wave(wave, new)
    yield from (listing.scale_back(step, new) for step in made.controller)


def _after(situation: Situation, made: _Parts) -> Iterable[Step]:
    """Prove that it works, open, keep looking, record."""
    new = situation.new
    yield listing.wait_healthy(new, situation)
    early, late = _probes(situation, made)
    if made.switch and made.policy:
        yield listing.gate("open-switch", Verb.OPEN_GATE, "Switch the maintenance page off", policy=True, part="switch")
    yield from (listing.probe(one, new.version) for one in early)
    if made.close:
        opened = listing.gate("open-gate", Verb.OPEN_GATE, "Open the gate", policy=made.policy)
        yield replace(opened, point_of_no_return=True)
    yield from (listing.probe(one, new.version) for one in late)
    yield from listing.soak(situation, _soak_seconds(situation))
    yield listing.record(new.digest, f"Record that {new.version or 'nothing'} runs")


def _probes(situation: Situation, made: _Parts) -> tuple[Sequence[Probe], Sequence[Probe]]:
    """Which probes can run behind the closed gate, and which only after it is open."""
    probes = situation.profile.probes
    if not made.late_probes:
        return probes, ()
    return [one for one in probes if not _through(one)], [one for one in probes if _through(one)]


def _through(one: Probe) -> bool:
    """Whether it goes through the application, whose switch would answer it."""
    return bool(one.http or one.session)


def _closed_again(made: _Parts) -> Iterable[Step]:
    """Going back after people could start sessions again: as carefully as the way forward."""
    reopened = ("open-gate", "open-switch") if made.switch and made.policy else ("open-gate",)
    for step in made.close:
        yield replace(step, id="back-close-gate", title="Close the gate again", undoes=reopened)
    started = ("open-gate",) if made.close else tuple(f"restore-{step.id}" for step in made.controller)
    for step in made.drain if started else ():
        yield replace(step, id="back-drain", title="Let the new sessions save and end", undoes=started)


def _sessions_released(made: _Parts) -> Iterable[Step]:
    """Sessions that were not stopped must not keep our finalizer; those that were are still proven."""
    for step in made.drain:
        yield replace(
            step,
            id="back-release-sessions",
            title="Take the hold off sessions",
            arguments={**step.arguments, "release": True},
            undoes=("drain",),
        )


def _opened_back(made: _Parts) -> Iterable[Step]:
    for step in made.close:
        opened = listing.gate("back-open-gate", Verb.OPEN_GATE, "Open the gate", policy=made.policy)
        yield replace(opened, undoes=(step.id,))


def _probed_late(situation: Situation, made: _Parts) -> Iterable[Step]:
    if made.late_probes and situation.old is not None:
        for one in situation.profile.probes:
            step = listing.probe(one, situation.old.version)
            yield replace(step, id=f"back-{step.id}", undoes=made.touched)
