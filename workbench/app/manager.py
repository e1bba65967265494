"""The session controller: starts sessions, and when one is stopped makes its backup before its pod may go.

It owns the finalizer. The outcome of a backup stands only in an annotation of the pod that is about to vanish, as in
the application that it imitates. Faults are read live from ConfigMap ``wb-faults``.
"""

import hashlib
import json
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from . import session, web
from .kube import Kube, KubeError

FINALIZER = "wb.example/finalizer"
DISPOSAL = "wb.example/disposalStatus"
PROBE_HEADER = "X-Changeover-Probe"
PROBE_LABEL = "changeover.dev/probe"
SELECTOR = "component=workspace"
AT_A_TIME = 8


@dataclass
class Options:
    """What the deployment says."""

    namespace: str
    image: str
    interval: float = 1.0
    simulated: bool = False
    grace: int = 5


class Manager:
    """Sessions as bare pods; `content` gives a stopped session's packed folder, `put` stores it."""

    def __init__(
        self, kube: Kube, options: Options, content: Callable[[dict], bytes], put: Callable[[str, bytes], None]
    ) -> None:
        self._kube = kube
        self._options = options
        self._content = content
        self._put = put
        self._pool = ThreadPoolExecutor(AT_A_TIME)
        self._saving: set[str] = set()
        self._lock = threading.Lock()
        self.results = {"finished": 0, "failed": 0}
        self.pods: list[dict] = []

    def route(self, request: web.Request) -> web.Answer:
        """The manager's HTTP interface."""
        if request.path == "/healthz":
            return web.answer(200, {"ok": True})
        if request.path == "/metrics":
            return self._metrics()
        if request.path == "/workspaces" and request.method == "POST":
            return self._start(request)
        if request.path == "/workspaces":
            return web.answer(200, [_about(pod) for pod in self._kube.pods(self._options.namespace, SELECTOR)])
        if request.path.startswith("/workspaces/") and request.method == "DELETE":
            return self._stop(request.path.rpartition("/")[2], request.query.get("policy", "normal"))
        return web.answer(404)

    def _path(self, name: str = "", kind: str = "pods") -> str:
        return f"/api/v1/namespaces/{self._options.namespace}/{kind}" + (f"/{name}" if name else "")

    def _config(self, name: str) -> dict:
        found = self._kube.find(self._path(name, "configmaps"))
        return (found or {}).get("data") or {}

    def faults(self) -> dict:
        """What is to go wrong, from ConfigMap wb-faults."""
        return json.loads(self._config("wb-faults").get("faults", "{}"))

    def _start(self, request: web.Request) -> web.Answer:
        probe = request.headers.get(PROBE_HEADER, "")
        until = self._config("wb-maintenance").get("enabledUntil", "")
        if until and not probe and datetime.fromisoformat(until) > datetime.now(UTC):
            return web.answer(503, {"error": "under maintenance", "until": until}, Retry_After="30")
        wanted = json.loads(request.body or b"{}")
        key = request.headers.get("Idempotency-Key", "")
        name = wanted.get("id") or (hashlib.sha256(key.encode()).hexdigest()[:10] if key else uuid.uuid4().hex[:10])
        try:
            self._kube.request("POST", self._path(), self._pod(name, wanted.get("owner", "somebody"), probe))
        except KubeError as error:
            if error.status != 409:
                return web.answer(error.status if error.status == 403 else 502, {"error": str(error)})
        return web.answer(201, {"id": name, "pod": f"ws-{name}"})

    def _pod(self, name: str, owner: str, probe: str) -> dict:
        options = self._options
        labels = {"component": "workspace", "owner": owner, "workspaceID": name}
        annotations = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}
        spec: dict = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": options.grace,
            "containers": [
                {
                    "name": "workspace",
                    "image": options.image,
                    "args": ["workspace", str(options.interval)],
                    "volumeMounts": [{"name": "work", "mountPath": "/workspace"}],
                }
            ],
            "volumes": [
                {
                    "name": "work",
                    "hostPath": {"path": f"/var/lib/workbench/{options.namespace}/ws-{name}", "type": "DirectoryOrCreate"},
                }
            ],
        }
        if options.simulated:
            annotations["kubebox.changeover.dev/container"] = "host-process"
            spec["nodeSelector"] = {"changeover.dev/node": "simulated"}
            spec["tolerations"] = [{"key": "changeover.dev/node", "operator": "Exists"}]
        if probe:
            labels[PROBE_LABEL] = probe
        metadata = {"name": f"ws-{name}", "labels": labels, "annotations": annotations, "finalizers": [FINALIZER]}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    def _stop(self, name: str, policy: str) -> web.Answer:
        grace = {"immediate": 1, "abort": 1}.get(policy, self._options.grace)
        try:
            self._kube.request("DELETE", self._path(f"ws-{name}"), {"gracePeriodSeconds": grace})
        except KubeError as error:
            return web.answer(error.status, {"error": str(error)})
        return web.answer(202, {"id": name})

    def _metrics(self) -> web.Answer:
        phases: dict[str, int] = {}
        for pod in self.pods:
            phase = "stopping" if pod["metadata"].get("deletionTimestamp") else pod["status"].get("phase", "Unknown").lower()
            phases[phase] = phases.get(phase, 0) + 1
        lines = [f'wb_workspaces{{phase="{phase}"}} {count}' for phase, count in sorted(phases.items())]
        lines += [f'wb_backups_total{{result="{result}"}} {count}' for result, count in self.results.items()]
        return 200, ("\n".join(lines) + "\n").encode(), {"Content-Type": "text/plain"}

    def reconcile(self) -> None:
        """One look: every stopped session whose containers have ended is saved."""
        self.pods = self._kube.pods(self._options.namespace, SELECTOR)
        for pod in self.pods:
            metadata = pod["metadata"]
            if not metadata.get("deletionTimestamp") or FINALIZER not in metadata.get("finalizers", []):
                continue
            with self._lock:
                if not has_ended(pod) or metadata["uid"] in self._saving:
                    continue
                self._saving.add(metadata["uid"])
            self._pool.submit(self._save, pod)

    def _save(self, pod: dict) -> None:
        uid = pod["metadata"]["uid"]
        try:
            self._dispose(pod)
        except (KubeError, OSError, ValueError) as error:
            print(f"saving {pod['metadata']['name']} will be tried again: {error}", flush=True)
        finally:
            time.sleep(0.2)
            with self._lock:
                self._saving.discard(uid)

    def _dispose(self, pod: dict) -> None:
        name = pod["metadata"]["labels"]["workspaceID"]
        faults = self.faults()
        if name in faults.get("neverFinish", []):
            return
        began = time.monotonic()
        time.sleep(float(faults.get("backupSeconds", 0)))
        receipt = self._receipt(name, pod, faults)
        receipt["durationMs"] = round((time.monotonic() - began) * 1000)
        receipt["finishedAt"] = datetime.now(UTC).isoformat(timespec="milliseconds")
        if name in faults.get("backupOld", []):
            receipt["finishedAt"] = "2020-01-01T00:00:00.000+00:00"
        path = self._path(pod["metadata"]["name"])
        self._kube.patch(path, {"metadata": {"annotations": {DISPOSAL: json.dumps(receipt)}}})
        place = self._kube.request("GET", path)["metadata"]["finalizers"].index(FINALIZER)
        test = {"op": "test", "path": f"/metadata/finalizers/{place}", "value": FINALIZER}
        self._kube.patch(path, [test, {"op": "remove", "path": f"/metadata/finalizers/{place}"}], "json")
        self.results["failed" if receipt.get("backupFailure") else "finished"] += 1

    def _receipt(self, name: str, pod: dict, faults: dict) -> dict:
        if name in faults.get("backupFails", []) or faults.get("storeDown"):
            return {"status": "finished", "backupFailure": "the object store did not take it", "bytes": 0, "sha256": ""}
        content = self._content(pod)
        if name in faults.get("backupLies", []):
            return {"status": "finished", "bytes": len(content), "sha256": hashlib.sha256(b"a lie").hexdigest()}
        self._put(name, content)
        return {
            "status": "finished",
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "lastLine": session.last_line(content),
        }


