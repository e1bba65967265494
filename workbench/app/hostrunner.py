"""Acts for simulated pods from the host: one process is manager, sessions, store, database and proxy of one namespace.

The same code as in the image: real files, real backups over HTTP, real receipts. Simulated pods have no containers, so
this process writes their sessions' lines, and at the end their final line and their containers' end into their status.
What the installed release says (does it run, which version) is read from its simulated pods.
"""

import argparse
import shutil
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from . import front, manager, session, stores, web
from .kube import Kube, KubeError


class Sessions:
    """All running sessions of a namespace, written by one loop."""

    def __init__(self, kube: Kube, namespace: str, root: Path, interval: float) -> None:
        self._kube = kube
        self._namespace = namespace
        self._root = root
        self._interval = interval
        self._logs: dict[str, session.Log] = {}
        self._ended: set[str] = set()

    def folder(self, pod: dict) -> Path:
        """Where a session's files lie."""
        return self._root / "sessions" / pod["metadata"]["name"]

    def tick(self, pods: list[dict]) -> None:
        """A line for everybody who runs; the end of everybody who was told to stop."""
        for pod in pods:
            uid = pod["metadata"]["uid"]
            if uid in self._ended:
                continue
            if pod["metadata"].get("deletionTimestamp"):
                self._end(pod)
            elif pod.get("status", {}).get("phase") == "Running":
                self._log(pod).line()
        self._ended &= {pod["metadata"]["uid"] for pod in pods}

    def _log(self, pod: dict) -> session.Log:
        uid = pod["metadata"]["uid"]
        if uid not in self._logs:
            self._logs[uid] = session.Log(self.folder(pod))
        return self._logs[uid]

    def _end(self, pod: dict) -> None:
        self._log(pod).final()
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ended = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": now}}
        status = {"phase": "Succeeded", "containerStatuses": [_container(pod, ended)]}
        path = f"/api/v1/namespaces/{self._namespace}/pods/{pod['metadata']['name']}/status"
        try:
            self._kube.patch(path, {"status": status})
        except KubeError as error:
            if error.status != 404:
                raise
        self._ended.add(pod["metadata"]["uid"])
        self._logs.pop(pod["metadata"]["uid"], None)


def _container(pod: dict, state: dict) -> dict:
    container = pod["spec"]["containers"][0]
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": state,
    }


class Installed:
    """What the installed release says, read from its simulated pods."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self._kube = kube
        self._namespace = namespace

    def version(self) -> str:
        """The version of the newest ready proxy pod; empty when none is ready."""
        pods = [pod for pod in self._kube.pods(self._namespace, "component=wb-proxy") if _is_ready(pod)]
        pods.sort(key=lambda pod: pod["metadata"]["creationTimestamp"])
        return _environment(pods[-1]).get("WB_VERSION", "") if pods else ""

    def until(self) -> str:
        """Until when maintenance lasts."""
        found = self._kube.find(f"/api/v1/namespaces/{self._namespace}/configmaps/wb-maintenance")
        return ((found or {}).get("data") or {}).get("enabledUntil", "")

    def managed(self) -> bool:
        """Whether the session controller runs: without it nobody makes backups."""
        return any(_is_ready(pod) for pod in self._kube.pods(self._namespace, "component=wb-manager"))


def _is_ready(pod: dict) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _environment(pod: dict) -> dict:
    return {one["name"]: one.get("value", "") for one in pod["spec"]["containers"][0].get("env", [])}


def _volume(volumes: Path | None, namespace: str, claim: str, otherwise: Path) -> Path:
    """The folder of a claim's volume on this machine, when the cluster's volumes lie here."""
    found = sorted(volumes.glob(f"{namespace}_{claim}_*")) if volumes else []
    return found[0] if found else otherwise


def main() -> None:
    """Run until told to stop; prints the address that users reach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--volumes", type=Path)
    parser.add_argument("--interval", type=float, default=1.0)
    chosen = parser.parse_args()
    kube = Kube.from_kubeconfig(chosen.kubeconfig)
    installed = Installed(kube, chosen.namespace)
    store = web.serve(
        stores.Store(_volume(chosen.volumes, chosen.namespace, "data-wb-store-0", chosen.root / "store")).route,
        0,
        "127.0.0.1",
    )
    folder = _volume(chosen.volumes, chosen.namespace, "data-wb-db-0", chosen.root / "db")
    database = web.serve(stores.Database(folder, newest=9).route, 0, "127.0.0.1")
    dashboard = web.serve(front.dashboard("simulated", ""), 0, "127.0.0.1")
    sessions = Sessions(kube, chosen.namespace, chosen.root, chosen.interval)
    address = {name: f"http://127.0.0.1:{server.server_port}" for name, server in (("store", store), ("db", database), ("page", dashboard))}
    options = manager.Options(chosen.namespace, "workbench:simulated", chosen.interval, simulated=True)
    keeper = manager.Manager(
        kube, options, lambda pod: session.packed(sessions.folder(pod)), manager.to_store(address["store"])
    )
    served = web.serve(keeper.route, 0, "127.0.0.1")
    backends = {
        "/": address["page"],
        "/workspaces": f"http://127.0.0.1:{served.server_port}",
        "/objects": address["store"],
        "/db": address["db"],
    }
    entrance = web.serve(front.Proxy(backends, installed.version, installed.until).route, 0, "127.0.0.1")
    url = f"http://127.0.0.1:{entrance.server_port}"
    _annotate(kube, chosen.namespace, url)
    print(url, flush=True)
    threading.Thread(target=_loop, args=(kube, keeper, sessions, installed, chosen), daemon=True).start()
    web.until_told_to_stop()
    shutil.rmtree(chosen.root / "sessions", ignore_errors=True)


def _loop(kube: Kube, keeper: manager.Manager, sessions: Sessions, installed: Installed, chosen: argparse.Namespace) -> None:
    while True:
        began = time.monotonic()
        try:
            sessions.tick(kube.pods(chosen.namespace, manager.SELECTOR))
            if installed.managed():
                keeper.reconcile()
        except (KubeError, OSError) as error:
            print(f"looking at sessions will be tried again: {error}", flush=True)
        time.sleep(max(0.05, min(chosen.interval, 0.5) - (time.monotonic() - began)))


def _annotate(kube: Kube, namespace: str, url: str) -> None:
    """Tell everybody under which address users reach the proxy."""
    try:
        path = f"/api/v1/namespaces/{namespace}/services/proxy"
        kube.patch(path, {"metadata": {"annotations": {"changeover.dev/address": url}}})
    except KubeError as error:
        if error.status != 404:
            raise


if __name__ == "__main__":
    main()
