"""Real pods, and somebody outside who asks them ten times a second: what the run measured is what was noticed outside.

Three workloads restart in one update, and each takes some seconds to start: one is recreated, one has a single pod and
one has two, both replaced one by one.
"""

import contextlib
import http.client
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows.commands import Commands, until
from tools import kubebox

pytestmark = [pytest.mark.cluster, pytest.mark.nodes, pytest.mark.slow]

STARTS = 4.0
SERVER = f"""
import http.server, signal, sys, time
signal.signal(signal.SIGTERM, lambda *a: sys.exit(0))
time.sleep({STARTS})
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("", 8080), Answer).serve_forever()
"""
NAMES = ("recreated", "single", "double")
QUICK = ("--strategy", "plain", "--hold", "3", "--yes")
CLOSE = 3.0
"""Seconds by which what was measured may differ from what was noticed outside: looks, endpoints and kube-proxy lag."""


def workload(name: str, image: str, version: str) -> Iterator[dict[str, Any]]:
    probe = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
    waits = {"preStop": {"sleep": {"seconds": 2}}}
    server = {
        "lifecycle": waits,
        "name": "main",
        "image": image,
        "command": ["python3", "-c", SERVER],
        "readinessProbe": probe,
    }
    pod = {"nodeSelector": {"changeover.dev/node": "real"}, "terminationGracePeriodSeconds": 5}
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 2 if name == "double" else 1,
            "strategy": {"type": "Recreate" if name == "recreated" else "RollingUpdate"},
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {**pod, "containers": [{**server, "env": [{"name": "VERSION", "value": version}]}]},
            },
        },
    }
    ports = [{"port": 8080}]
    spec = {"type": "NodePort", "selector": {"app": name}, "ports": ports}
    yield {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


class Outside:
    """Asks one address without keep-alive; time counts as away from a request that failed to the next that did not."""

    def __init__(self, address: str, port: int) -> None:
        self._address, self._port = address, port
        self.away = 0.0
        self.asked = 0
        self._stop = threading.Event()

    def answers(self) -> bool:
        connection = http.client.HTTPConnection(self._address, self._port, timeout=0.5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        thread = threading.Thread(target=self._ask)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _ask(self) -> None:
        failed: float | None = None
        while not self._stop.is_set():
            began, good = time.monotonic(), self.answers()
            self.asked += 1
            if failed is not None and good:
                self.away += began - failed
                failed = None
            elif failed is None and not good:
                failed = began
            time.sleep(0.1)


@pytest.fixture
def changeover(real_nodes: kubebox.Cluster, namespace: str, python_image: str, tmp_path: Path) -> Iterator[Commands]:
    """Release 1 is installed and answers; 2, 3 and 4 are there."""
    releases = []
    for version in "1234":
        objects = [one for name in NAMES for one in workload(name, python_image, version)]
        (tmp_path / f"{version}.0.0.yaml").write_text(yaml.safe_dump_all(objects))
        releases.append({"version": f"{version}.0.0", "cursor": int(version), "package": f"{version}.0.0.yaml"})
    head = {"apiVersion": "changeover.dev/v1alpha1", "kind": "Channel", "metadata": {"name": "three"}}
    (tmp_path / "channel.yaml").write_text(yaml.safe_dump({**head, "scheme": "semver", "releases": releases}))
    made = Commands(real_nodes.kubeconfig, namespace)
    made.run("setup", "--yes")
    made.run("install", str(tmp_path), "--version", "1.0.0", "--name", "three", *QUICK)
    return made


def entrance(changeover: Commands, name: str) -> Outside:
    node = changeover.objects("nodes", "-l", "changeover.dev/node=real")[0]
    address = next(one["address"] for one in node["status"]["addresses"] if one["type"] == "InternalIP")
    service = next(one for one in changeover.objects("services") if one["metadata"]["name"] == name)
    found = Outside(address, service["spec"]["ports"][0]["nodePort"])
    until(lambda: all(found.answers() for _ in range(10)))
    return found


def measured(evidence: dict[str, Any], name: str) -> float:
    key = next((key for key in evidence["measured"]["workloads"] if key.endswith(f"/{name}")), "")
    return float(evidence["measured"]["workloads"][key]["awaySeconds"]) if key else 0.0


def foretold(changeover: Commands, version: str) -> dict[str, Any]:
    changes = changeover.ask("plan", "--to", version, *QUICK[:4])["changes"]
    return {one["object"]["name"]: one["availability"] for one in changes if one["object"]["kind"] == "Deployment"}


def test_what_was_measured_is_what_was_noticed_outside_and_the_next_plan_knows_it(changeover: Commands) -> None:
    before = foretold(changeover, "2.0.0")
    assert [before[name]["awaySeconds"] > STARTS for name in NAMES] == [True, False, False]
    assert [before[name]["least"] for name in NAMES] == [0, 1, 2]
    outside = {name: entrance(changeover, name) for name in NAMES}
    with contextlib.ExitStack() as asking:
        for one in outside.values():
            asking.enter_context(one.asking())
        told = changeover.ask("update", "2.0.0", *QUICK)
    evidence = told["evidence"]
    for name, one in outside.items():
        noticed = f"{one.away:.1f} s noticed outside ({one.asked} requests)"
        print(f"proof: {name}: {noticed}, {measured(evidence, name):.1f} s measured")
        assert abs(one.away - measured(evidence, name)) <= CLOSE, name
    assert min(outside["recreated"].away, measured(evidence, "recreated")) >= STARTS
    assert evidence["measured"]["unseenSeconds"] == 0
    judged = {one["what"].rpartition("/")[2]: one for one in evidence["predictions"] if "without" in one["what"]}
    assert judged["recreated"]["predicted"] == f"{before['recreated']['awaySeconds']:g}"
    assert abs(foretold(changeover, "3.0.0")["recreated"]["awaySeconds"] - outside["recreated"].away) <= CLOSE
    assert [foretold(changeover, "3.0.0")[name]["awaySeconds"] for name in NAMES[1:]] == [0.0, 0.0]


def test_killed_meanwhile_the_rest_is_unknown_not_nothing(changeover: Commands) -> None:
    killing = ("tests.flows.kill_at", "before done:apply/Deployment.apps")
    died = changeover.run("update", "4.0.0", *QUICK, expect=None, program=killing)
    assert died.code == -signal.SIGKILL, died
    time.sleep(3)
    told = changeover.ask("resume")
    assert told["verdict"] == "committed"
    found = told["evidence"]["measured"]
    assert found["unseenSeconds"] > 3
    judged = [one for one in told["evidence"]["predictions"] if one["what"].endswith("/recreated")]
    assert [one["held"] for one in judged if "without" in one["what"]] == [None]
    assert "awaySeconds" not in changeover.objects("installations")[0]["status"]
