"""Services that are not the Installation's own and select its pods: they lose them when the pods' labels change.

Our own Services follow (`plan.bridging`); nobody tells a stranger's. Ingresses, scripts and monitoring behind it would
find nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from changeover.objects import KubeObject
from changeover.plan.immutables.identity import pod_labels
from changeover.plan.model import Finding, ObjectChange, Severity


def findings(
    changes: Iterable[ObjectChange],
    services: Iterable[KubeObject],
    *,
    live: Mapping[str, KubeObject],
    new: Mapping[str, KubeObject],
) -> Iterator[Finding]:
    """One for each Service that selects pods of a workload before the change and not after it."""
    moved = [
        (change, pod_labels(live[change.ref.key]) or {}, pod_labels(new[change.ref.key]) or {})
        for change in changes
        if change.ref.key in live and change.ref.key in new
    ]
    for service in services:
        wanted = service.get("spec", "selector", default={}) or {}
        lost = [
            str(change.ref)
            for change, before, after in moved
            if wanted
            and change.ref.namespace == service.namespace
            and wanted.items() <= before.items()
            and not wanted.items() <= after.items()
        ]
        if lost:
            selector = ",".join(f"{key}={value}" for key, value in sorted(wanted.items()))
            yield Finding(
                "foreign-service",
                Severity.WARNS,
                f"{service.ref} is not of this release and loses the pods of {', '.join(lost)}.",
                found=f"its selector {selector} no longer fits their labels",
                hint="whoever made it has to change its selector at the same time, or to labels that stay",
                ref=service.ref,
            )
