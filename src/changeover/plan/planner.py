"""The plan: what will happen to every object, in which waves, by which steps, and what the operator must know.

Pure: the same intent, snapshot and strategy give the same plan, and the same digest. It is made again right before the
first mutation; objects that a step scaled down meanwhile count with the replicas they had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from changeover.objects import KubeObject, Ref
from changeover.plan import (
    apis,
    availability,
    bridging,
    classes,
    data,
    diff,
    epochs,
    facts,
    findings,
    hooks,
    installers,
    keeping,
    retention,
    settings_behind,
    truth,
    wayback,
)
from changeover.plan.classes import Case, Decision
from changeover.plan.diff import Difference
from changeover.plan.digest import digest_of
from changeover.plan.dress import dress
from changeover.plan.estimate import estimate
from changeover.plan.hooks import HookRun
from changeover.plan.intent import Intent
from changeover.plan.masking import Masking
from changeover.plan.model import ObjectChange, Plan, Snapshot
from changeover.plan.show import shown
from changeover.plan.steps import Step, Steps, Verb
from changeover.plan.strategy import Estimates, Side, Situation, Strategy, is_applied
from changeover.plan.waves import in_waves
from changeover.render.revision import Revision
from changeover.settings import HEALTHY_HOLD_SECONDS

UNKNOWABLE = "unknown: a webhook makes up another value each time"


def make_plan(intent: Intent, snapshot: Snapshot, *, strategy: Strategy) -> Plan:
    """Decide the change against the cluster as it was seen."""
    decisions = decide(intent, snapshot)
    changes = settings_behind.explained(_changes(intent, snapshot, decisions), _by_key(intent.new.objects))
    changes = _with_bridges(changes, intent, snapshot)
    situation = _situation(intent, snapshot, changes=changes)
    steps = _told_of_autoscalers(strategy.steps(situation), snapshot.autoscaled)
    steps = _told_of_kept(steps, {change.ref.key: change.kept for change in changes if change.kept})
    steps = retention.guarded(truth.obeyed(steps, situation.changes), _all_objects(intent, snapshot))
    found = findings.find(findings.Seen(intent, snapshot, situation, {ref.key: one for ref, one in decisions}, steps))
    revisions = (intent.old.digest if intent.old else "", intent.new.digest)
    changes = availability.foretold(situation.changes, snapshot, steps=steps.forward, history=intent.history)
    return Plan(
        kind=intent.kind,
        strategy=strategy.name,
        from_revision=revisions[0],
        to_revision=revisions[1],
        from_version=intent.old.version if intent.old else "",
        to_version=intent.new.version,
        changes=changes,
        findings=found,
        steps=steps,
        summary=facts.summary(situation, found),
        digest=digest_of(revisions, strategy.name, changes=situation.changes, steps=steps),
        facts=facts.facts_of(situation, changes, steps),
    )


def _all_objects(intent: Intent, snapshot: Snapshot) -> Iterable[KubeObject]:
    """What lives, and both revisions as they are written."""
    return (*snapshot.live.values(), *(intent.old.objects if intent.old else ()), *intent.new.objects)


def _told_of_autoscalers(steps: Steps, autoscaled: frozenset[str]) -> Steps:
    """Applying an autoscaled workload leaves its replicas alone, as the dry run did; the step must know it."""

    def told(step: Step) -> Step:
        if step.verb is not Verb.APPLY or step.target not in autoscaled:
            return step
        return replace(step, arguments={**step.arguments, "autoscaled": [step.target]})

    return Steps(tuple(map(told, steps.forward)), tuple(map(told, steps.back)))


def _told_of_kept(steps: Steps, kept: Mapping[str, tuple[tuple[str, str], ...]]) -> Steps:
    """What others keep is kept on the way there and on the way back."""

    def told(step: Step) -> Step:
        if step.verb is not Verb.APPLY or step.target not in kept:
            return step
        return replace(step, arguments={**step.arguments, "kept": sorted(name for name, _ in kept[step.target])})

    return Steps(tuple(map(told, steps.forward)), tuple(map(told, steps.back))) if kept else steps


def decide(intent: Intent, snapshot: Snapshot) -> tuple[tuple[Ref, Decision], ...]:
    """The class of every object of the new revision, of the old one and of the inventory."""
    decided = ((case.ref, classes.effect_of(case)) for case in _cases(intent, snapshot))
    return tuple((ref, decision) for ref, decision in decided if decision is not None)


def _cases(intent: Intent, snapshot: Snapshot) -> Iterable[Case]:
    new, old = _by_key(intent.new.objects), _by_key(intent.old.everything if intent.old else ())
    yield from _hook_cases(intent, snapshot, new)
    leaving = {ref.key: ref for ref in (*(obj.ref for obj in old.values()), *snapshot.inventory)}
    staying = {*new, *(obj.ref.key for obj in intent.new.hooks)}
    defined = _definitions(intent.new)
    for key, obj in new.items():
        served = (obj.api_version, obj.kind) in snapshot.served
        definition = defined.get((obj.ref.kind.group, obj.kind))
        yield Case(
            ref=obj.ref,
            desired=_as_sent(obj, intent, snapshot),
            live=snapshot.live.get(key),
            answer=snapshot.dry_runs.get(key),
            previous=old.get(key),
            served=served,
            after=_needed_first(obj, new, snapshot, definition=None if served else definition),
            schema_changes=definition is not None and _is_changing(definition, snapshot),
            foreign=snapshot.foreign.get(key, ""),
            is_rollback=intent.kind == "rollback",
            ignored=_set_by_the_run(obj, intent),
            rehearsal=snapshot.rehearsals.get(key),
            installer=installers.turn_of(obj, intent.profile, new=intent.new, old=intent.old),
            installs=installers.reason(intent.profile),
        )
    for key, ref in leaving.items():
        if key not in staying:
            live = snapshot.live.get(key)
            yield Case(
                ref=live.ref if live else ref,
                desired=None,
                live=None if key in snapshot.foreign else live,
                previous=old.get(key),
                data=data.why_data(live, populated=snapshot.populated) if live else "",
                accepted=data.is_accepted(ref, intent.accept_data_loss),
            )


def _hook_cases(intent: Intent, snapshot: Snapshot, new: Mapping[str, KubeObject]) -> Iterable[Case]:
    """Of each hook of the new revision that this change runs, once."""
    runs = [run for run in _runs(intent) if run.revision == intent.new.digest]
    for key in dict.fromkeys(run.key for run in runs):
        obj = next(run.obj for run in runs if run.key == key)
        live = snapshot.live.get(key)
        events = ", ".join(run.event for run in runs if run.key == key)
        yield Case(
            ref=obj.ref,
            desired=_as_sent(obj, intent, snapshot),
            live=live,
            answer=snapshot.dry_runs.get(key),
            served=(obj.api_version, obj.kind) in snapshot.served,
            after=_needed_first(obj, new, snapshot, definition=None),
            foreign=snapshot.foreign.get(key, ""),
            data=data.why_data(live, populated=snapshot.populated) if live else "",
            accepted=data.is_accepted(obj.ref, intent.accept_data_loss),
            hook=f"{events} hook",
        )


def _runs(intent: Intent) -> tuple[HookRun, ...]:
    return hooks.forward(intent.kind, intent.new, intent.old)


def _as_sent(obj: KubeObject, intent: Intent, snapshot: Snapshot) -> KubeObject:
    """Dressed; what others keep is as it lives, so that it is no difference."""
    dressed = dress(obj, intent.new.digest, autoscaled=snapshot.autoscaled, version=intent.new.version)
    live, kept = snapshot.live.get(obj.ref.key), _kept(snapshot, obj.ref)
    return keeping.filled(dressed, keeping.values(live, (name for name, _ in kept))) if live and kept else dressed


def _kept(snapshot: Snapshot, ref: Ref) -> tuple[tuple[str, str], ...]:
    answer = snapshot.dry_runs.get(ref.key)
    return answer.kept if answer else ()


def _set_by_the_run(obj: KubeObject, intent: Intent) -> frozenset[tuple[str, ...]]:
    """Paths that a run itself sets while it lasts: the application's own switch."""
    sessions = intent.profile.sessions
    switch = sessions.gate.switch if sessions else None
    if switch is None or (obj.kind, obj.name, obj.namespace) != ("ConfigMap", switch.config_map, intent.namespace):
        return frozenset()
    return frozenset({("data", switch.key)})


