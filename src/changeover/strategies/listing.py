"""What every strategy's list is made of: steps for one object, one workload, one probe. Pure; decides no order.

Arguments by verb, beside what `plan.steps` says (the plan shows them, the acts read them):

* WAIT_WINDOW ``notBefore``, ``end`` (RFC 3339 or empty), ``seconds`` the run needs, ``reserveSeconds`` for a rollback
* CLOSE_GATE, OPEN_GATE ``policy`` whether the admission policy is there; ``part`` all | switch | policy
* DRAIN ``sessions`` the contract; ``release``: take our finalizer off again, stop nothing (the undo of a drain)
* SCALE target ``kind/name``; ``replicas`` 0 | "restore"; ``of`` = the step that scaled down; ``revision`` = digest of
  the revision whose replicas count when it names them
* APPLY ``revision``; ``propagation`` when the live object has to go first; ``scaledBy`` = ids of the steps that scale
  this workload down: while one of them is in force, the replicas stay as they are
* PRUNE ``revision`` of the object; ``accepted`` = it may go although it holds data
* WAIT_READY ``objects`` (keys), ``informers``, ``conditions`` (key -> pairs), ``holdSeconds``, ``revision``
* PROBE ``probe`` (as in the profile), ``version``; SOAK ``seconds``, ``probes``, ``version``
* BACK_UP ``claim``, ``name``; RESTORE ``claim``, ``of``; RECORD ``revision``
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from changeover.plan.model import Effect, ObjectChange
from changeover.plan.steps import Phase, Step, Verb
from changeover.plan.strategy import Side, Situation, Wave, is_applied
from changeover.release.profile import Probe
from changeover.settings import HEALTHY_HOLD_SECONDS

_MONTH = 31 * 24 * 3600.0
_COPY_SECONDS = 4 * 3600.0
_APPLY_SECONDS = 180.0
_READY_SECONDS = 300.0
_PROBE_SECONDS = 120.0
_GATE_SECONDS = 120.0
_SCALE_SECONDS = 600.0

_PROPAGATION = {Effect.RECREATE: "Foreground", Effect.RECREATE_KEEPING_PODS: "Orphan"}


def wait_window(situation: Situation, *, step_id: str = "wait-window", seconds: float) -> Iterable[Step]:
    """Wait for the time that was asked for, and refuse to begin what cannot end in time; nothing when no time was."""
    wanted = situation.parameters
    if not (wanted.not_before or wanted.not_after):
        return
    reserve = wanted.reserve_seconds
    yield Step(
        step_id,
        Verb.WAIT_WINDOW,
        "Wait for the window" if step_id == "wait-window" else "See whether the rest still fits into the window",
        Phase.WAIT,
        arguments={
            "notBefore": wanted.not_before,
            "end": wanted.not_after,
            "seconds": seconds,
            "reserveSeconds": situation.estimates.rollback_seconds if reserve is None else reserve,
        },
        deadline=_MONTH,
    )


def recheck(step_id: str, title: str) -> Step:
    """Plan again; another digest stops the run."""
    return Step(step_id, Verb.RECHECK, title, Phase.WAIT, deadline=180.0)


def change_steps(
    wave: Wave, revision: str, *, old_revision: str, scaled_by: Mapping[str, Sequence[str]] | None = None
) -> tuple[Step, ...]:
    """APPLY and PRUNE of one wave, concurrent; `scaled_by` names, by lower-case kind/name, who scaled a workload."""
    steps = []
    for change in wave.changes:
        if is_applied(change):
            by = (scaled_by or {}).get(str(change.ref).lower(), ())
            steps.append(_apply(change, revision, wave=f"wave-{wave.number}", scaled_by=by))
        elif change.effect is Effect.PRUNE:
            steps.append(_prune(change, old_revision, wave=f"wave-{wave.number}"))
    return tuple(steps)


def _apply(change: ObjectChange, revision: str, *, wave: str, scaled_by: Sequence[str]) -> Step:
    arguments: dict[str, Any] = {"revision": revision}
    if change.effect in _PROPAGATION:
        arguments["propagation"] = _PROPAGATION[change.effect]
    if scaled_by:
        arguments["scaledBy"] = list(scaled_by)
    return Step(
        f"apply:{change.ref.key}",
        Verb.APPLY,
        f"Apply {change.ref}",
        Phase.CHANGE,
        target=change.ref.key,
        arguments=arguments,
        wave=wave,
        deadline=_APPLY_SECONDS,
    )


def _prune(change: ObjectChange, revision: str, *, wave: str) -> Step:
    return Step(
        f"prune:{change.ref.key}",
        Verb.PRUNE,
        f"Remove {change.ref}",
        Phase.CHANGE,
        target=change.ref.key,
        arguments={"revision": revision, "accepted": change.holds_data},
        wave=wave,
        deadline=_APPLY_SECONDS,
    )


def wait_wave(wave: Wave, revision: str) -> Iterable[Step]:
    """Wait for what later waves need; nothing when nobody waits for anything of this wave."""
    if wave.awaits:
        yield Step(
            f"ready:wave-{wave.number}",
            Verb.WAIT_READY,
            f"Wait for {wave.title}",
            Phase.CHANGE,
            arguments={
                "objects": [awaited.key for awaited in wave.awaits],
                "informers": [],
                "conditions": {awaited.key: [list(pair) for pair in awaited.conditions] for awaited in wave.awaits},
                "holdSeconds": 0,
                "revision": revision,
            },
            deadline=2 * _READY_SECONDS,
        )


def wait_healthy(side: Side, situation: Situation) -> Step:
    """Wait until everything of a revision is healthy, and stays so for a while."""
    return Step(
        "ready",
        Verb.WAIT_READY,
        f"Wait until {side.version or 'everything'} is healthy",
        Phase.VERIFY,
        arguments={
            "objects": list(side.keys),
            "informers": list(side.informers),
            "conditions": {},
            "holdSeconds": HEALTHY_HOLD_SECONDS,
            "revision": side.digest,
        },
        deadline=_READY_SECONDS + HEALTHY_HOLD_SECONDS + 3 * situation.estimates.change_seconds,
    )


def probe(one: Probe, version: str) -> Step:
    """One probe from the user's side."""
    inside = max(float(form.timeout_seconds) for form in (one.job, one.session) if form) if _is_long(one) else 0.0
    return Step(
        f"probe:{one.name}",
        Verb.PROBE,
        f"Probe {one.name}",
        Phase.VERIFY,
        target=one.name,
        arguments={"probe": one.model_dump(mode="json", by_alias=True, exclude_none=True), "version": version},
        deadline=_PROBE_SECONDS + inside,
    )


