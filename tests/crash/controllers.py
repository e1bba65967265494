"""What a cluster's controllers and the application's own do in time: pods, Jobs, claims, and sessions that save.

Everything is level-triggered and looks only at the objects and the clock, so that it needs no task of its own: the API
server calls `settle` before each request.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.crash.api_server import ApiServer, Raw, copied, running
from tests.crash.clockwork import START

ROLLOUT_SECONDS = {"StatefulSet": 1.0, "Deployment": 3.0, "DaemonSet": 2.0}
"""Old pods run until then, so that old and new code may meet."""
JOB_SECONDS = 3.0
SAVE_SECONDS = 2.0
SESSION_LABELS = {"component": "workspace"}
SESSION_FINALIZER = "workbench.example/finalizer"
RECEIPT = "workbench.example/disposalStatus"
CONTROLLER = "Deployment.apps/{}/wb-manager"
WORKLOADS = ("Deployment.apps/", "StatefulSet.apps/", "DaemonSet.apps/")


class Controllers:
    """Controllers of one namespace; `behaviour` says how a session's end goes, by its name."""

    def __init__(self, api: ApiServer, seconds: Callable[[], float], namespace: str) -> None:
        self._api = api
        self._seconds = seconds
        self._namespace = namespace
        self._since: dict[tuple[str, str], float] = {}
        self._settled = (0.0, 0)
        self.behaviour: dict[str, str] = {}
        """fails | hangs | lies; otherwise a session saves."""
        self.lost: list[str] = []
        """Sessions that ended without having been saved by their controller."""
        self.never_ready: set[str] = {"broken"}
        """Images with one of these words never become ready."""

    def settle(self) -> None:
        """Bring everything to where it would be now."""
        moment = (self._seconds(), self._api.version_counter)
        if moment == self._settled:
            return
        self._settled = moment
        for key in list(self._api.objects):
            raw = self._api.objects.get(key)
            if raw is None:
                continue
            self.settle_one(key, raw)

    def settle_one(self, key: str, raw: Raw) -> None:
        """Bring one object to where it would be now."""
        if key.startswith(WORKLOADS):
            self._workload(key, raw)
        elif key.startswith("Job.batch/"):
            self._job(key, raw)
        elif key.startswith("Pod/"):
            self._pod(key, raw)
        elif key.startswith("PersistentVolumeClaim/") and not raw.get("status"):
            raw["status"] = {"phase": "Bound"}

    def waited(self, key: str, state: str) -> float:
        """Seconds since an object is in a state."""
        for known in [one for one in self._since if one[0] == key and one[1] != state]:
            del self._since[known]
        return self._seconds() - self._since.setdefault((key, state), self._seconds())

    def _workload(self, key: str, raw: Raw) -> None:
        spec, metadata = raw["spec"], raw["metadata"]
        wanted = 1 if raw["kind"] == "DaemonSet" else spec.get("replicas", 1)
        state = f"{metadata['uid']}-{metadata['generation']}"
        if (raw.get("status") or {}).get("state") == state:
            return
        if metadata.get("deletionTimestamp") or self.waited(key, state) < ROLLOUT_SECONDS[raw["kind"]]:
            return
        template = json.dumps(spec.get("template", {}))
        ready = 0 if any(word in template for word in self.never_ready) else wanted
        raw["status"] = {
            "state": state,
            "observedGeneration": metadata["generation"],
            **dict.fromkeys(("replicas", "updatedReplicas"), wanted),
            **dict.fromkeys(("readyReplicas", "availableReplicas"), ready),
            **dict.fromkeys(("desiredNumberScheduled", "updatedNumberScheduled"), wanted),
            **dict.fromkeys(("numberReady", "numberAvailable"), ready),
            **dict.fromkeys(("currentRevision", "updateRevision"), state),
        }
        self._api.touch(raw)
        self._pods(raw, wanted, ready=bool(ready))

    def _pods(self, raw: Raw, wanted: int, *, ready: bool) -> None:
        name, namespace = raw["metadata"]["name"], raw["metadata"]["namespace"]
        for key, pod in list(self._api.objects.items()):
            owners = pod["metadata"].get("ownerReferences") or [{}]
            if pod["kind"] == "Pod" and owners[0].get("uid") == raw["metadata"]["uid"]:
                del self._api.objects[key]
        template = raw["spec"].get("template", {})
        for number in range(wanted):
            labels = copied((template.get("metadata") or {}).get("labels") or {})
            owner = {"apiVersion": "apps/v1", "kind": raw["kind"], "name": name, "uid": raw["metadata"]["uid"]}
            metadata = {
                "name": f"{name}-{number}",
                "namespace": namespace,
                "labels": labels,
                "ownerReferences": [{**owner, "controller": True}],
            }
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": copied(template.get("spec") or {})}
            self._api.put({**pod, "status": pod_status("Running", ready=ready)})

    def _job(self, key: str, raw: Raw) -> None:
        metadata, status = raw["metadata"], raw.get("status") or {}
        if metadata.get("deletionTimestamp"):
            metadata["finalizers"] = []
            self._api.remove_if_free(key)
        elif not status.get("conditions") and self.waited(key, metadata["uid"]) >= JOB_SECONDS:
            fails = "fails" in json.dumps(raw["spec"])
            raw["status"] = {
                "conditions": [{"type": "Failed" if fails else "Complete", "status": "True"}],
                "observedGeneration": metadata["generation"],
                **({"failed": 1} if fails else {"succeeded": 1}),
            }
            self._api.touch(raw)

    def _pod(self, key: str, raw: Raw) -> None:
        metadata = raw["metadata"]
        if (metadata.get("labels") or {}).get("component") == "workspace":
            self._session(key, raw)
        elif metadata.get("deletionTimestamp"):
            raw["status"] = {**(raw.get("status") or {}), "phase": "Succeeded"}
            self._api.remove_if_free(key)
        elif not metadata.get("ownerReferences") and not raw.get("status"):
            raw["status"] = pod_status("Running", ready=True)

    def _session(self, key: str, raw: Raw) -> None:
        metadata, name = raw["metadata"], raw["metadata"]["name"]
        if not raw.get("status"):
            raw["status"] = pod_status("Running", ready=True)
        if SESSION_FINALIZER not in (metadata.get("finalizers") or []) and not metadata.get("deletionTimestamp"):
            metadata.setdefault("finalizers", []).append(SESSION_FINALIZER)
        if not metadata.get("deletionTimestamp"):
            return
        waited = self.waited(key, "ending")
        if running(raw) and waited >= 1.0:
            raw["status"] = pod_status("Succeeded", ready=False, ended=self._stamp(0))
            self._api.touch(raw)
        if waited < SAVE_SECONDS or self.behaviour.get(name) == "hangs":
            return
        if SESSION_FINALIZER in metadata["finalizers"] and self._controller_is_up():
            metadata.setdefault("annotations", {})[RECEIPT] = json.dumps(self._receipt(name))
            metadata["finalizers"].remove(SESSION_FINALIZER)
            self._api.touch(raw)
        self._api.remove_if_free(key)

    def _receipt(self, name: str) -> dict[str, Any]:
        behaviour = self.behaviour.get(name)
        content = f"work of {name}".encode()
        receipt = {
            "status": "finished",
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "finishedAt": self._stamp(-3600 if behaviour == "lies" else 0),
        }
        return {**receipt, "backupFailure": "disk full"} if behaviour == "fails" else receipt

    def _controller_is_up(self) -> bool:
        raw = self._api.objects.get(CONTROLLER.format(self._namespace))
        return bool(raw and (raw.get("status") or {}).get("readyReplicas"))

    def _stamp(self, offset: float) -> str:
        return (START + timedelta(seconds=self._seconds() + offset)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def pod_status(phase: str, *, ready: bool, ended: str = "") -> Raw:
    """A pod's status."""
    waiting: Raw = {"waiting": {"reason": "ImagePullBackOff", "message": "there is no such image"}}
    state: Raw = (
        {"terminated": {"exitCode": 0, "finishedAt": ended}} if ended else {"running": {}} if ready else waiting
    )
    return {
        "phase": phase,
        "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        "containerStatuses": [{"name": "main", "ready": ready, "restartCount": 0, "state": state}],
    }


def stamp_of(seconds: float) -> str:
    """RFC 3339 of the world's clock."""
    moment: datetime = START + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