def _by_key(objects: Iterable[KubeObject]) -> dict[str, KubeObject]:
    return {obj.ref.key: obj for obj in objects}


def _definitions(revision: Revision) -> dict[tuple[str, str], KubeObject]:
    return {
        (obj.get("spec", "group", default=""), obj.get("spec", "names", "kind", default="")): obj
        for obj in revision.objects
        if obj.kind == "CustomResourceDefinition"
    }


def _is_changing(definition: KubeObject, snapshot: Snapshot) -> bool:
    live, answer = snapshot.live.get(definition.ref.key), snapshot.dry_runs.get(definition.ref.key)
    if live is None or answer is None or answer.result is None:
        return True
    return bool(diff.compare(live, answer.result))


def _needed_first(
    obj: KubeObject, new: Mapping[str, KubeObject], snapshot: Snapshot, *, definition: KubeObject | None
) -> str:
    if definition is not None:
        return str(definition.ref)
    home = f"Namespace//{obj.namespace}"
    if obj.namespace and home in new and home not in snapshot.live:
        return str(new[home].ref)
    return ""


def _changes(intent: Intent, snapshot: Snapshot, decisions: Iterable[tuple[Ref, Decision]]) -> tuple[ObjectChange, ...]:
    old = intent.old
    masking = Masking.of(
        intent.masking_key,
        (*intent.new.secrets, *(old.secrets if old else ())),
        objects=(*intent.new.everything, *(old.everything if old else ()), *snapshot.live.values()),
    )
    new = _by_key(intent.new.everything)
    return tuple(
        ObjectChange(
            ref=ref,
            effect=decision.effect,
            reason=masking.sentence(decision.reason),
            fields=shown(_knowable(decision.differences, snapshot, ref), ref.kind.name, masking=masking),
            holds_data=_holds_data(ref, snapshot, new),
            restarts=masking.sentence(decision.restarts),
            handler=decision.handler,
            kept=_kept(snapshot, ref),
        )
        for ref, decision in decisions
    )


