"""A Job stands until it has been read: its time-to-live is raised meanwhile, and given back afterwards."""

from __future__ import annotations

from typing import Any

from changeover.objects import KubeObject
from changeover.ports import Cluster
from changeover.settings import STEP_ANNOTATION

KEEP_SECONDS = 86_400
"""Time-to-live of a Job until its log and outcome are in the journal."""


def kept(wanted: KubeObject, mark: str) -> KubeObject:
    """Marked as one step's, and standing until it has been read."""
    annotations = {**wanted.annotations, STEP_ANNOTATION: mark}
    raw: dict[str, Any] = {**wanted.raw, "metadata": {**wanted.metadata, "annotations": annotations}}
    if wanted.kind == "Job" and "ttlSecondsAfterFinished" in raw["spec"]:
        seconds = max(int(raw["spec"]["ttlSecondsAfterFinished"] or 0), KEEP_SECONDS)
        raw["spec"] = {**raw["spec"], "ttlSecondsAfterFinished": seconds}
    return KubeObject(raw)


def to_give_back(live: KubeObject | None, wanted: KubeObject, uid: str) -> int | None:
    """Its author's own time-to-live, where the Job of that uid is still there and has another; else None."""
    ttl = wanted.get("spec", "ttlSecondsAfterFinished") if wanted.kind == "Job" else None
    there = live is not None and live.uid == uid and not live.terminating
    return int(ttl) if ttl is not None and there else None


async def give_back(cluster: Cluster, live: KubeObject, seconds: int) -> None:
    """Set the time-to-live."""
    change = {"metadata": {"uid": live.uid}, "spec": {"ttlSecondsAfterFinished": seconds}}
    await cluster.patch(live.ref, change)
