"""Acts for simulated pods from the host: manager, sessions, store, database and proxy of one namespace in one process.

The same code as in the image, with real files and real receipts. A simulated pod has no container, so one loop writes
all sessions' lines, and at the end their final line and the containers' end into the pods' status. A server answers
only while a pod of its component is ready: without the manager nobody makes backups.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.app import sessions
from workbench.app.agent import save
from workbench.app.db import Database, TooNew
from workbench.app.kube import Kube, KubeError, connect
from workbench.app.manager import Manager
from workbench.app.proxy import Proxy, Seen
from workbench.app.small import dashboard
from workbench.app.store import Store
from workbench.app.web import Answer, Handle, Request, answer, serve, until_told

Raw = dict[str, Any]
LOCAL = "127.0.0.1"
COMPONENTS = ("manager", "store", "db", "proxy", "dashboard")
ENDING = 16
CLAIMS = {"store": "data-wb-store-0", "db": "data-wb-db-0"}


class Sessions:
    """All sessions' files, written by one loop."""

    def __init__(self, kube: Kube, root: Path, pause: float) -> None:
        self._kube, self._root, self._pause = kube, root, pause
        self._lines: dict[str, int] = {}
        self._next: dict[str, float] = {}
        self._ended: set[str] = set()
        self._pool = ThreadPoolExecutor(ENDING)

    def folder(self, pod: Raw) -> Path:
        """Where a session's files lie."""
        return self._root / "sessions" / str(pod["metadata"]["name"])

    def tick(self, pods: list[Raw]) -> None:
        """A line for everybody whose second is over; the end of everybody who was told to stop.

        All final lines are written before anybody's end is told, which takes a request each: grace is short.
        """
        ending: list[Raw] = []
        for pod in pods:
            uid = pod["metadata"]["uid"]
            if uid in self._ended or pod["status"].get("phase") != "Running":
                continue
            if "deletionTimestamp" in pod["metadata"]:
                self._write_final(pod)
                ending.append(pod)
            elif time.monotonic() >= self._next.get(uid, 0):
                self._next[uid] = time.monotonic() + self._pause
                self._append(pod, str(self._count(pod) + 1))
                self._lines[uid] += 1
        list(self._pool.map(self._end, ending))
        live = {pod["metadata"]["uid"] for pod in pods}
        self._ended &= live
        self._lines = {uid: count for uid, count in self._lines.items() if uid in live}

    def _count(self, pod: Raw) -> int:
        uid, log = pod["metadata"]["uid"], self.folder(pod) / "log.txt"
        if uid not in self._lines:
            self._lines[uid] = len(log.read_text().splitlines()) if log.exists() else 0
        return self._lines[uid]

    def _append(self, pod: Raw, line: str) -> None:
        self.folder(pod).mkdir(parents=True, exist_ok=True)
        with (self.folder(pod) / "log.txt").open("a") as log:
            log.write(line + "\n")

    def _write_final(self, pod: Raw) -> None:
        log = self.folder(pod) / "log.txt"
        if not (log.exists() and "final" in log.read_text()):
            self._append(pod, f"final {self._count(pod)}")

    def _end(self, pod: Raw) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        state = {"exitCode": 0, "reason": "Completed", "startedAt": pod["metadata"]["creationTimestamp"]}
        container = pod["spec"]["containers"][0]
        ended = {
            "name": container["name"],
            "image": container["image"],
            "imageID": "",
            "ready": False,
            "restartCount": 0,
            "state": {"terminated": {**state, "finishedAt": now}},
        }
        seen = {"resourceVersion": pod["metadata"]["resourceVersion"]}  # its grace may have ended it meanwhile
        status = {"metadata": seen, "status": {"phase": "Succeeded", "containerStatuses": [ended]}}
        try:
            self._kube.request("PATCH", self._kube.path("pods", pod["metadata"]["name"]) + "/status", status)
        except KubeError as error:
            if error.status == 409:
                return
            if error.status != 404:
                raise
        self._ended.add(pod["metadata"]["uid"])


