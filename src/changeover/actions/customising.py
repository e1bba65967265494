"""The operator's labels, annotations and variables: from the Installation or given now, written down when they hold.

They stand in ``spec.customisations`` of the Installation, where GitOps may keep them, and in each revision that was
rendered with them. A committed run writes those of its revision into the spec: going back takes new ones off again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.actions import installations, revisions
from changeover.actions.outside import Outside
from changeover.objects import KubeObject
from changeover.package import yaml_text
from changeover.plan.model import Finding, Severity
from changeover.render.customise import REJECTED, UNUSED, customise, from_text, read
from changeover.render.revision import Revision

__all__ = ["Customisations", "applied", "findings", "from_text", "look", "save", "settle"]

_SOURCE = "customisations"


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
    entries = tuple(followed.get("spec", _SOURCE, default=[]) or ())
    number = revisions.running_number(followed)
    if not number:
        return Customisations(followed.name, entries, waiting=bool(entries), remarks=())
    revision = await revisions.load(outside, followed, number)
    held = tuple(revision.source.get(_SOURCE, ()))
    remarks = tuple(one.message for one in revision.remarks if one.reference in (REJECTED, UNUSED))
    return Customisations(followed.name, entries, entries != held, remarks)


async def save(outside: Outside, installation: str, text: str) -> Customisations:
    """Keep others for the next change; an empty text takes all off. Raises BadCustomisation, BrokenYaml."""
    entries = from_text(text) if text.strip() else ()
    followed = await installations.find(outside, installation)
    await outside.cluster.patch(followed.ref, {"spec": {_SOURCE: list(entries) or None}})
    return await look(outside, installation)


def applied(revision: Revision, installation: KubeObject, given: Sequence[Mapping[str, Any]] | None) -> Revision:
    """The revision with those given now, else with the Installation's. Raises BadCustomisation."""
    entries = installation.get("spec", _SOURCE, default=[]) if given is None else given
    return customise(revision, read(entries), entries) if entries else revision


def findings(revision: Revision) -> tuple[Finding, ...]:
    """What was not done of them, for the plan."""
    return tuple(
        Finding(remark.reference, Severity.WARNS, f"{remark.message}.", hint=remark.hint)
        for remark in revision.remarks
        if remark.reference in (REJECTED, UNUSED)
    )


async def settle(outside: Outside, installation: KubeObject, revision: Revision) -> None:
    """Write into the spec what the committed revision was rendered with."""
    live = await outside.cluster.get(installation.ref)
    entries = list(revision.source.get(_SOURCE, ()))
    if live is not None and live.get("spec", _SOURCE, default=[]) != entries:
        await outside.cluster.patch(live.ref, {"spec": {_SOURCE: entries or None}})
