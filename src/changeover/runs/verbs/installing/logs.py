"""The log of an installer or a hook: followed while it runs, kept when it has ended, without known secrets."""

from __future__ import annotations

import os

from changeover.objects import Kind, KubeObject
from changeover.plan.masking import Masking
from changeover.ports import Cluster
from changeover.render.revision import Revision

POD = Kind("v1", "Pod")
KEPT = 40_000
"""Characters of the end of a log that the journal keeps."""
_LINES = 20_000


def masking_for(revision: Revision) -> Masking:
    """Hides what this revision knows to be secret; the key is nobody's, so that fingerprints tell nothing."""
    return Masking.of(os.urandom(32), revision.secrets, objects=revision.everything)


async def last_line(cluster: Cluster, job: KubeObject) -> str:
    """The newest line of the newest pod; empty when there is none."""
    pods = await pods_of(cluster, job)
    if not pods:
        return ""
    lines = [line for line in (await _log(cluster, pods[-1], tail=5)).splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""


async def whole(cluster: Cluster, job: KubeObject) -> str:
    """What all its pods said, oldest first; at most the last `KEPT` characters."""
    parts = []
    for pod in await pods_of(cluster, job):
        head = f"--- {pod.ref}, {pod.get('status', 'phase', default='unknown')}\n"
        parts.append(head + await _log(cluster, pod, tail=_LINES))
    text = "\n".join(parts)
    return text if len(text) <= KEPT else f"(only the end)\n{text[-KEPT:]}"


async def pods_of(cluster: Cluster, job: KubeObject) -> list[KubeObject]:
    """The pods of a Job, oldest first; a Pod alone is its own."""
    if job.kind == "Pod":
        return [job]
    selector = f"batch.kubernetes.io/controller-uid={job.uid}"
    found = await cluster.list(POD, namespace=job.namespace, selector=selector)
    return sorted(found, key=lambda pod: str(pod.metadata.get("creationTimestamp", "")))


async def _log(cluster: Cluster, pod: KubeObject, *, tail: int) -> str:
    names = [str(one["name"]) for part in ("initContainers", "containers") for one in pod.get("spec", part, default=[])]
    texts = [await cluster.logs(pod.ref, container=name, tail=tail) for name in names]
    return "\n".join(text.rstrip("\n") for text in texts if text.strip())
