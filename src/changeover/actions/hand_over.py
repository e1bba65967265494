"""Hand a run to a Job in the cluster, which carries it to its end: a closed laptop then pauses nothing.

The Job belongs to the run and goes with it. Its pod runs `changeover resume RUN --to-the-end` under an account that
somebody made beforehand: Changeover grants no rights, it checks that they are there (`changeover plan rbac --account`).
Who kills the pod loses nothing: the Job makes another, which reads the journal and goes on.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from changeover.actions import execute, runs_of
from changeover.actions.outside import Outside
from changeover.actions.prepare import Prepared
from changeover.errors import Problem
from changeover.objects import Kind, KubeObject, Ref
from changeover.plan import rbac
from changeover.plan.rbac import Right
from changeover.ports import AlreadyExists
from changeover.runs.state import RunState
from changeover.settings import ACCOUNTS, ENGINE, EXECUTOR_LABEL, INSTALLATION_LABEL, REQUEST_ANNOTATION, RUN_LABEL

_ATTEMPTS = 50
"""Pods that the Job makes before it gives up; each goes on where the last one died."""
_ENDED = (3, 4)
"""Exit codes of a run that ended otherwise than wished: another pod would change nothing."""
_SHOWN = 4
_START_SECONDS = 120
_PATIENCE = 10
HOPELESS = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError"})


class NotHandedOver(Problem):
    """The run cannot go on inside the cluster; nothing was begun."""

    reference = "not-handed-over"
    exit_code = 3


class PodStuck(Problem):
    """The pod that is to execute a run does not start."""

    reference = "pod-stuck"


@dataclass(frozen=True, slots=True)
class Place:
    """What runs it there: the product's image, and an account of the namespace."""

    image: str
    account: str = ENGINE
    """The engine speaks as the other accounts of the namespace; any other account does everything itself."""


async def begin(outside: Outside, prepared: Prepared, place: Place) -> KubeObject:
    """Create the run and the Job that carries it out; returns the run once its pod has started.

    Ask `refuse` first. Raises PodStuck when the pod cannot start; the run then waits.
    """
    run = await execute.create(outside, prepared)
    with contextlib.suppress(AlreadyExists):
        await outside.cluster.create(_job(run, place))
    await _started(outside, run)
    return run


async def _started(outside: Outside, run: KubeObject) -> None:
    selector, began = f"{RUN_LABEL}={run.name},{EXECUTOR_LABEL}", outside.clock.monotonic()
    reason = "no pod yet"
    while outside.clock.monotonic() - began < _START_SECONDS:
        for pod in await outside.cluster.list(Kind("v1", "Pod"), namespace=run.namespace, selector=selector):
            phase = pod.get("status", "phase", default="")
            if phase in ("Running", "Succeeded"):
                return
            reason = await _died(outside, pod) if phase == "Failed" else _waits(pod) or reason
        if reason in HOPELESS and outside.clock.monotonic() - began > _PATIENCE:
            break
        await outside.clock.sleep(0.5)
    raise PodStuck(
        f"The pod that executes {run.name} does not start; nothing was changed, and the run waits.",
        found=reason,
        hint=f"Job changeover-{run.name} keeps trying. `changeover resume {run.name}` executes it here instead",
    )


async def _died(outside: Outside, pod: KubeObject) -> str:
    said = await outside.cluster.logs(pod.ref, tail=5)
    return f"pod {pod.name} ended at once: {said.strip() or 'without a word'}"


def _waits(pod: KubeObject) -> str:
    states = pod.get("status", "containerStatuses", default=[]) or []
    waiting: Mapping[str, Any] = next(
        (state["state"]["waiting"] for state in states if "waiting" in state.get("state", {})), {}
    )
    conditions = pod.get("status", "conditions", default=[]) or []
    unscheduled = next((one.get("message", "") for one in conditions if one.get("reason") == "Unschedulable"), "")
    return str(waiting.get("reason") or unscheduled)


async def to_the_end(
    outside: Outside, installation: str, name: str, *, tell: execute.Tell
) -> tuple[KubeObject, RunState]:
    """Carry a run on until it has ended, also through questions: each waits here for its answer."""
    while True:
        run, state = await execute.go_on(outside, installation, name, tell=tell)
        if state.question is None:
            return run, state
        while not await _asked(outside, run, state):
            await outside.clock.sleep(2.0)


async def _asked(outside: Outside, run: KubeObject, state: RunState) -> bool:
    """Whether somebody has asked something that the run has not heard yet."""
    asked = (await runs_of.named(outside, "", run.name)).annotations.get(REQUEST_ANNOTATION, "")
    return bool(asked) and not any(name in asked for name in state.requests)


