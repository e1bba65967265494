"""The operator's customisations and overlays: from the Installation or given now, written down when they hold.

They stand in ``spec.customisations`` of the Installation, where GitOps may keep them, and in each revision that was
rendered with them. A committed run writes those of its revision into the spec: going back takes new ones off again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.actions import following, installations, revisions
from changeover.actions.following import Rendered
from changeover.actions.outside import Outside
from changeover.objects import KubeObject
from changeover.package import yaml_text
from changeover.plan.model import Finding, Severity
from changeover.render import customisations
from changeover.render.customisations import OVERLAY, SOURCE, UNDONE, from_text
from changeover.render.overlay.kustomization import NAMES, named_files
from changeover.render.overlay.overridden import Form
from changeover.render.revision import Revision

__all__ = [
    "NAMES",
    "OVERLAY",
    "Customisations",
    "applied",
    "findings",
    "from_text",
    "keep",
    "look",
    "named_files",
    "save",
    "settle",
]


@dataclass(frozen=True, slots=True)
class Customisations:
    """Those of an Installation, and what became of them in the revision that runs."""

    installation: str
    entries: tuple[Mapping[str, Any], ...]
    waiting: bool
    """Whether they differ from those that what runs was rendered with: the next change puts them in force."""
    remarks: tuple[str, ...]
    """What was not done of those that are in force, in words."""

    @property
    def text(self) -> str:
        """As people write it; empty when there are none."""
        return yaml_text.dump({"customization": [dict(one) for one in self.entries]}) if self.entries else ""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "installation": self.installation,
            "customization": [dict(one) for one in self.entries],
            "waiting": self.waiting,
            "remarks": list(self.remarks),
        }


async def look(outside: Outside, installation: str = "") -> Customisations:
    """What stands in the Installation, beside what runs."""
    followed = await installations.find(outside, installation)
    entries = tuple(followed.get("spec", SOURCE, default=[]) or ())
    number = revisions.running_number(followed)
    if not number:
        return Customisations(followed.name, entries, waiting=bool(entries), remarks=())
    revision = await revisions.load(outside, followed, number)
    held = tuple(revision.source.get(SOURCE, ()))
    remarks = tuple(one.message for one in revision.remarks if one.reference in UNDONE)
    return Customisations(followed.name, entries, entries != held, remarks)


async def save(outside: Outside, installation: str, text: str) -> Customisations:
    """Keep others for the next change; an empty text takes all off. Raises BadCustomisation, BrokenYaml."""
    return await keep(outside, installation, from_text(text) if text.strip() else ())


async def keep(outside: Outside, installation: str, entries: Sequence[Mapping[str, Any]]) -> Customisations:
    """Keep these entries for the next change; none takes all off. Raises as `from_text`."""
    customisations.check(entries)
    followed = await installations.find(outside, installation)
    await outside.cluster.patch(followed.ref, {"spec": {SOURCE: list(entries) or None}})
    return await look(outside, installation)


async def applied(
    outside: Outside, rendered: Rendered, installation: KubeObject, given: Sequence[Mapping[str, Any]] | None
) -> Revision:
    """The revision with those given now, else with the Installation's. Raises Problem."""
    entries = installation.get("spec", SOURCE, default=[]) if given is None else given
    if not entries:
        return rendered.revision
    target = customisations.Target(
        outside.namespace,
        await following.namespaced_in(outside),
        Form(rendered.package, rendered.carried.answers.given.values),
    )
    return customisations.apply(rendered.revision, entries, target)


def findings(revision: Revision) -> tuple[Finding, ...]:
    """What was not done of them, for the plan."""
    return tuple(
        Finding(remark.reference, Severity.WARNS, f"{remark.message}.", hint=remark.hint)
        for remark in revision.remarks
        if remark.reference in UNDONE
    )


async def settle(outside: Outside, installation: KubeObject, revision: Revision) -> None:
    """Write into the spec what the committed revision was rendered with."""
    live = await outside.cluster.get(installation.ref)
    entries = list(revision.source.get(SOURCE, ()))
    if live is not None and live.get("spec", SOURCE, default=[]) != entries:
        await outside.cluster.patch(live.ref, {"spec": {SOURCE: entries or None}})
