"""Copies volumes through a pod that mounts the claim: what the API server proxies to it is the archive, as a stream.

Nothing but the API server need be reachable from here. The pod is named after the step, so that a repetition finds it;
it is removed when the piece is finished, and ends by itself after an hour. Compression and verification happen here.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Any

import zstandard

from changeover.backup.pieces import CHUNK, BrokenBackup, Content, Folder, reading, verify
from changeover.backup.volumes import bound
from changeover.errors import Problem
from changeover.kube.proxy import PodProxy
from changeover.objects import Kind, KubeObject, Ref
from changeover.ports import AlreadyExists, BackupPiece, Cluster
from changeover.settings import STEP_ANNOTATION

POD = Kind("v1", "Pod")
PORT = 8642
START_SECONDS = 180.0


class MoverNotStarted(Problem):
    """The pod that copies a volume did not start."""

    reference = "mover-not-started"


class MoverVolumes:
    """Implements `ports.Volumes`."""

    def __init__(self, cluster: Cluster, proxy: PodProxy, *, namespace: str, folder: Path, image: str) -> None:
        self._cluster = cluster
        self._proxy = proxy
        self._namespace = namespace
        self._folder = Folder(folder)
        self._image = image

    async def room(self, claims: Sequence[str]) -> tuple[int, int]:
        """(0: the pod tells the size when it copies, bytes free at the destination)."""
        for claim in claims:
            await bound(self._cluster, self._namespace, claim)
        return 0, self._folder.free()

    async def back_up(self, claim: str, *, name: str, key: str) -> BackupPiece:
        """Copy a claim's content and read it back."""
        found = self._folder.finished(key, name)
        if found is not None:
            return found
        began = time.monotonic()
        live, _ = await bound(self._cluster, self._namespace, claim)
        async with self._pod(claim, key, writes=False) as pod:
            self._folder.need(int((await self._proxy.json(pod, PORT, "size"))["bytes"]))
            await self._download(pod, key, name)
            told = await self._proxy.json(pod, PORT, "digest")
        location = f"file://{self._folder.place(key, name)}"
        content = Content(told["sha256"], int(told["bytes"]), int(told["files"]))
        await asyncio.to_thread(verify, location, content)
        piece = BackupPiece(
            name=name,
            claim=claim,
            claim_uid=live.uid,
            location=location,
            sha256=content.sha256,
            bytes=content.bytes,
            files=content.files,
            seconds=round(time.monotonic() - began, 3),
        )
        self._folder.finish(piece, key)
        return piece

    async def _download(self, pod: Ref, key: str, name: str) -> None:
        with self._folder.writing(key, name) as file, zstandard.ZstdCompressor(level=3).stream_writer(file) as packed:
            async for part in self._proxy.get(pod, PORT, "tar"):
                packed.write(part)

    async def restore(self, piece: BackupPiece, *, key: str) -> None:
        """Replace the claim's content by the piece's."""
        await asyncio.to_thread(verify, piece.location, Content(piece.sha256, piece.bytes, piece.files))
        headers = {"X-Sha256": piece.sha256, "X-Files": str(piece.files)}
        async with self._pod(piece.claim, key, writes=True) as pod:
            with tempfile.TemporaryFile() as plain, reading(piece.location) as stream:
                while part := stream.read(CHUNK):
                    plain.write(part)
                plain.seek(0)
                status, body = await self._proxy.put(pod, PORT, "tar", content=plain, headers=headers)
        if status != 200:
            raise BrokenBackup(f"{piece.location} must unpack completely.", found=f"{status} {body[:200]}")

    @asynccontextmanager
    async def _pod(self, claim: str, key: str, *, writes: bool) -> AsyncIterator[Ref]:
        body = self._body(claim, key, writes=writes)
        with suppress(AlreadyExists):
            await self._cluster.create(body)
        ref = body.ref
        try:
            await self._started(ref)
            yield ref
        finally:
            live = await self._cluster.get(ref)
            if live is not None:
                await self._cluster.delete(ref, uid=live.uid, grace_seconds=0)

    async def _started(self, ref: Ref) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            live = await self._cluster.get(ref)
            ready = live is not None and any(
                one.get("type") == "Ready" and one.get("status") == "True"
                for one in live.get("status", "conditions", default=[])
            )
            if ready:
                return
            if time.monotonic() > deadline:
                raise MoverNotStarted(
                    f"The pod {ref.name} must start within {START_SECONDS:.0f} s to copy a volume.",
                    found=_why(live),
                    hint="policy.backup.image must name an image with python3 that the node can pull",
                )
            await asyncio.sleep(0.3)

    def _body(self, claim: str, key: str, *, writes: bool) -> KubeObject:
        name = f"changeover-copy-{hashlib.sha256(f'{key} {claim} {writes}'.encode()).hexdigest()[:12]}"
        script = (resources.files("changeover.backup") / "mover_script.py").read_text()
        container: dict[str, Any] = {
            "name": "mover",
            "image": self._image,
            "command": ["python3", "-c", script, str(PORT)],
            "ports": [{"containerPort": PORT}],
            "readinessProbe": {"httpGet": {"path": "/size", "port": PORT}, "periodSeconds": 1},
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            "securityContext": {"runAsUser": 0, "allowPrivilegeEscalation": False},
        }
        return KubeObject(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": name,
                    "namespace": self._namespace,
                    "labels": {"app.kubernetes.io/managed-by": "changeover"},
                    "annotations": {STEP_ANNOTATION: key},
                },
                "spec": {
                    "restartPolicy": "Never",
                    "automountServiceAccountToken": False,
                    "terminationGracePeriodSeconds": 0,
                    "containers": [container],
                    "volumes": [
                        {"name": "data", "persistentVolumeClaim": {"claimName": claim, "readOnly": not writes}}
                    ],
                },
            }
        )


def _is_ready(pod: KubeObject) -> bool:
    known = pod.get("status", "conditions", default=[])
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in known)


def _why(pod: KubeObject | None) -> str:
    if pod is None:
        return "it was removed"
    states = [one.get("state", {}).get("waiting", {}) for one in pod.get("status", "containerStatuses", default=[])]
    reasons = [f"{state.get('reason')}: {state.get('message', '')}" for state in states if state]
    return "; ".join(reasons) or json.dumps(pod.get("status", "phase", default="unknown"))