async def refuse(outside: Outside, prepared: Prepared, place: Place) -> None:
    """Raise NotHandedOver when it could not be carried out there."""
    if not place.image:
        raise NotHandedOver(
            "A run in the cluster needs the product's image.",
            hint="--image registry/changeover@sha256:… or CHANGEOVER_IMAGE; `make image` builds it",
        )
    backup = prepared.installation.get("spec", "policy", "backup", default={})
    destination = str(backup.get("destination") or "")
    if destination and not (destination.startswith("pvc:") and backup.get("image")):
        raise NotHandedOver(
            "A run in the cluster can back up to a claim, by pods.",
            found=f"backups go to {destination}" + ("" if backup.get("image") else ", copied by this computer"),
            hint=f"`install --backup-to pvc:NAME --backup-image {place.image}` sets both",
        )
    for account in ACCOUNTS if place.account == ENGINE else (place.account,):
        await _refuse_lacking(outside, prepared, account, place)


async def _refuse_lacking(outside: Outside, prepared: Prepared, account: str, place: Place) -> None:
    printed = "plan rbac" if place.account == ENGINE else f"plan rbac --account {account}"
    if await outside.cluster.get(Ref(Kind("v1", "ServiceAccount"), outside.namespace, account)) is None:
        raise NotHandedOver(
            f"A run in the cluster needs ServiceAccount {account} in {outside.namespace}.",
            hint=f"`changeover {printed} | kubectl apply -f -` makes it, with its rights",
        )
    rights: Iterable[Right] = prepared.rights
    if place.account == ENGINE:
        rights = (one for one in (*rights, *rbac.speaking(outside.namespace)) if one.account == account)
    missing = [right async for right in _denied(outside, rights, account)]
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        raise NotHandedOver(
            f"ServiceAccount {account} lacks {len(missing)} rights that this change needs.",
            found="; ".join(right.text for right in missing[:_SHOWN]) + more,
            hint=f"`changeover {printed} | kubectl apply -f -` grants exactly those",
        )


async def _denied(outside: Outside, rights: Iterable[Right], account: str) -> AsyncIterator[Right]:
    user = f"system:serviceaccount:{outside.namespace}:{account}"
    for right in rights:
        if not await outside.cluster.allowed(
            right.verb, right.asked_of, namespace=right.namespace, name=right.name, user=user
        ):
            yield right


def rights_of(prepared: Prepared, account: str) -> tuple[Right, ...]:
    """What a change needs of each account; with an account's name all of that one."""
    if not account:
        return (*prepared.rights, *rbac.speaking(prepared.intent.namespace))
    return tuple(dict.fromkeys(replace(right, account=account) for right in prepared.rights))


def manifests(prepared: Prepared, account: str) -> str:
    """The accounts of the cluster with their Roles, ready for `kubectl apply`; with a name that one account instead."""
    namespace, name = prepared.intent.namespace, f"changeover-{prepared.installation.name}"
    if not account:
        return rbac.accounts_as_yaml(prepared.rights, name=name, namespace=namespace)
    bound = rbac.as_yaml(prepared.rights, name=name, account=(namespace, account))
    return rbac.account_as_yaml(account, namespace) + bound


def _job(run: KubeObject, place: Place) -> KubeObject:
    labels = {RUN_LABEL: run.name, INSTALLATION_LABEL: str(run.get("spec", "installation")), EXECUTOR_LABEL: "true"}
    owner = {"apiVersion": run.api_version, "kind": run.kind, "name": run.name, "uid": run.uid}
    kept_out = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": "run",
        "image": place.image,
        "args": ["-n", run.namespace, "resume", run.name, "--to-the-end"],
        "env": [{"name": "USER", "value": str(run.get("spec", "by", default="")).partition("@")[0]}],
        "resources": {"requests": {"cpu": "50m", "memory": "96Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": kept_out,
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - inside the pod
    }
    spec = {
        "restartPolicy": "Never",
        "serviceAccountName": place.account,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        "containers": [container],
    }
    ended = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": list(_ENDED)}}
    evicted = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}
    return KubeObject(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": f"changeover-{run.name}",
                "namespace": run.namespace,
                "labels": labels,
                "ownerReferences": [owner],
            },
            "spec": {
                "backoffLimit": _ATTEMPTS,
                "podReplacementPolicy": "Failed",
                "podFailurePolicy": {"rules": [ended, evicted]},
                "template": {"metadata": {"labels": labels}, "spec": spec},
            },
        }
    )
