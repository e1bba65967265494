"""The class of every object: what happens to it, and why. Pure; `effect_of` is the rule list."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from changeover.objects import KubeObject, Ref
from changeover.plan import apis, diff, hooks, immutables, installers, restarts
from changeover.plan.diff import ABSENT, Difference, Path
from changeover.plan.immutables.frozen import Frozen
from changeover.plan.immutables.job import is_unfinished
from changeover.plan.immutables.remedy import READOPT, Remedy
from changeover.plan.model import DryRun, Effect, Rehearsal
from changeover.plan.strategy import NOT_RUN_AGAIN, SHARED
from changeover.render.ordering import ON_ROLLBACK

_VALUE = re.compile(r"(Invalid|Unsupported|Duplicate) value: .*(?=: )", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known of one object."""

    ref: Ref
    desired: KubeObject | None
    """As it would be sent (dressed); None when the new revision does not have it."""
    live: KubeObject | None
    answer: DryRun | None = None
    previous: KubeObject | None = None
    """As the old revision has it."""
    served: bool = True
    after: str = ""
    """The definition or Namespace of the same release that it needs first: ``Namespace/x``; empty = none missing."""
    schema_changes: bool = False
    """Its CustomResourceDefinition is part of the release and there already: an answer counts for the old schema."""
    foreign: str = ""
    """Id of another ApplySet that it belongs to."""
    data: str = ""
    """Why it holds data; empty = it does not."""
    accepted: bool = False
    """Its name was typed: its data may go."""
    is_rollback: bool = False
    """An earlier revision shall run again: its Jobs had run, and are not run again unless they say so."""
    ignored: frozenset[Path] = frozenset()
    """Paths that a run itself sets while it lasts; no difference there counts."""
    rehearsal: Rehearsal | None = None
    """What the server says of the halves of a change that it refuses as a whole."""
    installer: str = ""
    """For a Job that installs the application itself: run | idle (`plan.installers`)."""
    installs: str = ""
    """What is said of such a Job."""
    hook: str = ""
    """For a hook that runs in this change: what is said of it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to one object; `reference` names the finding that a forbidden or unknown one becomes."""

    effect: Effect
    reason: str = ""
    differences: tuple[Difference, ...] = ()
    restarts: str = ""
    reference: str = ""
    hint: str = ""
    handler: str = ""


def effect_of(case: Case) -> Decision | None:
    """Decide what happens to one object; None = it neither is nor shall be. Looks at nothing but the case.

    Not in the new revision:

    * not live -> nothing
    * marked to be kept (``kots.io/keep``, ``helm.sh/resource-policy: keep``) -> keep
    * holds data and its name was not typed -> keep; otherwise -> prune

    In the new revision, another set's:

    * a definition that serves every version of ours -> unchanged, shared: it is not touched
    * otherwise -> forbidden

    In the new revision, and not live:

    * needs a definition or Namespace of the same release first -> create (after it)
    * kind or version not served -> forbidden
    * an installer, live or not: its turn -> unknown, run by a step of its own; at work -> forbidden; else not run again
    * a Job that the old revision has unchanged, or on a rollback -> unchanged, not run again (it ran and was removed)
    * the dry run succeeded -> create; refused -> forbidden; no answer -> unknown

    In the new revision, and live:

    * part of another ApplySet -> forbidden; being deleted -> unknown
    * its definition changes with the same release and the dry run was refused -> unknown
    * the dry run succeeded: no difference -> unchanged; pods' template differs -> restart; otherwise -> patch
    * a claim that is larger than wanted: when the release itself shrinks it -> forbidden; otherwise it stays as large
    * refused, a Job whose work differs: still running -> forbidden; on a rollback -> prune (the earlier one had run;
      an annotation of its author may say that it is to be run again); otherwise -> recreate
    * refused for an immutable field that has a remedy, and the server would take both halves of the change ->
      recreate-keeping-pods or recreate, with its price, and the restarts of what follows as an ordinary rollout
    * refused, otherwise -> forbidden, with the field; no answer -> unknown
    """
    if case.desired is None:
        return _leaving(case)
    if case.foreign:
        return _foreign(case, case.desired)
    if case.installer:
        return _installer(case)
    if case.hook:
        return _hook(case, case.desired)
    return _arriving(case, case.desired) if case.live is None else _staying(case, case.desired, case.live)


