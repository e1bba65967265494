"""What the operator must know before pressing the button: one small rule each, all pure.

A finding blocks, warns, or notes. Rules that look at the steps say something only when a step does the risky thing: the
gate's selector matters when a gate is closed, an autoscaler when a step scales.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from changeover.objects import FIELD_MANAGER, KubeObject
from changeover.plan import (
    apis,
    data,
    epochs,
    installers,
    neighbours,
    rbac,
    restarts,
    retention,
    room,
    settings_behind,
)
from changeover.plan.classes import Decision
from changeover.plan.intent import Intent
from changeover.plan.model import Effect, Finding, ObjectChange, Severity, Snapshot
from changeover.plan.steps import Steps, Verb
from changeover.plan.strategy import Situation

_NAMED = 5
_TOLERATED = frozenset({"unpredictable-yet", installers.REFERENCE})
"""Why an object's fate may be unknown, and the plan runs nevertheless."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that a rule may look at."""

    intent: Intent
    snapshot: Snapshot
    situation: Situation
    decisions: Mapping[str, Decision]
    """By `Ref.key`."""
    steps: Steps

    def targets(self, *verbs: Verb) -> tuple[str, ...]:
        """Targets of the forward steps with one of these verbs."""
        return tuple(step.target for step in self.steps.forward if step.verb in verbs)


Rule = Callable[[Seen], Iterator[Finding]]


def find(seen: Seen) -> tuple[Finding, ...]:
    """All findings, what blocks first."""
    found = [*seen.intent.findings, *epochs.findings(seen.intent)]
    for rule in RULES:
        found.extend(rule(seen))
    order = list(Severity)
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def _objects(seen: Seen) -> Iterator[Finding]:
    """Objects that cannot be brought about, or whose fate is not known."""
    for change in seen.situation.changes:
        decision = seen.decisions[change.ref.key]
        if decision.reference and change.effect in {Effect.FORBIDDEN, Effect.UNKNOWN}:
            severity = Severity.WARNS if decision.reference in _TOLERATED else Severity.BLOCKS
            yield Finding(
                decision.reference,
                severity,
                f"{change.ref}: {change.reason}.",
                found=_fields(change),
                hint=decision.hint,
                ref=change.ref,
            )


def _fields(change: ObjectChange) -> str:
    told = [f"{field.path}: {field.before or 'nothing'} -> {field.after or 'nothing'}" for field in change.fields]
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return "; ".join(told[:_NAMED]) + more


def _data(seen: Seen) -> Iterator[Finding]:
    """Data that the new revision no longer has a place for."""
    keeps_all = seen.intent.kind == "uninstall"
    for change in seen.situation.changes:
        if seen.decisions[change.ref.key].reference == "data-removed":
            yield Finding(
                "data-removed",
                Severity.NOTES if keeps_all else Severity.BLOCKS,
                f"{change.ref} {'stays' if keeps_all else 'would be removed'}: {change.reason}.",
                found="its name was not typed",
                hint=f"save its data first; to remove it, name it: {change.ref}",
                ref=change.ref,
            )
        elif change.effect is Effect.PRUNE and change.holds_data:
            yield Finding(
                "data-goes",
                Severity.WARNS,
                f"{change.ref} is removed with the data that it holds; its name was typed.",
                ref=change.ref,
            )


def _rights(seen: Seen) -> Iterator[Finding]:
    """Rights that the account lacks."""
    if not seen.snapshot.denied:
        return
    intent = seen.intent
    verbs = frozenset(step.verb for step in (*seen.steps.forward, *seen.steps.back))
    denied = rbac.without_unneeded(
        seen.snapshot.denied, (intent.new, intent.old), namespace=intent.namespace, verbs=verbs
    )
    if denied:
        yield Finding(
            "missing-rights",
            Severity.BLOCKS,
            f"{len(denied)} rights are missing.",
            found=_list(denied),
            hint="`changeover plan rbac` prints a role with exactly the rights that this plan needs",
        )


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _pods(seen: Seen) -> Iterator[Finding]:
    """Settings that change while the pods that read them do not restart, and rollouts that find no room."""
    new = {obj.ref.key: obj for obj in seen.intent.new.objects}
    yield from settings_behind.findings(seen.situation.changes, new)
    yield from room.findings(seen.situation.changes, new, seen.snapshot.rooms)