class Servers:
    """The application's servers on free ports; each answers while a pod of its component is ready."""

    def __init__(self, kube: Kube, volumes: Path | None, root: Path) -> None:
        self.kube, self._volumes, self._root = kube, volumes, root
        self.ready: set[str] = set()
        self.seen = Seen(kube)
        self._reads = 1
        self._open: dict[str, tuple[Path, Handle, Callable[[], None]]] = {}
        self.addresses: dict[str, str] = {}

    def start(self, name: str, handle: Handle) -> str:
        """Serve a component; returns its address."""

        def guarded(request: Request) -> Answer:
            return handle(request) if name in self.ready else answer(503, {"error": f"{name} is not running"})

        port = serve(guarded, 0, LOCAL).server_address[1]
        self.addresses[name] = f"http://{LOCAL}:{port}"
        return self.addresses[name]

    def look(self) -> None:
        """Which components have a ready pod now, and where their claims' files lie."""
        pods = self.kube.pods("app=workbench")
        ready = {pod["metadata"]["labels"].get("component", "") for pod in pods if _ready(pod)}
        self.ready = ready & set(COMPONENTS)
        self._reads = max((_reads(pod) for pod in pods), default=1)
        for role in CLAIMS:
            known = self._open.get(role)
            if known and (role not in self.ready or known[0] != self._folder(role)):
                del self._open[role]
                known[2]()

    def data(self, role: str) -> Handle:
        """The server of a component with a claim, on the claim's files of the moment."""

        def handle(request: Request) -> Answer:
            try:
                if role not in self._open:
                    self._open[role] = self._opened(role, self._folder(role))
            except TooNew as refused:
                return answer(503, {"error": f"{role} does not start: {refused}"})
            return self._open[role][1](request)

        return handle

    def _opened(self, role: str, folder: Path) -> tuple[Path, Handle, Callable[[], None]]:
        if role == "db":
            database = Database(folder / "db.sqlite", self._reads)
            return folder, database.handle, database.close
        store = Store(folder / "objects", lambda: bool(self.seen.settings("wb-faults").get("storeRefuses")))
        return folder, store.handle, lambda: None

    def _folder(self, role: str) -> Path:
        claim = self.kube.get("persistentvolumeclaims", CLAIMS[role]) if self._volumes else None
        volume = ((claim or {}).get("spec") or {}).get("volumeName", "")
        if not volume:
            return self._root / role
        spec = self.kube.request("GET", f"/api/v1/persistentvolumes/{volume}")["spec"]
        path = (spec.get("hostPath") or spec.get("local") or {}).get("path", "")
        found = Path(path)
        return found if path and found.is_dir() else self._root / role


def _ready(pod: Raw) -> bool:
    conditions = pod.get("status", {}).get("conditions") or []
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def _reads(pod: Raw) -> int:
    """The newest schema that the database in this pod knows; 0 when it is no database."""
    env = pod["spec"]["containers"][0].get("env") or []
    return next((int(one["value"]) for one in env if one["name"] == "WB_READS"), 0)


def announce(kube: Kube, url: str) -> None:
    """Write the address onto Service proxy when it is not there."""
    service = kube.get("services", "proxy")
    if service and service["metadata"].get("annotations", {}).get("changeover.dev/address") != url:
        body = {"metadata": {"annotations": {"changeover.dev/address": url}}}
        kube.request("PATCH", kube.path("services", "proxy"), body)


def main(_role: str, args: list[str]) -> None:
    """`--kubeconfig K --namespace N --root DIR`: run until told to stop; prints the address that users reach."""
    parser = argparse.ArgumentParser(prog="workbench hostrunner", description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--volumes", type=Path, help="use the claims' own folders when they lie on this machine")
    parser.add_argument("--line-seconds", type=float, default=1.0)
    chosen = parser.parse_args(args)
    told = until_told()
    kube = connect(chosen.kubeconfig, chosen.namespace)
    servers = Servers(kube, chosen.volumes, chosen.root)
    writers = Sessions(kube, chosen.root, chosen.line_seconds)
    for role in CLAIMS:
        servers.start(role, servers.data(role))
    kind = sessions.Kind("registry.kubebox:5000/workbench:1", "changeover.dev/node=simulated", simulated=True)

    def stored(pod: Raw, lie: bool) -> Raw:  # noqa: FBT001 - the shape of Save
        name = pod["metadata"]["labels"]["workspaceID"]
        return save(writers.folder(pod), f"{servers.addresses['store']}/objects/{name}", lie=lie)

    manager = Manager(kube, kind, stored)
    servers.start("manager", manager.handle)
    servers.start("dashboard", dashboard)
    url = servers.start("proxy", Proxy(servers.seen, servers.addresses).handle)
    print(url, flush=True)
    while not told.wait(0.2):
        try:
            servers.look()
            announce(kube, url)
            pods = manager.pods()
            writers.tick(pods)
            if "manager" in servers.ready:
                manager.reconcile(pods)
        except (KubeError, OSError) as error:
            print(f"the cluster cannot be read: {error}; again later", flush=True)
    manager.close()
