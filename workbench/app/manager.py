"""The session controller: starts sessions, and lets a stopped one go only after its receipt is written.

It keeps nothing in memory that matters: whoever takes over reads the pods. SIGTERM lets backups in flight end.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from workbench.app import sessions
from workbench.app.kube import Kube, KubeError, connect
from workbench.app.proxy import PROBE, Seen, remaining
from workbench.app.saving import saver
from workbench.app.web import Answer, Request, answer, serve, until_told

Raw = dict[str, Any]
Save = Callable[[Raw, bool], Raw]
POLICIES = {"normal": 10, "immediate": 1, "abort": 1}
WORKERS = 20


class Manager:
    """HTTP on one side, pods on the other; `save` makes one backup and returns what goes into the receipt."""

    def __init__(self, kube: Kube, kind: sessions.Kind, save: Save) -> None:
        self.kube, self.kind, self.save = kube, kind, save
        self.seen = Seen(kube)
        self.results: Counter[str] = Counter()
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(WORKERS)

    def handle(self, request: Request) -> Answer:
        """/workspaces, /metrics, /healthz."""
        if request.path == "/healthz":
            return answer(200, {})
        if request.path == "/metrics":
            return self._metrics()
        parts = request.path.strip("/").split("/")
        if parts[0] != "workspaces":
            return answer(404, {"error": "no such path"})
        try:
            if request.method == "POST":
                return self._start(request)
            if request.method == "DELETE" and len(parts) == 2:
                return self._stop(parts[1], request.query.get("policy", "normal"))
            return answer(200, {"workspaces": [sessions.about(pod) for pod in self.pods()]})
        except KubeError as error:
            if error.status in (403, 422):
                return answer(503, {"error": error.text}, Retry_After="5")
            return answer(404 if error.status == 404 else 502, {"error": error.text})

    def pods(self) -> list[Raw]:
        """All sessions' pods."""
        return self.kube.pods(sessions.SELECTOR)

    def reconcile(self, pods: list[Raw]) -> None:
        """Bring every session one step forward; backups go on in threads."""
        for pod in pods:
            metadata = pod["metadata"]
            if not sessions.stopped(pod):
                continue
            if "deletionTimestamp" not in metadata:
                if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
                    self._delete(metadata["name"], 1)
            elif sessions.FINALIZER in metadata.get("finalizers", []):
                with self._lock:
                    if metadata["uid"] in self._busy:
                        continue
                    self._busy.add(metadata["uid"])
                self._pool.submit(self._finish, pod)

    def close(self) -> None:
        """Wait for the backups in flight."""
        self._pool.shutdown(wait=True)

    def _finish(self, pod: Raw) -> None:
        try:
            receipt = self._receipt(live) if (live := self._still(pod)) else None
            if receipt is None:
                return
            self._patch(pod, {"metadata": {"annotations": {sessions.RECEIPT: json.dumps(receipt)}}})
            if sessions.storage(pod) == "claim":
                self._remove("persistentvolumeclaims", pod["metadata"]["name"])
            self._release(pod)
        except (KubeError, OSError, ValueError) as error:
            if not (isinstance(error, KubeError) and error.status == 404):
                print(f"{pod['metadata']['name']}: {error}; again later", flush=True)
            time.sleep(0.3)
        finally:
            with self._lock:
                self._busy.discard(pod["metadata"]["uid"])

    def _still(self, pod: Raw) -> Raw | None:
        """The session as it is now: what was listed may have been finished, and its folder removed, since."""
        live = self.kube.get("pods", pod["metadata"]["name"])
        if live is None or live["metadata"]["uid"] != pod["metadata"]["uid"]:
            return None
        return live if sessions.FINALIZER in live["metadata"].get("finalizers", []) else None

    def _receipt(self, pod: Raw) -> Raw | None:
        """The finished receipt; None when a fault keeps it from ever finishing."""
        written = json.loads(pod["metadata"].get("annotations", {}).get(sessions.RECEIPT, "{}"))
        if written.get("status") == "finished":
            return dict(written)
        faults, name = self.seen.settings("wb-faults"), pod["metadata"]["labels"].get("workspaceID", "")
        if _hit(faults, "neverFinish", name):
            return None
        began, annotations = time.monotonic(), pod["metadata"].get("annotations", {})
        self._patch(pod, {"metadata": {"annotations": {sessions.RECEIPT: json.dumps({"status": "started"})}}})
        time.sleep(float(faults.get("backupSeconds", "0") or 0))
        if _hit(faults, "backupFails", name):
            found: Raw = {"backupFailure": "switched on by wb-faults"}
        elif not sessions.ever_ran(pod):
            found = {"bytes": 0, "lastLine": "", "skipped": "it never ran"}
        elif sessions.ABORTED in annotations:
            found = {"bytes": 0, "lastLine": "", "skipped": "aborted on request, without a backup"}
        elif sessions.node_gone(pod) or _hit(faults, "nodeGone", name):
            found = {
                "backupFailure": f"node {pod['spec'].get('nodeName', '')} is gone, and the session's files with it"
            }
        else:
            found = self.save(pod, _hit(faults, "backupLies", name))
        self.results["failed" if found.get("backupFailure") else "saved"] += 1
        return {
            "status": "finished",
            **found,
            "durationMs": int((time.monotonic() - began) * 1000),
            "finishedAt": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }

    def _patch(self, pod: Raw, body: Raw) -> None:
        body["metadata"]["uid"] = pod["metadata"]["uid"]  # never another pod of the same name
        self.kube.request("PATCH", self.kube.path("pods", pod["metadata"]["name"]), body)

    def _release(self, pod: Raw) -> None:
        path = self.kube.path("pods", pod["metadata"]["name"])
        live = self.kube.request("GET", path)["metadata"]
        if live["uid"] != pod["metadata"]["uid"] or sessions.FINALIZER not in live.get("finalizers", []):
            return
        place = f"/metadata/finalizers/{live['finalizers'].index(sessions.FINALIZER)}"
        test = {"op": "test", "path": place, "value": sessions.FINALIZER}
        self.kube.request("PATCH", path, [test, {"op": "remove", "path": place}])

    def _start(self, request: Request) -> Answer:
        probe = request.headers.get(PROBE, "")
        left = remaining(self.seen.settings("wb-maintenance").get("enabledUntil", ""))
        if left and not probe:
            return answer(503, {"error": "under maintenance"}, Retry_After=str(min(60, int(left) + 1)))
        name, asked = sessions.new_id(request.headers.get("idempotency-key", "")), request.json()
        wish = sessions.Wish(str(asked.get("owner") or "nobody"), str(asked.get("storage") or "node"), probe)
        if wish.storage not in sessions.STORAGES:
            return answer(400, {"error": f"storage must be one of {', '.join(sessions.STORAGES)}"})
        pod = sessions.pod(name, wish, kind=self._kind(name), namespace=self.kube.namespace)
        if wish.storage == "claim":
            self._create("persistentvolumeclaims", sessions.claim(name))
        if not self._create("pods", pod):
            return answer(200, {"id": name, "name": f"ws-{name}"})
        return answer(201, {"id": name, "name": f"ws-{name}"})

    def _kind(self, name: str) -> sessions.Kind:
        """How this session runs; a fault gives it an image that nobody has."""
        if not _hit(self.seen.settings("wb-faults"), "imageGone", name):
            return self.kind
        return replace(self.kind, image=self.kind.image.rpartition(":")[0] + ":does-not-exist")

    def _create(self, plural: str, body: Raw) -> bool:
        """Whether it was not there before."""
        try:
            self.kube.request("POST", self.kube.path(plural), body)
        except KubeError as error:
            if error.status != 409:
                raise
            return False
        return True

    def _stop(self, name: str, policy: str) -> Answer:
        if policy not in POLICIES:
            return answer(400, {"error": f"policy must be one of {', '.join(POLICIES)}"})
        if policy == "abort":
            body = {"metadata": {"annotations": {sessions.ABORTED: "true"}}}
            self.kube.request("PATCH", self.kube.path("pods", f"ws-{name}"), body)
        self._delete(f"ws-{name}", POLICIES[policy])
        return answer(202, {"id": name})

    def _remove(self, plural: str, name: str) -> None:
        try:
            self.kube.request("DELETE", self.kube.path(plural, name))
        except KubeError as error:
            if error.status != 404:
                raise

    def _delete(self, name: str, grace: int) -> None:
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": grace}
        self.kube.request("DELETE", self.kube.path("pods", name), options)

    def _metrics(self) -> Answer:
        phases = Counter(sessions.about(pod)["phase"] for pod in self.pods())
        shown = {phase: phases.get(phase, 0) for phase in ("Pending", "Running", "Stopping")}
        lines = [f'wb_workspaces{{phase="{phase}"}} {count}' for phase, count in shown.items()]
        lines += [f'wb_backups_total{{result="{name}"}} {count}' for name, count in self.results.items()]
        return Answer(200, ("\n".join(lines) + "\n").encode(), {"Content-Type": "text/plain"})


def _hit(faults: dict[str, str], switch: str, name: str) -> bool:
    """A switch names session ids, separated by commas, or `*`."""
    named = [one.strip() for one in faults.get(switch, "").split(",")]
    return name in named or f"ws-{name}" in named or "*" in named


def main(_role: str, _args: list[str]) -> None:
    """Serve on :8080 and look at the pods four times a second."""
    told = until_told()
    kube = connect()
    manager = Manager(kube, sessions.from_environment(), saver(kube))
    serve(manager.handle, 8080)
    while not told.wait(0.25):
        try:
            manager.reconcile(manager.pods())
        except (KubeError, OSError) as error:
            print(f"pods cannot be read: {error}; again later", flush=True)
    manager.close()
