"""Where the files of a claim lie."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from changeover.errors import Problem
from changeover.objects import Kind, KubeObject, Ref
from changeover.ports import Cluster

CLAIM = Kind("v1", "PersistentVolumeClaim")
VOLUME = Kind("v1", "PersistentVolume")
NODE = Kind("v1", "Node")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class NoVolume(Problem):
    """A claim that is not there or not bound has nothing to copy."""

    reference = "no-volume"


async def bound(cluster: Cluster, namespace: str, claim: str) -> tuple[KubeObject, KubeObject]:
    """The claim and its volume. Raises NoVolume."""
    live = await cluster.get(Ref(CLAIM, namespace, claim))
    name = str(live.get("spec", "volumeName", default="")) if live else ""
    volume = await cluster.get(Ref(VOLUME, "", name)) if name else None
    if live is None or volume is None:
        raise NoVolume(
            f"PersistentVolumeClaim/{claim} must be bound to a volume.",
            found="there is no such claim"
            if live is None
            else f"it is {live.get('status', 'phase', default='not bound')}",
            hint="the profile's data stores name the claims to back up",
        )
    return live, volume


async def folder_of(cluster: Cluster, namespace: str, claim: str) -> tuple[KubeObject, Path]:
    """The claim and the folder of its files on this machine. Raises NoVolume."""
    live, volume = await bound(cluster, namespace, claim)
    path = path_of(volume)
    if path is None or not (_is_named(path, live, volume) or await _is_node(cluster)):
        raise NoVolume(
            f"The files of PersistentVolumeClaim/{claim} must be reachable.",
            found=f"volume {volume.name} is not a folder of this machine",
            hint="name an image with python3 in policy.backup.image; a pod with it then copies the files",
        )
    return live, path


def path_of(volume: KubeObject) -> Path | None:
    """The folder of a hostPath or local volume, when there is one of this name here that we may write."""
    text = volume.get("spec", "hostPath", "path") or volume.get("spec", "local", "path")
    path = Path(str(text)) if text else None
    return path if path is not None and path.is_dir() and os.access(path, os.R_OK | os.W_OK | os.X_OK) else None


def _is_named(path: Path, claim: KubeObject, volume: KubeObject) -> bool:
    """A folder that carries the claim's or the volume's uid can only be the volume's: not one of the same name here."""
    return any(uid and uid in str(path) for uid in (claim.uid, volume.uid))


async def _is_node(cluster: Cluster) -> bool:
    """Whether this machine is the only real node: they booted at the same moment."""
    ours = await asyncio.to_thread(_boot_id)
    nodes = await cluster.list(NODE)
    real = [node for node in nodes if node.annotations.get("kwok.x-k8s.io/node") != "fake"]
    return bool(real and ours) and all(node.get("status", "nodeInfo", "bootID") == ours for node in real)


def _boot_id() -> str:
    return BOOT_ID.read_text().strip() if BOOT_ID.is_file() else ""