def _foreign(case: Case, desired: KubeObject) -> Decision:
    if _is_shared(desired, case.live):
        return Decision(Effect.UNCHANGED, f"{SHARED}: another Installation looks after it ({case.foreign})")
    return Decision(
        Effect.FORBIDDEN,
        f"it belongs to another ApplySet ({case.foreign})",
        reference="foreign-object",
        hint="remove it from the other set first, or take it out of this release",
    )


def _is_shared(desired: KubeObject, live: KubeObject | None) -> bool:
    """A definition that serves every version of ours: two Installations of a chart in one cluster need it once."""
    if desired.kind != "CustomResourceDefinition" or live is None:
        return False
    ours, theirs = (
        {str(one.get("name")) for one in obj.get("spec", "versions", default=[]) if one.get("served")}
        for obj in (desired, live)
    )
    return bool(ours) and ours <= theirs


def _installer(case: Case) -> Decision:
    if case.installer == installers.IDLE:
        return Decision(Effect.UNCHANGED, f"{NOT_RUN_AGAIN}: nothing of the release differs from what it ran for")
    if case.live is not None and is_unfinished(case.live) and not case.live.terminating:
        hint = "two installers at once would undo each other: wait until it has ended, then plan again"
        return Decision(Effect.FORBIDDEN, "it is at work already", reference="job-running", hint=hint)
    if case.live is None and case.answer is not None and case.answer.result is None and _is_final(case.answer):
        return _refused(case)
    hint = "read the release's notes; the step keeps its log and judges it by its exit and by Helm's record"
    return Decision(
        Effect.UNKNOWN, case.installs, reference=installers.REFERENCE, hint=hint, handler=installers.HANDLER
    )


def _hook(case: Case, desired: KubeObject) -> Decision:
    """Made anew each time; a definition alone is changed in place, for all objects of its kind would go with it."""
    live = case.live
    if live is None:
        found = _arriving(case, desired)
        text = f"{case.hook}, {found.reason}" if found.reason else case.hook
        return replace(found, reason=text, handler=hooks.HANDLER) if found.effect is Effect.CREATE else found
    if desired.kind == "CustomResourceDefinition":
        return Decision(Effect.PATCH, case.hook, handler=hooks.HANDLER)
    if live.kind == "Job" and is_unfinished(live) and not live.terminating:
        hint = "wait until it has ended, or delete it yourself if it may be cut off; then plan again"
        return Decision(Effect.FORBIDDEN, f"{case.hook}, still at work", reference="job-running", hint=hint)
    if case.data and not case.accepted:
        hint = f"save its data first; to make it anew, name it: {case.ref}"
        return Decision(Effect.FORBIDDEN, f"{case.hook}, but {case.data}", reference="holds-data", hint=hint)
    return Decision(Effect.RECREATE, f"{case.hook}; the earlier one is removed first", handler=hooks.HANDLER)


def _leaving(case: Case) -> Decision | None:
    if case.live is None:
        return None
    if is_marked_keep(case.live) or (case.previous is not None and is_marked_keep(case.previous)):
        return Decision(Effect.KEEP, "it is marked to be kept")
    if case.live.terminating:
        return Decision(Effect.PRUNE, "it is being deleted already")
    if case.data and not case.accepted:
        return Decision(Effect.KEEP, f"the release no longer has it, but {case.data}", reference="data-removed")
    return Decision(Effect.PRUNE, "the release no longer has it")


def is_marked_keep(obj: KubeObject) -> bool:
    """Whether its author said that it must outlive the release."""
    return obj.annotations.get("kots.io/keep") == "true" or obj.annotations.get("helm.sh/resource-policy", "") == "keep"