_CHOICES = {
    "take": "--conflicts keep leaves them as they are, now and later; with --conflicts stop the run does not begin",
    "stop": "--conflicts take takes them over, --conflicts keep leaves them as they are, now and later",
}


def _conflicts(seen: Seen) -> Iterator[Finding]:
    """Fields that others have set: the run takes them over, leaves them alone, or stops, as was chosen."""
    stops = seen.intent.parameters.conflicts == "stop"
    for change in seen.situation.changes:
        yield from _kept(change)
        answer = seen.snapshot.dry_runs.get(change.ref.key)
        owners = [owner for owner in (answer.owners if answer else ()) if owner[0] != FIELD_MANAGER]
        if owners:
            yield Finding(
                "field-conflict",
                Severity.BLOCKS if stops else Severity.WARNS,
                f"{change.ref}: {len(owners)} fields were set by others" + ("." if stops else " and are taken over."),
                found=_list([f"{field} by {manager}" for manager, field in owners]),
                hint=_CHOICES["stop" if stops else "take"],
                ref=change.ref,
            )


def _kept(change: ObjectChange) -> Iterator[Finding]:
    if change.kept:
        yield Finding(
            "fields-kept",
            Severity.NOTES,
            f"{change.ref}: {len(change.kept)} fields stay as others have set them.",
            found=_list([f"{field} by {manager}" for field, manager in change.kept]),
            hint=f"`changeover fields take {change.ref}` lets the release set them again",
            ref=change.ref,
        )


def _neighbours(seen: Seen) -> Iterator[Finding]:
    """Services of others that would lose the pods they select."""
    new = {obj.ref.key: obj for obj in seen.intent.new.objects}
    yield from neighbours.findings(seen.situation.changes, seen.snapshot.services, live=seen.snapshot.live, new=new)


def _served(seen: Seen) -> Iterator[Finding]:
    """Versions that this cluster does not serve, which only the way back needs, and those that go with its upgrade."""
    if seen.intent.kind != "uninstall":
        yield from apis.for_the_way_back(seen.intent.old, seen.snapshot.served, seen.snapshot.live)
        yield from apis.removed_later(seen.intent.new, seen.snapshot.served)


def _gate(seen: Seen) -> Iterator[Finding]:
    """A gate that would lock out the application's own pods, or one without the admission policy."""
    if not any(step.verb is Verb.CLOSE_GATE for step in seen.steps.forward):
        return
    sessions = seen.intent.profile.sessions
    for obj in seen.intent.new.objects if sessions else ():
        if sessions and _matches(sessions.selector, _pod_labels(obj)):
            yield Finding(
                "gate-matches-release",
                Severity.BLOCKS,
                f"{obj.ref}: its pods carry the labels of a session, so the closed gate would refuse them.",
                found=sessions.selector,
                hint="narrow the sessions' selector in the profile",
                ref=obj.ref,
            )
    if not seen.snapshot.policy_gate and (sessions is None or sessions.gate.switch is None):
        yield Finding(
            "no-gate",
            Severity.BLOCKS,
            "Nothing can keep new sessions out: neither the admission policy nor a switch of the application is there.",
            hint="an administrator installs the policy once (`changeover setup`), or the profile names the switch",
        )
    elif not seen.snapshot.policy_gate:
        yield Finding(
            "gate-without-policy",
            Severity.WARNS,
            "The gate is closed by the application's own switch only: the admission policy is not in the cluster.",
            hint="an administrator installs it once (`changeover setup`)",
        )


def _pod_labels(obj: KubeObject) -> Mapping[str, str]:
    if obj.kind == "Pod":
        return obj.labels
    if obj.kind == "CronJob":
        labels = obj.get("spec", "jobTemplate", "spec", "template", "metadata", "labels", default={})
    else:
        labels = obj.get("spec", "template", "metadata", "labels", default={})
    return labels if isinstance(labels, Mapping) else {}


def _matches(selector: str, labels: Mapping[str, str]) -> bool:
    pairs = [part.strip().partition("=") for part in selector.split(",") if part.strip()]
    return bool(pairs) and all(labels.get(name.strip()) == value.strip("= ") for name, _, value in pairs)


