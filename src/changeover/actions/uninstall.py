"""Remove an application. What holds data stays, unless its name is typed; the journal and evidence stay by retention.

Data is in claims and volumes, in Namespaces, and in definitions that have objects. A workload that only uses claims
goes: running on without its settings and accounts, it would help nobody. Claims that a StatefulSet made are listed too.

What its author marked to be kept (``helm.sh/resource-policy``, ``kots.io/keep``) stays like data. Charts' own hooks run
before and after it.

The order is the reverse of installing: workloads first, then what they use. Each deletion names the uid that was shown,
so that nothing that came later under the same name is hit.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from changeover.actions import delete_hooks, helm_records, installations, installing, runs_of
from changeover.actions.delete_hooks import DeleteHooks
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import Kind, KubeObject, Ref
from changeover.plan import data as data_guard
from changeover.plan import inventory
from changeover.plan.classes import is_marked_keep
from changeover.runs.holding import Overdue
from changeover.runs.hooking import HookFailed
from changeover.runs.observe import defined
from changeover.settings import APPLYSET_PART_OF, PARALLEL

_CLAIM = Kind("v1", "PersistentVolumeClaim")
_POD = Kind("v1", "Pod")
_LAST = ("Service", "ConfigMap", "Secret", "RoleBinding", "Role", "ClusterRoleBinding", "ClusterRole", "ServiceAccount")
"""Kinds that others use: they go last, in this order."""


class SessionsRun(Problem):
    """People work in the application that is to be removed."""

    reference = "sessions-run"


@dataclass(frozen=True, slots=True)
class Removal:
    """What an uninstall would do, in the order in which it would."""

    installation: str
    removes: tuple[str, ...]
    keeps: tuple[str, ...]
    objects: tuple[KubeObject, ...]
    hooks: DeleteHooks = field(default_factory=lambda: DeleteHooks(None))


async def look(outside: Outside, installation: str, typed: frozenset[str], *, with_data: bool) -> Removal:
    """List what goes and what stays."""
    followed = await installations.find(outside, installation)
    await runs_of.refuse_second(outside, followed.name)
    await _refuse_sessions(outside, followed)
    owned = await members(outside, followed)
    owned += await installing.made_by_installer(outside, followed, owned)
    owned += await _made_by(outside, owned)
    populated = await _populated(outside, owned)
    hooks = await delete_hooks.of(outside, followed)
    owned = [obj for obj in owned if obj.ref.key not in hooks.keys]
    holds = {obj.ref.key for obj in owned if is_marked_keep(obj) or _holds_data(obj, populated)}
    accepted = {obj.ref.key for obj in owned if with_data and {str(obj.ref), obj.name} & typed}
    going = [obj for obj in owned if obj.ref.key not in holds or obj.ref.key in accepted]
    going.sort(key=lambda obj: _LAST.index(obj.kind) if obj.kind in _LAST else -1)
    return Removal(
        installation=followed.name,
        removes=tuple(str(obj.ref) for obj in going),
        keeps=tuple(sorted(str(obj.ref) for obj in owned if obj.ref.key in holds - accepted)),
        objects=tuple(going),
        hooks=hooks,
    )


async def _refuse_sessions(outside: Outside, installation: KubeObject) -> None:
    selector = installation.get("status", "sessionSelector", default="")
    running = await outside.cluster.list(_POD, namespace=outside.namespace, selector=selector) if selector else ()
    if running:
        raise SessionsRun(
            f"Nobody may work in {installation.name} when it is removed: their work would not be saved.",
            found=f"{len(running)} sessions: {', '.join(sorted(pod.name for pod in running)[:20])}",
            hint="`changeover sessions stop --all` saves them first",
        )


def _holds_data(obj: KubeObject, populated: frozenset[str]) -> bool:
    if obj.get("spec", "volumeClaimTemplates", default=[]):
        return bool(obj.get("spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted", default="") == "Delete")
    if data_guard.claims_of(obj):
        return False
    return bool(data_guard.why_data(obj, populated=populated))


async def _made_by(outside: Outside, owned: Sequence[KubeObject]) -> list[KubeObject]:
    """Claims from StatefulSets' templates: they carry no label of ours, but hold the data."""
    names = [
        f"{re.escape(template['metadata']['name'])}-{re.escape(obj.name)}-[0-9]+"
        for obj in owned
        for template in obj.get("spec", "volumeClaimTemplates", default=[])
    ]
    known = {obj.uid for obj in owned}
    claims = await outside.cluster.list(_CLAIM, namespace=outside.namespace) if names else ()
    return [one for one in claims if one.uid not in known and re.fullmatch("|".join(names), one.name)]


