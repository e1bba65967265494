"""Where an Installation can go: the releases of its channel, and the route to one of them."""

from __future__ import annotations

from dataclasses import dataclass

from changeover.actions import following, installations
from changeover.actions.outside import Desk, Outside
from changeover.objects import KubeObject
from changeover.release.catalog import Catalog, Release
from changeover.release.route import Hop, NoRoute, route

SHOWN = 20
"""Newer releases that the Installation's status lists."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the channel found; oldest first."""

    installation: str
    running: str
    all: tuple[Release, ...]
    newer: tuple[Release, ...]
    hops: tuple[Hop, ...] = ()
    """The route to the newest; empty when there is nothing newer, or no route."""
    no_route: str = ""


async def check(outside: Outside, installation: str = "") -> Found:
    """Look at the channel and write what is new into the Installation's status."""
    followed = await installations.find(outside, installation)
    found = await _look(outside, followed)
    await installations.patch_status(
        outside,
        followed,
        {
            "available": [
                {"version": one.version, "required": one.required, "notes": one.notes[:500]}
                for one in found.newer[-SHOWN:]
            ],
            "lastCheck": outside.clock.now().isoformat(timespec="seconds"),
        },
    )
    return found


async def releases(outside: Outside, installation: str = "") -> Found:
    """Look at the Installation's channel; writes nothing."""
    return await _look(outside, await installations.find(outside, installation))


async def of_channel(desk: Desk, channel: str) -> Found:
    """Look at any channel; needs no cluster."""
    catalog = await desk.source(channel).catalog()
    return Found("", "", catalog.releases, catalog.releases)


async def _look(outside: Outside, followed: KubeObject) -> Found:
    catalog = await following.source_of(outside, followed).catalog()
    running = str(followed.get("status", "running", "version", default=""))
    newer = tuple(catalog.newer_than(running)) if running else catalog.releases
    hops, no_route = _route(catalog, running, newer)
    return Found(followed.name, running, catalog.releases, newer, hops, no_route)


def _route(catalog: Catalog, running: str, newer: tuple[Release, ...]) -> tuple[tuple[Hop, ...], str]:
    if not newer:
        return (), ""
    try:
        return route(catalog, running, newer[-1].version).hops, ""
    except NoRoute as problem:
        return (), str(problem)