def _scaling(seen: Seen) -> Iterator[Finding]:
    """Autoscaled workloads: their replicas are the autoscaler's, unless a step scales them."""
    scaled = {target.lower() for target in seen.targets(Verb.SCALE)}
    for key, obj in seen.snapshot.live.items():
        is_scaled = f"{obj.kind}/{obj.name}".lower() in scaled or key.lower() in scaled
        if key in seen.snapshot.autoscaled:
            text = "a step scales it to 0, where the autoscaler rests" if is_scaled else "its replicas are not touched"
            severity = Severity.WARNS if is_scaled else Severity.NOTES
            yield Finding("autoscaled", severity, f"{obj.ref} is scaled by an autoscaler: {text}.", ref=obj.ref)


def _shrinking(seen: Seen) -> Iterator[Finding]:
    """StatefulSets of which the release wants fewer pods, and that then delete the claims of those that go."""
    for change in seen.situation.changes:
        live, after = seen.snapshot.live.get(change.ref.key), _after(seen, change.ref.key)
        if live is None or after is None or not retention.deletes(after, "whenScaled"):
            continue
        before, left = restarts.pods_of(live), int(after.get("spec", "replicas", default=1))
        if change.ref.key in seen.snapshot.autoscaled or left >= before or not change.holds_data:
            continue
        yield Finding(
            "scaling-deletes-claims",
            Severity.WARNS if data.is_accepted(change.ref, seen.intent.accept_data_loss) else Severity.BLOCKS,
            f"{change.ref} deletes the claims of the pods that go when it is scaled down, and the release does that.",
            found=f"replicas: {before} -> {left}, {retention.POLICY}.whenScaled: Delete",
            hint=f"save their data first, or set the policy to Retain; to let them go, name it: {change.ref}",
            ref=change.ref,
        )


def _after(seen: Seen, key: str) -> KubeObject | None:
    """As the server says that it will be."""
    rehearsal, answer = seen.snapshot.rehearsals.get(key), seen.snapshot.dry_runs.get(key)
    found = rehearsal.in_place if rehearsal and rehearsal.in_place else answer
    return found.result if found else None


def _answers(seen: Seen) -> Iterator[Finding]:
    """Required answers that nobody gave, and a stop that was left out."""
    if seen.intent.missing_answers:
        yield Finding(
            "missing-answers",
            Severity.BLOCKS,
            f"Required answers that are missing: {len(seen.intent.missing_answers)}.",
            found=_list(seen.intent.missing_answers),
            hint="give them with `--set NAME=VALUE` or `changeover config set NAME=VALUE`",
        )
    if seen.intent.requires_from:
        yield Finding("requires-from", Severity.BLOCKS, seen.intent.requires_from)


def _backup(seen: Seen) -> Iterator[Finding]:
    """Data stores of the profile that cannot be backed up because their claim is not there."""
    for store in seen.intent.profile.data:
        if seen.intent.old is not None and store.claim not in seen.snapshot.claims:
            yield Finding(
                "claim-missing",
                Severity.WARNS,
                f"The data store {store.name} is not backed up: there is no claim {store.claim}.",
                hint="correct the profile's data section when the claim has another name",
            )


def _switch(seen: Seen) -> Iterator[Finding]:
    """A release that carries the ConfigMap of the application's own switch."""
    sessions = seen.intent.profile.sessions
    switch = sessions.gate.switch if sessions else None
    closes = any(step.verb is Verb.CLOSE_GATE for step in seen.steps.forward)
    for obj in seen.intent.new.objects if switch and closes else ():
        if (
            switch
            and (obj.kind, obj.name) == ("ConfigMap", switch.config_map)
            and obj.get("data", switch.key) is not None
        ):
            yield Finding(
                "switch-in-release",
                Severity.NOTES,
                f"{obj.ref} is part of the release and of the gate: applying it sets {switch.key} back.",
                hint="the admission policy keeps the gate closed; the vendor should leave that key out of the release",
                ref=obj.ref,
            )


RULES: tuple[Rule, ...] = (
    _objects,
    _data,
    _rights,
    _answers,
    _gate,
    _switch,
    _scaling,
    _shrinking,
    _served,
    _conflicts,
    _neighbours,
    _pods,
    _backup,
)
