"""Leave an application as it runs: its fields go back to whom they came from, our marks go, nothing restarts.

What an adoption brought (answers, kept values, keys) goes as well while nothing but the adoption ever happened;
after a run of ours it stays and is named: it may be the only copy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from changeover.actions import adopt, adopt_fields, installations, revisions, runs_of, uninstall
from changeover.actions.outside import Outside
from changeover.objects import GROUP, KubeObject, Ref
from changeover.plan import ownership
from changeover.ports import Conflict
from changeover.settings import APPLYSET_PART_OF, PARALLEL

_ATTEMPTS = 5
_OWN = ("answers", "kept", "keys")


@dataclass(frozen=True, slots=True)
class Leaving:
    """What a disown would do."""

    installation: KubeObject
    objects: tuple[KubeObject, ...]
    origin: str
    """What it was before; empty when Changeover installed it."""
    secrets_go: bool
    """Whether its Secrets go too: nothing in them came from a run of ours."""

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "installation": self.installation.name,
            "objects": [str(obj.ref) for obj in self.objects],
            "origin": self.origin,
            "secrets": [f"{self.installation.name}-{part}" for part in _OWN],
            "secretsGo": self.secrets_go,
        }


async def look(outside: Outside, name: str) -> Leaving:
    """List what would be left. Raises RunUnderWay."""
    installation = await installations.find(outside, name)
    await runs_of.refuse_second(outside, installation.name)
    objects = await _members(outside, installation)
    origin = str(installation.get("status", "adopted", "origin", default=""))
    only_adopted = bool(origin) and len(revisions.listed(installation)) <= 1
    return Leaving(
        installation=installation,
        objects=tuple(sorted(objects, key=lambda obj: obj.ref)),
        origin=origin,
        secrets_go=only_adopted and not await runs_of.every(outside, installation.name),
    )


async def _members(outside: Outside, installation: KubeObject) -> list[KubeObject]:
    """What we applied or adopted, also by an adoption that was cut off before it listed its kinds."""
    known = await adopt.former_owners(outside, installation)
    return await uninstall.members(outside, installation, also={key.partition("/")[0] for key in known})


async def leave(outside: Outside, leaving: Leaving) -> dict[str, Any]:
    """Give every object back, then remove what we kept about them."""
    owners = await adopt.former_owners(outside, leaving.installation)
    limit = asyncio.Semaphore(PARALLEL)

    async def one(obj: KubeObject) -> None:
        async with limit:
            await _give_back(outside, obj.ref, owners.get(obj.ref.key, ()))

    await asyncio.gather(*(one(obj) for obj in leaving.objects))
    installation = leaving.installation
    for part in _OWN if leaving.secrets_go else ():
        ref = Ref(installations.SECRET, outside.namespace, f"{installation.name}-{part}")
        found = await outside.cluster.get(ref)
        if found is not None:
            await outside.cluster.delete(ref, uid=found.uid)
    await outside.cluster.delete(installation.ref, uid=installation.uid)  # last: whoever goes on finds it
    return leaving.as_json() | {"left": len(leaving.objects)}


async def _give_back(outside: Outside, ref: Ref, taken: Sequence[ownership.Entry]) -> None:
    for attempt in range(_ATTEMPTS):
        live = await outside.cluster.get(ref)
        if live is None:
            return
        try:
            if ownership.has_ours(live):  # else a disown that was cut off had come this far
                live = await outside.cluster.patch(
                    ref, adopt_fields.entries_patch(live, ownership.give_back(live, taken))
                )
            await outside.cluster.patch(ref, _unmarked(live))
        except Conflict:
            if attempt == _ATTEMPTS - 1:
                raise
            continue
        return


def _unmarked(obj: KubeObject) -> dict[str, Any]:
    labels = dict.fromkeys((name for name in obj.labels if name == APPLYSET_PART_OF), None)
    annotations = dict.fromkeys((name for name in obj.annotations if name.startswith(f"{GROUP}/")), None)
    read = {"resourceVersion": obj.resource_version, "uid": obj.uid}
    return {"metadata": {**read, "labels": labels, "annotations": annotations}}
