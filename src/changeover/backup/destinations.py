"""From an Installation's backup policy to what copies its volumes.

* ``pvc:NAME`` is a claim beside the application, anything else a folder of this machine
* where the policy names an image, pods copy; else this machine does, when it can reach the volumes' files
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from changeover.backup.claims import ClaimVolumes
from changeover.backup.local import LocalVolumes
from changeover.backup.mover import MoverVolumes
from changeover.backup.streams import StreamingCluster
from changeover.objects import KubeObject
from changeover.ports import Json, Volumes

CLAIM = "pvc:"


def volumes_of(cluster: StreamingCluster, policy: Mapping[str, Json], installation: KubeObject) -> Volumes | None:
    """What copies the Installation's volumes; None without a destination."""
    destination, image = str(policy.get("destination") or ""), str(policy.get("image") or "")
    namespace = installation.namespace
    if not destination:
        return None
    if destination.startswith(CLAIM):
        claim = destination.removeprefix(CLAIM).strip("/")
        if image:
            return ClaimVolumes(cluster, namespace=namespace, claim=claim, inside=installation.name, image=image)
        return LocalVolumes(cluster, namespace, folder=Path(installation.name), claim=claim)
    folder = Path(destination).expanduser().resolve() / namespace / installation.name
    if image:
        return MoverVolumes(cluster, namespace=namespace, folder=folder, image=image)
    return LocalVolumes(cluster, namespace, folder=folder)