def _arriving(case: Case, desired: KubeObject) -> Decision:
    if case.after:
        return Decision(Effect.CREATE, f"after {case.after}")
    if not case.served:
        return _unserved(case)
    if desired.kind == "Job" and _has_run(case, desired):
        return Decision(Effect.UNCHANGED, f"{NOT_RUN_AGAIN}: it ran for an earlier revision and was removed since")
    if case.answer is not None and case.answer.result is not None:
        return Decision(Effect.CREATE)
    return _refused(case)


def _has_run(case: Case, job: KubeObject) -> bool:
    if case.is_rollback:
        return not runs_on_rollback(job)
    return case.previous is not None and _same_work(case.previous, job)


def runs_on_rollback(job: KubeObject) -> bool:
    """Whether its author wants it to run again when its revision is gone back to."""
    return job.annotations.get(ON_ROLLBACK) == "run"


def _same_work(previous: KubeObject, desired: KubeObject) -> bool:
    return not tuple(immutables.job.frozen_fields(previous, desired)) and not tuple(
        immutables.job.frozen_fields(desired, previous)
    )


def _staying(case: Case, desired: KubeObject, live: KubeObject) -> Decision:
    if live.terminating:
        return Decision(
            Effect.UNKNOWN, "it is being deleted", reference="object-terminating", hint="plan again when it is gone"
        )
    if case.answer is None or case.answer.result is None:
        if live.kind == "Job" and case.answer is not None:
            return _job(case, desired, live)
        return _refused(case)
    if live.kind == "PersistentVolumeClaim" and immutables.persistentvolumeclaim.shrinks(live, desired):
        return _larger(case, desired, live)
    return _changing(live, case.answer.result, case.ignored)


def _larger(case: Case, desired: KubeObject, live: KubeObject) -> Decision:
    """The claim is larger than the manifest wants it; it was asked for as large as it is."""
    by_release = case.previous is not None and immutables.persistentvolumeclaim.shrinks(case.previous, desired)
    if by_release and not case.is_rollback:
        return _immutable(case, immutables.frozen_fields(live, desired))
    result = case.answer.result if case.answer else None
    return replace(_changing(live, result or live, case.ignored), reason="it stays as large as it is: none can shrink")


def _changing(live: KubeObject, result: KubeObject, ignored: frozenset[Path]) -> Decision:
    differences = tuple(one for one in diff.compare(live, result) if one.path not in ignored)
    if not differences:
        return Decision(Effect.UNCHANGED)
    causes = restarts.restart_causes(live.ref.kind.group_kind, differences)
    if not causes:
        return Decision(Effect.PATCH, differences=differences)
    if later := restarts.why_not_now(result):
        return Decision(Effect.PATCH, f"no pod restarts now: {later}", differences)
    text = restarts.restart_text(live, result, causes)
    return Decision(Effect.RESTART, differences=differences, restarts=text)


def _job(case: Case, desired: KubeObject, live: KubeObject) -> Decision:
    frozen = immutables.frozen_fields(live, desired)
    if not frozen:
        return _refused(case)
    differences = tuple(one.difference for one in frozen)
    if is_unfinished(live):
        return Decision(
            Effect.FORBIDDEN,
            "it is still running, and a running Job is never deleted",
            differences,
            reference="job-running",
            hint="wait until it has ended, or delete it yourself if it may be cut off; then plan again",
        )
    if case.is_rollback and not runs_on_rollback(desired):
        return Decision(Effect.PRUNE, f"the Job of the earlier revision is {NOT_RUN_AGAIN}", differences)
    return Decision(Effect.RECREATE, "its work differs; the finished one is deleted first", differences)


def _refused(case: Case) -> Decision:
    answer = case.answer or DryRun(None, message="there was no dry run")
    if not _is_final(answer):
        return Decision(
            Effect.UNKNOWN,
            f"the API server gave no answer: {answer.message}",
            reference="unpredictable",
            hint="plan again",
        )
    if case.schema_changes:
        return Decision(Effect.UNKNOWN, "its definition changes with this release", reference="unpredictable-yet")
    if not case.served:
        return _unserved(case)
    frozen: tuple[Frozen, ...] = ()
    if case.live is not None and case.desired is not None and _may_be_immutable(case, answer):
        frozen = immutables.frozen_fields(case.live, case.desired)
    return _immutable(case, frozen) if frozen else _by_causes(case, answer)


