"""Job (batch/v1): what it runs is fixed; a Job of the same name with other work has to be a new one."""

from __future__ import annotations

from collections.abc import Iterator

from changeover.objects import KubeObject
from changeover.plan.immutables.frozen import Frozen, differing

FIXED = (
    "template",
    "completions",
    "selector",
    "completionMode",
    "podFailurePolicy",
    "successPolicy",
    "backoffLimitPerIndex",
    "managedBy",
)


_GIVEN = frozenset({"controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"})
"""Labels that the server adds to every Job's template."""


def frozen_fields(live: KubeObject, desired: KubeObject) -> Iterator[Frozen]:
    """Differences in what the Job runs."""
    for name in FIXED:
        for change in differing(live, desired, "spec", name):
            if change.path[-1] not in _GIVEN:
                yield Frozen(change, "what a Job runs is fixed at creation", "the Job is deleted and created again")


def is_unfinished(job: KubeObject) -> bool:
    """Whether it may still be at work: it has no end yet, and is not suspended with nothing running."""
    ended = any(
        condition.get("type") in {"Complete", "Failed"} and condition.get("status") == "True"
        for condition in job.get("status", "conditions", default=[])
    )
    idle = job.get("spec", "suspend", default=False) and not job.get("status", "active", default=0)
    return not ended and not idle
