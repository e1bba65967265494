"""Install, upgrade and remove the console in the cluster: what would change is shown first, then done, then waited for.

It is an administrator's act with the administrator's own rights: Changeover never grants itself any. Our kinds are only
ever added to; taking them away is a question of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.actions import accounts, console_objects, following, installations, revisions
from changeover.actions.console_objects import NAME, ConsoleSettings, wide_name
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import Kind, KubeObject, Ref
from changeover.plan import rbac
from changeover.plan.rbac import Right
from changeover.settings import ACCOUNTS, CONSOLE_LABEL

DEPLOYMENT = Kind("apps/v1", "Deployment")
POD = Kind("v1", "Pod")
DEFINITION = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition")
REMOVED = (
    Kind("networking.k8s.io/v1", "Ingress"),
    Kind("networking.k8s.io/v1", "NetworkPolicy"),
    Kind("policy/v1", "PodDisruptionBudget"),
    Kind("v1", "Service"),
    DEPLOYMENT,
    Kind("rbac.authorization.k8s.io/v1", "RoleBinding"),
    Kind("rbac.authorization.k8s.io/v1", "Role"),
    Kind("v1", "ServiceAccount"),
)
_REACHING = REMOVED[5:7]
"""Those that may also stand in other namespaces, into which a release reaches."""
CLUSTER_WIDE = tuple(Kind("rbac.authorization.k8s.io/v1", name) for name in ("ClusterRoleBinding", "ClusterRole"))
ROLL_OUT_SECONDS = 240
_WRITTEN_BY_THE_SERVER = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp")


class NoConsole(Problem):
    """There is no console in this namespace."""

    reference = "no-console"


class ConsoleStuck(Problem):
    """The console's pods do not become ready."""

    reference = "console-stuck"


class KindsInUse(Problem):
    """Our kinds cannot go while anything is followed by them."""

    reference = "kinds-in-use"


@dataclass(frozen=True, slots=True)
class Planned:
    """What installing or upgrading the console would do."""

    objects: Sequence[KubeObject]
    definitions: Sequence[str]
    """Kinds, roles and the gate's policy that are missing or older."""
    adds: tuple[str, ...]
    changes: tuple[str, ...]
    same: int
    image: str
    missing_account: bool
    """Whether nobody could sign in: the first account is made."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "adds": list(self.adds),
            "changes": list(self.changes),
            "unchanged": self.same,
            "definitions": list(self.definitions),
            "image": self.image,
            "makesFirstAccount": self.missing_account,
        }


async def installed(outside: Outside) -> ConsoleSettings | None:
    """What the console of this namespace was installed with; None when there is none."""
    found = await outside.cluster.get(Ref(DEPLOYMENT, outside.namespace, NAME))
    if found is None:
        return None
    return ConsoleSettings.of_text(found.annotations.get(console_objects.SETTINGS_ANNOTATION, '{"image": ""}'))


async def ready(outside: Outside) -> bool:
    """Whether a console serves here now."""
    found = await outside.cluster.get(Ref(DEPLOYMENT, outside.namespace, NAME))
    return bool(found and int(found.get("status", "readyReplicas", default=0) or 0))


async def pod(outside: Outside) -> Ref | None:
    """A pod of the console that is ready now; None when there is none."""
    selector = ",".join(f"{name}={value}" for name, value in console_objects.SELECTOR.items())
    for one in await outside.cluster.list(POD, namespace=outside.namespace, selector=selector):
        conditions = {row.get("type"): row.get("status") for row in one.get("status", "conditions", default=[]) or []}
        if conditions.get("Ready") == "True" and not one.get("metadata", "deletionTimestamp"):
            return one.ref
    return None


async def plan(outside: Outside, settings: ConsoleSettings) -> Planned:
    """Compare with what is there, by the server's own dry run."""
    settings.refuse_unpinned()
    wanted = console_objects.objects(outside.namespace, settings, await rights(outside))
    adds, changes = [], []
    for one in wanted:
        live = await outside.cluster.get(one.ref)
        if live is None:
            adds.append(str(one.ref))
        elif _plain(live) != _plain(await outside.cluster.apply(one, dry_run=True)):
            changes.append(str(one.ref))
    return Planned(
        objects=wanted,
        definitions=tuple(await outside.definitions.missing(outside.cluster)),
        adds=tuple(adds),
        changes=tuple(changes),
        same=len(wanted) - len(adds) - len(changes),
        image=settings.image,
        missing_account=not await accounts.listed(outside),
    )


