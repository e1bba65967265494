"""The pods that copy volumes: Python 3 in any image, with our program on its command line and claims mounted.

* a pod is named after the step's key, so that a repetition finds the one that runs instead of starting another
* what keeps it from starting is told in the cluster's own words
* it is removed when its work is done, and ends by itself when nobody comes back for it
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from changeover.backup.pieces import NotCopied, problem_of
from changeover.errors import Problem
from changeover.objects import Kind, KubeObject, Ref
from changeover.ports import AlreadyExists, Cluster
from changeover.settings import STEP_ANNOTATION

POD = Kind("v1", "Pod")
PORT = 8642
START_SECONDS = 180.0
WORK_SECONDS = 4 * 3600
POLL = 0.3


class MoverNotStarted(Problem):
    """The pod that copies a volume did not start."""

    reference = "mover-not-started"


@dataclass(frozen=True, slots=True)
class Mount:
    """A claim in a pod."""

    claim: str
    path: str
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Pods:
    """Makes them in one namespace, of one image."""

    cluster: Cluster
    namespace: str
    image: str

    async def start(self, key: str, argument: str, mounts: Sequence[Mount]) -> Ref:
        """Create the pod of this key, unless it is there; it then serves a port or obeys an order."""
        body = self._body(key, argument, mounts)
        for _ in range(int(START_SECONDS / POLL)):
            try:
                return (await self.cluster.create(body)).ref
            except AlreadyExists:
                live = await self.cluster.get(body.ref)
                if live is not None and not live.terminating:
                    return live.ref
                await asyncio.sleep(POLL)
        raise MoverNotStarted(f"The pod {body.name} must be new.", found="an old one does not end")

    async def ready(self, ref: Ref) -> None:
        """Wait until it serves."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            live = await self.cluster.get(ref)
            if live is not None and _condition(live, "Ready") == "True":
                return
            _refuse_stuck(ref, live, late=time.monotonic() > deadline)
            await asyncio.sleep(POLL)

    async def obey(
        self, key: str, order: Mapping[str, Any], mounts: Sequence[Mount], *, what: str
    ) -> Mapping[str, Any]:
        """Have an order carried out by the pod of this key; its answer, or the Problem that it tells."""
        ref = await self.start(key, json.dumps(order), mounts)
        deadline = time.monotonic() + START_SECONDS
        while True:
            live = await self.cluster.get(ref)
            phase = live.get("status", "phase", default="") if live else ""
            if live is not None and phase in ("Succeeded", "Failed"):
                await self.remove(ref)
                return _answer(live, what)
            if phase != "Running":
                _refuse_stuck(ref, live, late=time.monotonic() > deadline)
            elif time.monotonic() > deadline + WORK_SECONDS:
                raise NotCopied(f"{what}: the pod must end.", found=f"{ref.name} does not", hint="is its node gone?")
            await asyncio.sleep(POLL)

    async def remove(self, ref: Ref) -> None:
        """Delete it."""
        live = await self.cluster.get(ref)
        if live is not None:
            await self.cluster.delete(ref, uid=live.uid, grace_seconds=0)

    def _body(self, key: str, argument: str, mounts: Sequence[Mount]) -> KubeObject:
        digest = hashlib.sha256("\n".join((key, argument, *map(str, mounts))).encode()).hexdigest()[:12]
        container: dict[str, Any] = {
            "name": "mover",
            "image": self.image,
            "command": ["python3", "-c", program(), argument],
            "volumeMounts": [
                {"name": f"v{number}", "mountPath": mount.path, "readOnly": not mount.writes}
                for number, mount in enumerate(mounts)
            ],
            "securityContext": {"runAsUser": 0, "allowPrivilegeEscalation": False},
        }
        if argument == str(PORT):
            container["ports"] = [{"containerPort": PORT}]
            container["readinessProbe"] = {"httpGet": {"path": "/", "port": PORT}, "periodSeconds": 1}
        spec = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 0,
            "activeDeadlineSeconds": WORK_SECONDS,
            "containers": [container],
            "volumes": [
                {"name": f"v{number}", "persistentVolumeClaim": {"claimName": mount.claim}}
                for number, mount in enumerate(mounts)
            ],
        }
        metadata = {
            "name": f"changeover-copy-{digest}",
            "namespace": self.namespace,
            "labels": {"app.kubernetes.io/managed-by": "changeover"},
            "annotations": {STEP_ANNOTATION: key},
        }
        return KubeObject({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


def program() -> str:
    """What runs in the pod: the copying functions, then how they are called."""
    home = resources.files("changeover.backup")
    return "\n".join((home / name).read_text() for name in ("archive.py", "mover_script.py"))


def _answer(pod: KubeObject, what: str) -> Mapping[str, Any]:
    status = pod.get("status", "containerStatuses", 0, "state", "terminated", default={})
    try:
        answer: Mapping[str, Any] = json.loads(status.get("message") or "")
    except ValueError:
        found = (
            f"exit code {status.get('exitCode')} {status.get('reason', '')}; {pod.get('status', 'reason', default='')}"
        )
        raise NotCopied(f"{what}: the pod must tell how it went.", found=found) from None
    if "error" in answer:
        raise problem_of(answer["error"], what)
    return answer


def _refuse_stuck(ref: Ref, pod: KubeObject | None, *, late: bool) -> None:
    phase = pod.get("status", "phase", default="") if pod else "gone"
    if late or phase in ("Failed", "Succeeded", "gone"):
        raise MoverNotStarted(
            f"The pod {ref.name} must start within {START_SECONDS:.0f} s to copy a volume.",
            found=_why(pod),
            hint="policy.backup.image must name an image with python3 that the node can pull",
        )


def _condition(pod: KubeObject, name: str) -> str:
    known = pod.get("status", "conditions", default=[])
    return next((str(one.get("status")) for one in known if one.get("type") == name), "")


def _why(pod: KubeObject | None) -> str:
    if pod is None:
        return "it was removed"
    told = []
    for one in pod.get("status", "containerStatuses", default=[]):
        for state in (one.get("state") or {}).values():
            told += [f"{state['reason']}: {state.get('message', '')}"] if state.get("reason") else []
    for one in pod.get("status", "conditions", default=[]):
        told += [str(one["message"])] if one.get("status") == "False" and one.get("message") else []
    return "; ".join(told)[:500] or f"it is {pod.get('status', 'phase', default='unknown')}"
