"""Remove an application. What holds data stays, unless its name is typed; the journal and evidence stay by retention.

The order is the reverse of installing: workloads first, then what they use. Each deletion names the uid that was shown,
so that nothing that came later under the same name is hit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from changeover.actions import installations, runs_of
from changeover.actions.outside import Outside
from changeover.objects import KubeObject, Ref
from changeover.plan import data as data_guard
from changeover.plan import inventory
from changeover.settings import APPLYSET_PART_OF, PARALLEL

_LAST = ("Service", "ConfigMap", "Secret", "RoleBinding", "Role", "ClusterRoleBinding", "ClusterRole", "ServiceAccount")
"""Kinds that others use: they go last, in this order."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What an uninstall would do, in the order in which it would."""

    installation: str
    removes: tuple[str, ...]
    keeps: tuple[str, ...]
    objects: tuple[KubeObject, ...]


async def look(outside: Outside, installation: str, typed: frozenset[str], *, with_data: bool) -> Removal:
    """List what goes and what stays."""
    followed = await installations.find(outside, installation)
    await runs_of.refuse_second(outside, followed.name)
    owned = await _owned(outside, followed)
    holds = {obj.ref.key for obj in owned if data_guard.why_data(obj)}
    accepted = {obj.ref.key for obj in owned if with_data and {str(obj.ref), obj.name} & typed}
    going = [obj for obj in owned if obj.ref.key not in holds or obj.ref.key in accepted]
    going.sort(key=lambda obj: _LAST.index(obj.kind) if obj.kind in _LAST else -1)
    return Removal(
        installation=followed.name,
        removes=tuple(str(obj.ref) for obj in going),
        keeps=tuple(sorted(str(obj.ref) for obj in owned if obj.ref.key in holds - accepted)),
        objects=tuple(going),
    )


async def _owned(outside: Outside, installation: KubeObject) -> list[KubeObject]:
    selector = f"{APPLYSET_PART_OF}={inventory.applyset_id(installation.ref)}"
    served = await outside.cluster.served()
    limit = asyncio.Semaphore(PARALLEL)

    async def of(resource: Any) -> Sequence[KubeObject]:
        async with limit:
            namespace = outside.namespace if resource.namespaced else ""
            return await outside.cluster.list(resource.kind, namespace=namespace, selector=selector)

    listable = [resource for resource in served.values() if {"list", "delete"} <= resource.verbs]
    found = await asyncio.gather(*(of(resource) for resource in listable))
    unique: dict[str, KubeObject] = {obj.uid: obj for group in found for obj in group}
    return list(unique.values())


async def remove(outside: Outside, installation: str, removal: Removal) -> dict[str, Any]:
    """Delete what was listed, then mark the Installation as running nothing; it goes itself when nothing was kept."""
    for obj in removal.objects:
        await outside.cluster.delete(obj.ref, uid=obj.uid)
    followed = await installations.find(outside, installation or removal.installation)
    await installations.patch_status(outside, followed, {"running": None, "currentRun": None})
    if not removal.keeps:
        await outside.cluster.delete(Ref(followed.ref.kind, followed.namespace, followed.name), uid=followed.uid)
    return {"installation": removal.installation, "removed": list(removal.removes), "kept": list(removal.keeps)}