def _knowable(differences: Iterable[Difference], snapshot: Snapshot, ref: Ref) -> Iterable[Difference]:
    """The differences; a value that a webhook makes up each time is said to be unknown."""
    answer = snapshot.dry_runs.get(ref.key)
    paths = answer.unknowable if answer else frozenset()
    return (replace(one, after=UNKNOWABLE) if one.path in paths else one for one in differences)


def _with_bridges(changes: tuple[ObjectChange, ...], intent: Intent, snapshot: Snapshot) -> tuple[ObjectChange, ...]:
    followers = bridging.bridged(changes, snapshot.live, _by_key(intent.new.objects))
    return tuple(replace(one, handler=bridging.BRIDGE) if one.ref.key in followers else one for one in changes)


def _holds_data(ref: Ref, snapshot: Snapshot, new: Mapping[str, KubeObject]) -> bool:
    obj = snapshot.live.get(ref.key) or new.get(ref.key)
    return obj is not None and bool(data.why_data(obj, populated=snapshot.populated))


def _situation(intent: Intent, snapshot: Snapshot, *, changes: tuple[ObjectChange, ...]) -> Situation:
    old = intent.old
    before = installers.installers_of(old, intent.profile)
    known = _by_key(old.everything if old else ())
    back = wayback.undone(changes, known, _by_key(intent.new.everything), installers=before)
    return Situation(
        kind=intent.kind,
        namespace=intent.namespace,
        new=_side(intent.new, keys=_standing(changes, intent.new, snapshot)),
        old=_side(old, keys=_standing(back, old, snapshot)) if old else None,
        waves=in_waves(changes, intent.new, _runs(intent)),
        way_back=in_waves(back, old or Revision("", (), ""), hooks.backward(intent.new, old)),
        profile=intent.profile,
        parameters=intent.parameters,
        estimates=_estimates(intent, snapshot, changes),
        policy_gate=snapshot.policy_gate,
        stores=tuple(store for store in intent.profile.data if store.claim in snapshot.claims),
        back_needs_restore=epochs.back_needs_restore(intent),
        no_way_back=apis.no_way_back(old, snapshot.served, snapshot.live),
    )


def _estimates(intent: Intent, snapshot: Snapshot, changes: tuple[ObjectChange, ...]) -> Estimates:
    """Going back, too, all must stay healthy for a while, and a restore takes as long as its backup did."""
    chosen = intent.parameters.hold_seconds
    hold = HEALTHY_HOLD_SECONDS if chosen is None else chosen
    found = estimate(changes, snapshot.live, history=intent.history, hold_seconds=hold)
    copying = intent.history.copy_seconds
    restoring = copying if epochs.back_needs_restore(intent) else 0.0
    return replace(found, copy_seconds=copying, rollback_seconds=found.rollback_seconds + hold + restoring)


def _standing(changes: Iterable[ObjectChange], revision: Revision, snapshot: Snapshot) -> tuple[str, ...]:
    """What is there when this revision runs: not a Job that is not run again, nor what is neither live nor applied.

    An installer is judged by its own step.
    """
    by_key = {change.ref.key: change for change in changes}
    keys = (obj.ref.key for obj in revision.objects)
    run_apart = {change.ref.key for change in by_key.values() if change.handler == installers.HANDLER}
    there = (key for key in keys if (is_applied(by_key[key]) if key in by_key else key in snapshot.live))
    return tuple(key for key in there if key not in run_apart)


def _side(revision: Revision, *, keys: tuple[str, ...]) -> Side:
    return Side(
        version=revision.version,
        digest=revision.digest,
        informers=revision.informers,
        reads_epochs=revision.reads_epochs,
        writes_epoch=revision.writes_epoch,
        keys=keys,
    )