async def _populated(outside: Outside, owned: Sequence[KubeObject]) -> frozenset[str]:
    definitions = [obj for obj in owned if obj.kind == "CustomResourceDefinition"]
    listed = await asyncio.gather(*(outside.cluster.list(defined(obj)) for obj in definitions))
    return frozenset(obj.ref.key for obj, objects in zip(definitions, listed, strict=True) if objects)


async def members(outside: Outside, installation: KubeObject, *, also: Iterable[str] = ()) -> list[KubeObject]:
    """Every live object that was applied or adopted: ApplySet label, and a kind and namespace that the parent lists.

    `also` names further kinds (``Deployment.apps``). Kinds matter: controllers copy labels, as a Service's to its
    EndpointSlices.
    """
    selector = f"{APPLYSET_PART_OF}={inventory.applyset_id(installation.ref)}"
    kinds = {*inventory.listed_group_kinds(installation), *also}
    places = inventory.listed_namespaces(installation)
    limit = asyncio.Semaphore(PARALLEL)

    async def of(kind: Kind, namespace: str) -> Sequence[KubeObject]:
        async with limit:
            return await outside.cluster.list(kind, namespace=namespace, selector=selector)

    served = (await outside.cluster.served()).values()
    listable = [one for one in served if one.kind.group_kind in kinds and {"list", "delete"} <= one.verbs]
    homes = [(one.kind, place) for one in listable for place in (places if one.namespaced else ("",))]
    found = await asyncio.gather(*(of(kind, place) for kind, place in homes))
    unique: dict[str, KubeObject] = {obj.uid: obj for group in found for obj in group}
    return list(unique.values())


async def remove(
    outside: Outside, installation: str, removal: Removal, *, with_hooks: bool = True, keep_history: bool = False
) -> dict[str, Any]:
    """Delete what was listed, then mark the Installation as running nothing; it goes itself when nothing was kept.

    `keep_history`: Helm's record says that it is uninstalled, instead of going. Raises HookFailed: before anything was
    removed, or after all was.
    """
    hooks, problem = removal.hooks, None
    if with_hooks:
        await delete_hooks.run(outside, removal.installation, hooks, hooks.before)
    for obj in removal.objects:
        await outside.cluster.delete(obj.ref, uid=obj.uid)
    if with_hooks:
        try:
            await delete_hooks.run(outside, removal.installation, hooks, hooks.after)
        except (HookFailed, Overdue) as found:
            problem = found
    followed = await installations.find(outside, installation or removal.installation)
    charts = hooks.revision.charts if hooks.revision else ()
    await (helm_records.retire if keep_history else helm_records.forget)(outside, charts)
    await installations.patch_status(outside, followed, {"running": None, "currentRun": None})
    if not removal.keeps:
        await outside.cluster.delete(Ref(followed.ref.kind, followed.namespace, followed.name), uid=followed.uid)
    if problem is not None:
        raise problem
    ran = list(hooks.titles) if with_hooks else []
    return {
        "installation": removal.installation,
        "removed": list(removal.removes),
        "kept": list(removal.keeps),
        "hooks": ran,
    }
