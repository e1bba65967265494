"""Install something new: create the Installation, then prepare its first change like any other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from changeover.actions import answers, installations, keys, kots_answers, licensing, prepare, registries
from changeover.actions.ask import Ask
from changeover.actions.installations import INSTALLATION
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import API_VERSION, Kind, KubeObject, Ref
from changeover.render.context import Registry

NAMESPACE = Kind("v1", "Namespace")


class AlreadyInstalled(Problem):
    """There is an Installation of that name, and it runs something."""

    reference = "already-installed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to install, and how to follow it."""

    source: str
    """A channel or a package, as an address."""
    name: str = ""
    profile: str = ""
    backup_to: str = ""
    backup_image: str = ""
    licence: licensing.Given | None = None
    registry: Registry | None = None


async def prepared(outside: Outside, wanted: Wanted, ask: Ask) -> prepare.Prepared:
    """Create the Installation (again is fine while nothing runs) and prepare its first change."""
    await refuse_unprepared(outside)
    if wanted.licence:
        wanted.licence.read()
    catalog = await outside.source(wanted.source).catalog()
    name = wanted.name or name_from(catalog.name)
    found = await outside.cluster.get(Ref(INSTALLATION, outside.namespace, name))
    if found is not None and found.get("status", "running"):
        raise AlreadyInstalled(
            f"{name} is installed in namespace {outside.namespace} already.",
            found=f"version {found.get('status', 'running', 'version')}",
            hint="`changeover update` changes it; --name installs another beside it",
        )
    installation = await create(outside, wanted, name)
    await keys.keys_of(outside, installation)
    if wanted.licence:
        await licensing.save(outside, installation, wanted.licence)
    if wanted.registry:
        installation = await registries.save(outside, installation, wanted.registry)
    if ask.answers:
        await answers.save(outside, installation, await kots_answers.opened(outside, ask.answers))
    return await prepare.prepare(outside, installation, ask)


async def refuse_unprepared(outside: Outside) -> None:
    """Raise NotSetUp when the cluster does not know our kinds, or only older ones."""
    missing = [name for name in await outside.definitions.missing(outside.cluster) if "Definition/" in name]
    if missing:
        raise installations.NotSetUp(
            "This cluster must know our kinds, as this version has them.",
            found=f"missing or older: {', '.join(missing)}",
            hint="an administrator runs `changeover setup` once per cluster",
        )


async def create(outside: Outside, wanted: Wanted, name: str) -> KubeObject:
    """Create or renew the Installation, and its namespace when it is missing."""
    if await outside.cluster.get(Ref(NAMESPACE, "", outside.namespace)) is None:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": outside.namespace}}
        await outside.cluster.create(KubeObject(namespace))
    spec: dict[str, Any] = {"source": {"channel": wanted.source}, "answersSecret": f"{name}-answers"}
    if wanted.profile:
        spec["profile"] = outside.profiles(wanted.profile)
    if wanted.backup_to:
        image = {"image": wanted.backup_image} if wanted.backup_image else {}
        spec["policy"] = {"backup": {"destination": wanted.backup_to, **image}}
    return await outside.cluster.apply(
        KubeObject(
            {
                "apiVersion": API_VERSION,
                "kind": INSTALLATION.name,
                "metadata": {"name": name, "namespace": outside.namespace},
                "spec": spec,
            }
        )
    )


def name_from(text: str) -> str:
    """A name for an Installation from a title."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "application"