def has_ended(pod: dict) -> bool:
    """Whether nothing of the session runs any more."""
    status = pod.get("status", {})
    if status.get("phase") in ("Succeeded", "Failed"):
        return True
    states = [one.get("state", {}) for one in status.get("containerStatuses", [])]
    return bool(states) and all("terminated" in state for state in states)


def _about(pod: dict) -> dict:
    labels = pod["metadata"]["labels"]
    return {
        "id": labels.get("workspaceID", ""),
        "owner": labels.get("owner", ""),
        "phase": "stopping" if pod["metadata"].get("deletionTimestamp") else pod.get("status", {}).get("phase", ""),
        "node": pod["spec"].get("nodeName", ""),
        "since": pod["metadata"].get("creationTimestamp", ""),
    }


def from_agent(kube: Kube, namespace: str) -> Callable[[dict], bytes]:
    """A stopped session's packed folder, from the agent on its node."""

    def content(pod: dict) -> bytes:
        node = pod["spec"].get("nodeName")
        agents = [one for one in kube.pods(namespace, "component=wb-agent") if one["spec"].get("nodeName") == node]
        if not agents:
            raise OSError(f"no agent on node {node}")
        url = f"http://{agents[0]['status']['podIP']}:8082/{namespace}/{pod['metadata']['name']}"
        with urllib.request.urlopen(url, timeout=60) as found:
            return found.read()

    return content


def to_store(url: str) -> Callable[[str, bytes], None]:
    """Put into the object store; its answer must name the digest."""

    def put(name: str, content: bytes) -> None:
        request = urllib.request.Request(f"{url}/objects/{name}", data=content, method="PUT")
        with urllib.request.urlopen(request, timeout=60) as found:
            stored = json.load(found)
        if stored["sha256"] != hashlib.sha256(content).hexdigest():
            raise OSError("the store holds something else")

    return put


def run_forever(manager: Manager, port: int, every: float = 0.5) -> None:
    """Serve and reconcile until told to stop; saves under way are finished."""
    web.serve(manager.route, port)
    stop = threading.Event()

    def loop() -> None:
        while not stop.wait(every):
            try:
                manager.reconcile()
            except (KubeError, OSError) as error:
                print(f"looking at sessions will be tried again: {error}", flush=True)

    threading.Thread(target=loop, daemon=True).start()
    web.until_told_to_stop()
    stop.set()