def _is_long(one: Probe) -> bool:
    return bool(one.job or one.session)


def soak(situation: Situation, seconds: float) -> Iterable[Step]:
    """Keep looking for a while after everything is open; nothing when the time is 0."""
    if seconds > 0:
        shown = [one for one in situation.profile.probes if one.http or one.prometheus]
        yield Step(
            "soak",
            Verb.SOAK,
            f"Watch for {seconds:.0f} s",
            Phase.SOAK,
            arguments={
                "seconds": seconds,
                "probes": [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in shown],
                "version": situation.new.version,
            },
            deadline=seconds + 300.0,
        )


def record(revision: str, title: str) -> Step:
    """Write down what runs now."""
    return Step("record", Verb.RECORD, title, Phase.COMMIT, arguments={"revision": revision}, deadline=300.0)


def scale_down(step_id: str, target: str, *, title: str, phase: Phase, wave: str = "") -> Step:
    """Scale a workload to 0 and wait until its pods are gone."""
    return Step(
        step_id, Verb.SCALE, title, phase, target=target, arguments={"replicas": 0}, wave=wave, deadline=_SCALE_SECONDS
    )


def scale_back(of: Step, revision: str, *, wave: str = "", phase: Phase | None = None) -> Step:
    """Give a workload back the replicas that `of` took."""
    return Step(
        f"restore-{of.id}",
        Verb.SCALE,
        f"Start {of.target} again",
        phase or of.phase,
        target=of.target,
        arguments={"replicas": "restore", "of": of.id, "revision": revision},
        wave=wave,
        deadline=_SCALE_SECONDS,
    )


def back_up(store: str, claim: str) -> Step:
    """Copy one data store's claim; all stores at the same time."""
    return Step(
        f"back-up:{store}",
        Verb.BACK_UP,
        f"Back up {store}",
        Phase.BACKUP,
        target=claim,
        arguments={"claim": claim, "name": store},
        wave="back-up",
        deadline=_COPY_SECONDS,
    )


def restore(of: Step) -> Step:
    """Put a backup's content back in place."""
    return Step(
        f"restore-{of.id}",
        Verb.RESTORE,
        f"Restore {of.arguments['name']}",
        Phase.BACKUP,
        target=of.target,
        arguments={"claim": of.target, "of": of.id},
        wave="restore",
        deadline=_COPY_SECONDS,
    )


def gate(step_id: str, verb: Verb, title: str, *, policy: bool, part: str = "all") -> Step:
    """Close or open the gate, or one part of it."""
    phase = Phase.GATE if verb is Verb.CLOSE_GATE else Phase.REOPEN
    return Step(step_id, verb, title, phase, arguments={"policy": policy, "part": part}, deadline=_GATE_SECONDS)
