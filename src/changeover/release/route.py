"""Decides over which releases an update goes: the fewest hops that break no rule.

* a required release between two versions is a stop: nobody passes it;
* a release that names from which versions it may be reached (`requires.from`) is reached from no other;
* a withdrawn release is no stop on the way, and no goal;
* a first installation has no way behind it: it goes straight to its goal;
* backwards is not a route: that is what a rollback is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from changeover.errors import Problem
from changeover.release import versions
from changeover.release.catalog import Catalog, Release


class NoRoute(Problem):
    """There is no permitted way from what is installed to what was asked for."""

    reference = "no-route"


@dataclass(frozen=True, slots=True)
class Hop:
    """One update on the way, and why it is there."""

    release: Release
    reason: str


@dataclass(frozen=True, slots=True)
class Route:
    """Every hop to the goal, in order; none when the goal is installed."""

    installed: str
    hops: tuple[Hop, ...]

    @property
    def next(self) -> Release | None:
        """The release to update to now."""
        return self.hops[0].release if self.hops else None


def route(catalog: Catalog, installed: str, target: str) -> Route:
    """The way from an installed version (empty: nothing installed) to a release of the catalog. Raises NoRoute."""
    goal = catalog.find(target)
    if goal.withdrawn:
        raise NoRoute(f"Release {target} was withdrawn.", found=goal.withdrawn, hint=_instead(catalog))
    if not installed:
        return Route("", (Hop(goal, "first installation"),))
    if installed == target:
        return Route(installed, ())
    ahead = list(catalog.newer_than(installed, naming=target))
    if goal not in ahead:
        raise NoRoute(
            f"Release {target} is older than what is installed.",
            found=f"installed {installed}",
            hint=f"changeover rollback goes back, when {installed} allows it",
        )
    between = ahead[: ahead.index(goal) + 1]
    way = _fewest(catalog, installed, between)
    if way is None:
        raise NoRoute(**_why_not(catalog, installed, between))
    return Route(installed, tuple(Hop(release, _reason(release, way, installed)) for release in way))


def may_follow(catalog: Catalog, installed: str, release: Release) -> bool:
    """Whether the release's own `requires.from` admits the version."""
    if not release.requires_from:
        return True
    return versions.in_range(catalog.version(installed), release.requires_from, catalog.scheme)


def _fewest(catalog: Catalog, installed: str, between: Sequence[Release]) -> list[Release] | None:
    """Shortest chain over `between` that ends at its last: for each place the best way there, nearest first."""
    ways: list[list[Release] | None] = []
    for place, release in enumerate(between):
        best: list[Release] | None = None
        for start in range(-1, place):
            skipped = between[start + 1 : place]
            before = [] if start < 0 else ways[start]
            if before is None or any(stop.required for stop in skipped):
                continue
            origin = installed if start < 0 else between[start].version
            if may_follow(catalog, origin, release) and (best is None or len(before) + 1 < len(best)):
                best = [*before, release]
        ways.append(best)
    return ways[-1]


def _reason(release: Release, way: Sequence[Release], installed: str) -> str:
    if release is way[-1]:
        return "the goal"
    if release.required:
        return f"{release.version} is a required stop"
    after = way[way.index(release) + 1]
    return f"{after.version} may be reached from {after.requires_from} only, not from {installed}"


def _why_not(catalog: Catalog, installed: str, between: Sequence[Release]) -> dict[str, str]:
    """The first stop on the way that cannot be reached, in words."""
    stops = [release for release in between[:-1] if release.required] + [between[-1]]
    blocked = next(stop for stop in stops if _fewest(catalog, installed, between[: between.index(stop) + 1]) is None)
    goal = between[-1].version
    purpose = (
        f"Release {goal} cannot be reached"
        if blocked.version == goal
        else (f"Release {goal} needs a stop at {blocked.version}, which cannot be reached")
    )
    return {
        "message": f"{purpose} from {installed}.",
        "found": f"{blocked.version} may be reached from {blocked.requires_from} only; installed {installed}",
        "hint": "install a version in that range first (a backup can bring its data), or ask the vendor",
    }


def _instead(catalog: Catalog) -> str:
    newest = catalog.newest
    return f"the newest release is {newest.version}" if newest else "the channel has no other release"