def _may_be_immutable(case: Case, answer: DryRun) -> bool:
    """A claim that cannot grow is refused with 403, as admission does; everything else with 422."""
    return answer.status == 422 or (answer.status == 403 and case.ref.kind.name == "PersistentVolumeClaim")


def _immutable(case: Case, frozen: tuple[Frozen, ...]) -> Decision:
    fields = ", ".join(dict.fromkeys(one.difference.text for one in frozen))
    reason = f"Kubernetes does not change {fields}: {frozen[0].reason}"
    remedy = immutables.remedy(case.live, case.desired, frozen) if case.live and case.desired else None
    if remedy and case.live and case.rehearsal:
        return _remedied(case, remedy, frozen, reason=reason)
    return Decision(
        Effect.FORBIDDEN,
        reason,
        tuple(one.difference for one in frozen),
        reference="immutable-field",
        hint=frozen[0].hint,
    )


def _remedied(case: Case, remedy: Remedy, frozen: tuple[Frozen, ...], *, reason: str) -> Decision:
    """Both halves must be acceptable: nothing is deleted that could not be made again."""
    rehearsal = case.rehearsal or Rehearsal(DryRun(None))
    for half in (rehearsal.as_new, rehearsal.in_place):
        if half is not None and half.result is None:
            if _is_final(half):
                return _by_causes(case, half)
            return Decision(
                Effect.UNKNOWN,
                f"the API server gave no answer: {half.message}",
                reference="unpredictable",
                hint="plan again",
            )
    differences = tuple(one.difference for one in frozen)
    text = f"{reason}; {remedy.price}"
    half = rehearsal.in_place
    if remedy.handler != READOPT or case.live is None or half is None or half.result is None:
        return Decision(remedy.effect, text, differences, handler=remedy.handler)
    later = _changing(case.live, half.result, case.ignored)
    labels = _relabelled(case)
    if later.restarts:
        text += "; then an ordinary rollout"
    return Decision(
        remedy.effect,
        text,
        (*differences, *labels, *later.differences),
        restarts=later.restarts,
        handler=remedy.handler,
    )


def _relabelled(case: Case) -> tuple[Difference, ...]:
    path = ("spec", "template", "metadata", "labels")
    before = case.live.get(*path, default={}) if case.live else {}
    after = case.desired.get(*path, default={}) if case.desired else {}
    return tuple(
        Difference((*path, name), before.get(name, ABSENT), after.get(name, ABSENT))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def _by_causes(case: Case, answer: DryRun) -> Decision:
    differences = tuple(_difference(case, field) for _, field, _ in answer.causes if field)
    told = [f"{field}: {_without_value(message)}".removeprefix(": ") for _, field, message in answer.causes]
    return Decision(
        Effect.FORBIDDEN,
        f"the API server refuses it: {'; '.join(told) or _without_value(answer.message)}",
        differences,
        reference="refused-object",
        hint="the release or the cluster has to change",
    )


def _without_value(message: str) -> str:
    """The server repeats refused values, whole pod templates with their secrets: they are not passed on."""
    return _VALUE.sub("invalid value", message)


def _difference(case: Case, field: str) -> Difference:
    path = tuple(field.replace("[", ".[").split("."))
    before = case.live.get(*path, default=ABSENT) if case.live else ABSENT
    after = case.desired.get(*path, default=ABSENT) if case.desired else ABSENT
    return Difference(path, before, after)


def _unserved(case: Case) -> Decision:
    return Decision(
        Effect.FORBIDDEN,
        f"the cluster does not serve {case.ref.kind.api_version} {case.ref.kind.name}",
        reference="unserved-api",
        hint=apis.hint(case.ref.kind)
        or "a release for this version of Kubernetes is needed, or the definition has to be installed first",
    )


def _is_final(answer: DryRun) -> bool:
    """Whether the same question would get the same answer: a schema error comes as a 500 too."""
    is_refusal = 400 <= answer.status < 500 and answer.status != 429
    return is_refusal or "failed to create typed patch" in answer.message
