"""Before the cluster itself is upgraded: what of the running and the newest release it would not serve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from changeover.actions import customising, following, installations, revisions
from changeover.actions.outside import Outside
from changeover.plan import apis
from changeover.plan.model import Finding
from changeover.render.revision import Revision


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a look at a later Kubernetes found, per release; the running one first."""

    installation: str
    kubernetes: str
    now: str
    """The version of the cluster as it is."""
    releases: tuple[tuple[str, tuple[Finding, ...]], ...]

    @property
    def blocked(self) -> bool:
        """Whether the running release would lose something."""
        return bool(self.releases and self.releases[0][1])

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "installation": self.installation,
            "kubernetes": self.kubernetes,
            "now": self.now,
            "blocked": self.blocked,
            "releases": [
                {
                    "version": version,
                    "findings": [
                        {"reference": one.reference, "message": one.message, "hint": one.hint} for one in found
                    ],
                }
                for version, found in self.releases
            ],
        }


async def look(outside: Outside, installation: str, kubernetes: str) -> Ahead:
    """Judge what runs and the newest release. Raises BadVersion."""
    apis.minor(kubernetes)
    followed = await installations.find(outside, installation)
    judged: list[Revision] = []
    number = revisions.running_number(followed)
    if number:
        judged.append(await revisions.load(outside, followed, number))
    source = following.source_of(outside, followed)
    newest = (await source.catalog()).newest
    if newest is not None and newest.version not in {one.version for one in judged}:
        rendered = await following.render(outside, followed, source, newest, over=following.Over())
        judged.append(await customising.applied(outside, rendered, followed, None))
    return Ahead(
        installation=followed.name,
        kubernetes=kubernetes,
        now=await outside.cluster.version(),
        releases=tuple((one.version, apis.ahead(one, kubernetes)) for one in judged),
    )
