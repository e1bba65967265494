"""Simulated pods behave as a kubelet's would, as far as the API shows."""

import http.server
import os
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from tests.kubebox.waiting import eventually, pod
from tools import kubebox
from tools.kubebox.api import Api, Refused

pytestmark = pytest.mark.kubebox

CONTAINER = "kubebox.changeover.dev/container"
FAULT = "kubebox.changeover.dev/fault"


def nodes_of(cluster: kubebox.Cluster) -> list[str]:
    """Cables of the cluster's nodes on this host."""
    bridge = cluster.spec.addresses.bridge
    return [link.name for link in Path("/sys/class/net").iterdir() if link.name.startswith(f"{bridge}n")]


def gone(api: Api, path: str) -> bool:
    try:
        api.get(path)
    except Refused as refused:
        return refused.status == 404
    return False


def test_200_pods_are_ready_soon(api: Api, space: str) -> None:
    template = pod("many", node="simulated")
    spec = {"replicas": 200, "selector": {"matchLabels": {"app": "many"}}, "template": template}
    path = space.replace("/api/v1", "/apis/apps/v1") + "/deployments"
    api.create(path, {"metadata": {"name": "many"}, "spec": spec})
    eventually(lambda: api.get(f"{path}/many")["status"].get("readyReplicas") == 200, seconds=60)
    addresses = {item["status"]["podIP"] for item in api.get(f"{space}/pods")["items"]}
    assert len(addresses) == 200


def test_a_finalizer_of_others_keeps_the_ended_pod(api: Api, space: str) -> None:
    path = f"{space}/pods/kept"
    api.create(f"{space}/pods", pod("kept", node="simulated", metadata={"finalizers": ["example.com/mine"]}))
    eventually(lambda: api.get(path)["status"]["phase"] == "Running")
    api.request("DELETE", path)
    eventually(lambda: api.get(path)["status"]["phase"] == "Succeeded")
    time.sleep(2)
    kept = api.get(path)
    assert kept["metadata"]["finalizers"] == ["example.com/mine"]
    assert kept["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 0
    removal = {"metadata": {"finalizers": None}}
    api.request("PATCH", path, removal, kind="application/merge-patch+json")
    eventually(lambda: gone(api, path), seconds=10)


@pytest.mark.parametrize(
    ("fault", "state", "reason"),
    [
        ("image-pull", "waiting", "ErrImagePull"),
        ("crash", "waiting", "CrashLoopBackOff"),
        ("never-ready", "running", None),
    ],
)
def test_faults(api: Api, space: str, fault: str, state: str, reason: str | None) -> None:
    path = f"{space}/pods/broken"
    api.create(f"{space}/pods", pod("broken", node="simulated", metadata={"annotations": {FAULT: fault}}))
    statuses = eventually(lambda: api.get(path)["status"].get("containerStatuses"))
    assert statuses[0]["ready"] is False
    assert statuses[0]["state"][state].get("reason") == reason


def test_logs_say_that_there_are_none(api: Api, space: str) -> None:
    api.create(f"{space}/pods", pod("quiet", node="simulated"))
    eventually(lambda: api.get(f"{space}/pods/quiet")["status"]["phase"] == "Running")
    assert api.request("GET", f"{space}/pods/quiet/log") == "this pod is simulated: it has no log\n"


@pytest.mark.parametrize(("fault", "condition"), [("", "Complete"), ("job-fails", "Failed")])
def test_jobs_end(api: Api, space: str, fault: str, condition: str) -> None:
    template = pod("work", node="simulated", restartPolicy="Never", metadata={"annotations": {FAULT: fault}})
    path = space.replace("/api/v1", "/apis/batch/v1") + "/jobs"
    api.create(path, {"metadata": {"name": "work"}, "spec": {"backoffLimit": 0, "template": template}})

    def ended() -> bool:
        conditions = api.get(f"{path}/work")["status"].get("conditions", [])
        return any(found["type"] == condition and found["status"] == "True" for found in conditions)

    eventually(ended)


class TestHostProcess:
    """A process on the host is the container."""

    def make(self, api: Api, space: str, grace: int) -> str:
        annotated = {"annotations": {CONTAINER: "host-process"}}
        api.create(
            f"{space}/pods",
            pod("acted", node="simulated", terminationGracePeriodSeconds=grace, metadata=annotated),
        )
        path = f"{space}/pods/acted"
        eventually(lambda: api.get(path)["status"]["phase"] == "Running")
        return path

    def test_it_ends_the_pod_itself(self, api: Api, space: str) -> None:
        path = self.make(api, space, 300)
        api.request("DELETE", path)
        time.sleep(2)
        assert api.get(path)["status"]["phase"] == "Running"
        ended = {"name": "main", "image": "none", "imageID": "", "ready": False, "restartCount": 0}
        ended["state"] = {"terminated": {"exitCode": 0, "reason": "Completed"}}
        status = {"status": {"phase": "Succeeded", "containerStatuses": [ended]}}
        api.request("PATCH", f"{path}/status", status, kind="application/merge-patch+json")
        eventually(lambda: gone(api, path), seconds=10)

    def test_a_dead_one_is_given_up_after_the_grace(self, api: Api, space: str) -> None:
        path = self.make(api, space, 3)
        began = time.monotonic()
        api.request("DELETE", path)
        eventually(lambda: gone(api, path), seconds=20)
        assert time.monotonic() - began > 2

    def test_without_real_nodes_its_service_is_reached_too(self, real_nodes: None) -> None:
        alone = kubebox.start(f"alone-{os.getpid()}", nodes=kubebox.Nodes(real=0, simulated=1))
        client = Api(alone.kubeconfig)
        try:
            self.test_it_listens_on_the_pods_address(alone, client, "/api/v1/namespaces/default")
        finally:
            client.close()
            alone.stop()
        assert not nodes_of(alone), "the router is gone"

    def test_it_listens_on_the_pods_address(self, cluster: kubebox.Cluster, api: Api, space: str) -> None:
        path = self.make(api, space, 1)
        address = api.get(path)["status"]["podIP"]
        spec = {"selector": {"app": "acted"}, "ports": [{"port": 80, "targetPort": 8080}]}
        api.create(f"{space}/services", {"metadata": {"name": "acted"}, "spec": spec})
        service = api.get(f"{space}/services/acted")["spec"]["clusterIP"]
        with http.server.ThreadingHTTPServer((address, 8080), http.server.SimpleHTTPRequestHandler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()

            def answers() -> bool:
                try:
                    with urllib.request.urlopen(f"http://{service}/", timeout=2) as answer:
                        return bool(answer.status == 200)
                except OSError:
                    return False

            eventually(answers, what="the Service reaches the host process")
            server.shutdown()
