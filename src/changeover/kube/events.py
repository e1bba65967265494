"""Kubernetes Events on our own objects: ``kubectl describe installation shop`` tells what happened.

Best effort: an Event that cannot be written is no reason for anything to fail.
"""

from __future__ import annotations

import socket

from changeover.objects import KubeObject
from changeover.ports import Clock, Cluster, ClusterProblem

NOTE = 1000
"""Characters; the API server refuses notes beyond 1 KiB."""
REASON = 128


class Events:
    """Writes them."""

    def __init__(self, cluster: Cluster, clock: Clock) -> None:
        self._cluster = cluster
        self._clock = clock

    async def emit(self, about: KubeObject, reason: str, note: str, *, warning: bool = False) -> bool:
        """Say something about an object; `reason` is CamelCase. False when it could not be written."""
        now = self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        event = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"generateName": f"{about.name}-", "namespace": about.namespace},
            "eventTime": now,
            "reportingController": "changeover.dev/changeover",
            "reportingInstance": socket.gethostname()[:128],
            "type": "Warning" if warning else "Normal",
            "action": reason[:REASON],
            "reason": reason[:REASON],
            "note": note.encode()[:NOTE].decode(errors="ignore"),
            "regarding": {
                "apiVersion": about.api_version,
                "kind": about.kind,
                "namespace": about.namespace,
                "name": about.name,
                "uid": about.uid,
            },
        }
        try:
            await self._cluster.create(KubeObject(event))
        except ClusterProblem:
            return False
        return True
