"""Fields that others have set and keep: listed, kept, given back to the release.

They stand in ``spec.keptFields`` of the Installation, where GitOps may keep them. A run with ``conflicts: keep`` adds
those it found, once it has committed; every later plan and every way back leaves them alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.actions import installations, revisions
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.plan import keeping, ownership
from changeover.plan.keeping import Theirs
from changeover.plan.model import Plan

_SOURCE = "keptFields"


class NoSuchField(Problem):
    """Such a field is not kept, or cannot be."""

    reference = "no-such-field"


@dataclass(frozen=True, slots=True)
class Kept:
    """One field that a release does not set."""

    object: str
    """`Ref.key`"""
    field: str
    manager: str

    @property
    def called(self) -> str:
        """The object as people say it: ``Deployment/web``."""
        group_kind, _, name = self.object.split("/", 2)
        return f"{group_kind.partition('.')[0]}/{name}"

    def as_json(self) -> dict[str, str]:
        """As it stands in the Installation."""
        return {"object": self.object, "field": self.field, "manager": self.manager}


def listed(installation: KubeObject) -> tuple[Kept, ...]:
    """All of an Installation."""
    entries: Sequence[Mapping[str, Any]] = installation.get("spec", _SOURCE, default=[]) or ()
    return tuple(Kept(str(one["object"]), str(one["field"]), str(one.get("manager", ""))) for one in entries)


def theirs(installation: KubeObject, conflicts: str = "") -> Theirs:
    """What a snapshot must know."""
    kept: dict[str, tuple[keeping.Field, ...]] = {}
    for one in listed(installation):
        kept[one.object] = (*kept.get(one.object, ()), (one.field, one.manager))
    return Theirs(kept, keeps_new=conflicts == "keep")


async def look(outside: Outside, installation: str = "") -> tuple[Kept, ...]:
    """All of the named Installation."""
    return listed(await installations.find(outside, installation))


async def keep(outside: Outside, installation: str, name: str, field: str) -> tuple[Kept, ...]:
    """Leave a field alone from the next change on; it must be one that somebody else owns. Raises NoSuchField."""
    followed = await installations.find(outside, installation)
    number = revisions.running_number(followed)
    objects = (await revisions.load(outside, followed, number)).objects if number else ()
    found = next((obj for obj in objects if name in (str(obj.ref), obj.ref.key)), None)
    live = await outside.cluster.get(found.ref) if found else None
    if live is None:
        raise NoSuchField(
            f"{name} must be an object of what runs.", hint="name it as `changeover plan` does: Kind/name"
        )
    field = field if field.startswith(".") else f".{field}"
    owners = {path: who for path, who in ownership.others(live).items() if keeping.has(live, path)}
    if field not in owners:
        raise NoSuchField(
            f"{name} has no field {field} that somebody else has set.",
            found=", ".join(f"{path} by {who}" for path, who in sorted(owners.items())[:5]) or "nobody set any",
            hint='fields are written as in `changeover plan`: .spec.template.spec.containers[name="web"].image',
        )
    return await _write(outside, followed, (*listed(followed), Kept(live.ref.key, field, owners[field])))


async def take(outside: Outside, installation: str, name: str, field: str = "") -> tuple[Kept, ...]:
    """Let releases set a field of an object again (all of its fields when none is named). Raises NoSuchField."""
    followed = await installations.find(outside, installation)
    field = field if field.startswith(".") or not field else f".{field}"
    every = listed(followed)
    left = tuple(one for one in every if name not in (one.called, one.object) or (bool(field) and one.field != field))
    if left == every:
        raise NoSuchField(
            f"No such field of {name} is kept{f': {field}' if field else ''}.",
            found=", ".join(f"{one.called} {one.field}" for one in every) or "none is kept",
            hint="`changeover fields show` lists them",
        )
    return await _write(outside, followed, left)


async def settle(outside: Outside, installation: KubeObject, plan: Plan) -> None:
    """A run that kept fields has committed: later ones keep them too."""
    found = [Kept(change.ref.key, name, who) for change in plan.changes for name, who in change.kept]
    live = await outside.cluster.get(installation.ref) if found else None
    if live is not None and (new := [one for one in found if one not in listed(live)]):
        await _write(outside, live, (*listed(live), *new))


async def _write(outside: Outside, installation: KubeObject, fields: Sequence[Kept]) -> tuple[Kept, ...]:
    kept = {(one.object, one.field): one for one in fields}
    entries = [one.as_json() for _, one in sorted(kept.items())]
    return listed(await outside.cluster.patch(installation.ref, {"spec": {_SOURCE: entries or None}}))
