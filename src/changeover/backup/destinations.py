"""From an Installation's backup policy to what copies its volumes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from changeover.backup.local import LocalVolumes
from changeover.backup.mover import MoverVolumes
from changeover.kube.client import KubeCluster
from changeover.kube.proxy import PodProxy
from changeover.objects import KubeObject
from changeover.ports import Json, Volumes


def volumes_of(cluster: KubeCluster, policy: Mapping[str, Json], installation: KubeObject) -> Volumes | None:
    """A pod copies where the policy names an image, else this machine; None without a destination."""
    destination = str(policy.get("destination") or "")
    if not destination:
        return None
    folder = Path(destination).expanduser() / installation.namespace / installation.name
    image = str(policy.get("image") or "")
    if image:
        proxy = PodProxy(cluster.http)
        return MoverVolumes(cluster, proxy, namespace=installation.namespace, folder=folder, image=image)
    return LocalVolumes(cluster, installation.namespace, folder=folder)