async def rights(outside: Outside) -> tuple[Right, ...]:
    """What the accounts need: any run's, and those of what runs here now."""
    found = set(rbac.run_rights(outside.namespace))
    try:
        every = await outside.cluster.list(installations.INSTALLATION, namespace=outside.namespace)
    except Problem:
        every = []
    for one in every:
        found |= set(rbac.command_rights(following.profile_of(one, None), outside.namespace))
        number = revisions.running_number(one)
        if number:
            revision = await revisions.load(outside, one, number)
            served = await outside.cluster.served()
            found |= set(rbac.rights_needed([revision], namespace=outside.namespace, served=served))
    return tuple(sorted(found))


async def carry_out(outside: Outside, planned: Planned) -> str:
    """Apply it and wait until it serves; returns the first account's password, or empty. Raises ConsoleStuck."""
    await outside.definitions.install(outside.cluster)
    password = await accounts.first_run(outside)
    for one in planned.objects:
        await outside.cluster.apply(one)
    await _rolled_out(outside)
    return password


async def _rolled_out(outside: Outside) -> None:
    reason, began = "no pod yet", outside.clock.monotonic()
    while outside.clock.monotonic() - began < ROLL_OUT_SECONDS:
        live = await outside.cluster.get(Ref(DEPLOYMENT, outside.namespace, NAME))
        if live is not None and _is_rolled_out(live):
            return
        selector = ",".join(f"{name}={value}" for name, value in console_objects.SELECTOR.items())
        for pod in await outside.cluster.list(POD, namespace=outside.namespace, selector=selector):
            reason = _waits(pod) or reason
        await outside.clock.sleep(0.5)
    raise ConsoleStuck(
        f"The console's pods are not ready after {ROLL_OUT_SECONDS} s; what served before still does.",
        found=reason,
        hint=f"`kubectl -n {outside.namespace} describe pods -l app.kubernetes.io/name={NAME}` says more",
    )


def _is_rolled_out(live: KubeObject) -> bool:
    wanted, status = int(live.get("spec", "replicas", default=1)), live.get("status", default={}) or {}
    if int(status.get("observedGeneration") or 0) < int(live.get("metadata", "generation", default=0)):
        return False
    counts = (status.get("updatedReplicas"), status.get("readyReplicas"), status.get("replicas"))
    return all(int(count or 0) == wanted for count in counts)


def _waits(pod: KubeObject) -> str:
    for state in pod.get("status", "containerStatuses", default=[]) or []:
        waiting: Mapping[str, Any] = (state.get("state") or {}).get("waiting") or {}
        if waiting:
            return f"{pod.name}: {waiting.get('reason', '')} {waiting.get('message', '')}".strip()
    conditions = pod.get("status", "conditions", default=[]) or []
    return next((str(one.get("message", "")) for one in conditions if one.get("reason") == "Unschedulable"), "")


async def removal(outside: Outside) -> list[KubeObject]:
    """What uninstalling would take away; accounts, audit log and the application stay. Raises NoConsole."""
    found: list[KubeObject] = []
    wide = [wide_name(account, outside.namespace) for account in ACCOUNTS]
    for kind in REMOVED:
        selector = f"{CONSOLE_LABEL}=service"
        home = "" if kind in _REACHING else outside.namespace
        every = await outside.cluster.list(kind, namespace=home, selector=selector)
        found += [one for one in every if one.namespace == outside.namespace or one.name in wide]
    for name, wide_kind in itertools.product(wide, CLUSTER_WIDE):
        live = await outside.cluster.get(Ref(wide_kind, "", name))
        found += [live] if live else []
    if not found:
        raise NoConsole(f"There is no console in namespace {outside.namespace}.")
    return found


async def remove(outside: Outside, going: Sequence[KubeObject]) -> list[str]:
    """Delete what was listed."""
    for one in going:
        await outside.cluster.delete(one.ref, uid=one.uid)
    return [str(one.ref) for one in going]


async def kinds(outside: Outside) -> list[KubeObject]:
    """Our kinds, as far as they may go: with them everything kept of runs goes. Raises KindsInUse."""
    every = await outside.cluster.list(installations.INSTALLATION)
    if every:
        raise KindsInUse(
            "Our kinds stay while an application is followed by them.",
            found=", ".join(f"{one.namespace}/{one.name}" for one in every[:10]),
            hint="`changeover disown` or `changeover uninstall` first",
        )
    names = [f"{name}.changeover.dev" for name in ("installations", "changeovers", "approvals")]
    found = [await outside.cluster.get(Ref(DEFINITION, "", name)) for name in names]
    return [one for one in found if one is not None]


def _plain(obj: KubeObject) -> dict[str, Any]:
    """Without what the server counts, and without status."""
    metadata = {name: value for name, value in obj.raw["metadata"].items() if name not in _WRITTEN_BY_THE_SERVER}
    return {**{name: value for name, value in obj.raw.items() if name != "status"}, "metadata": metadata}
