"""The operator's labels, annotations and variables: from the Installation or given now, written down when they hold.

They stand in ``spec.customisations`` of the Installation, where GitOps may keep them, and in each revision that was
rendered with them. A committed run writes those of its revision into the spec: going back takes new ones off again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from changeover.actions.outside import Outside
from changeover.objects import KubeObject
from changeover.plan.model import Finding, Severity
from changeover.render.customise import REJECTED, UNUSED, customise, from_text, read
from changeover.render.revision import Revision

__all__ = ["applied", "findings", "from_text", "settle"]

_SOURCE = "customisations"


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
