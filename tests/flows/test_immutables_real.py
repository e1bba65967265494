"""Real pods under load from outside of them: another selector, other labels, another Service selector; nobody notices.

The server answers each request with its pod's name; requests come with and without keep-alive, through a node port.
"""

import asyncio
import contextlib
import http.client
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from changeover.kube.client import KubeCluster
from changeover.objects import Kind, KubeObject
from changeover.runs.state import Verdict
from tests.flows.carrying import Carrying
from tests.flows.test_immutables import NEW, OLD, changed, left_behind, made, ready, revision, uids, workload

pytestmark = [pytest.mark.cluster, pytest.mark.nodes, pytest.mark.slow]

SERVER = """
import http.server, signal, sys
signal.signal(signal.SIGTERM, lambda *a: sys.exit(0))
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("", 8080), Answer).serve_forever()
"""
WORKERS, PAUSE = 4, 0.03
"""Per kind of connection: together more than 200 requests/s."""


class Load:
    """Requests, counted; half of the workers keep their connection."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port
        self.failures: list[str] = []
        self.seconds: list[float] = []
        self._stop = threading.Event()

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        threads = [
            threading.Thread(target=self._work, kwargs={"keep": number % 2 == 0}) for number in range(2 * WORKERS)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def once(self, connection: http.client.HTTPConnection) -> None:
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert answer.read() == b"ok"

    def _work(self, *, keep: bool) -> None:
        connection = http.client.HTTPConnection(self.address, self.port, timeout=3)
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                self.once(connection)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
            if not keep:
                connection.close()
            self.seconds.append(time.monotonic() - began)
            time.sleep(PAUSE)
        connection.close()


def real(home: str, kind: str, labels: dict[str, str], image: str) -> KubeObject:
    def on_real_nodes(spec: dict[str, Any]) -> None:
        pod = spec["template"]["spec"]
        pod["nodeSelector"] = {"changeover.dev/node": "real"}
        probe = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
        pod["containers"] = [
            {"name": "main", "image": image, "command": ["python3", "-c", SERVER], "readinessProbe": probe}
        ]
        spec.pop("volumeClaimTemplates", None)

    return changed(workload(home, kind, labels), on_real_nodes)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
async def test_labels_and_selectors_change_under_load(
    cluster: KubeCluster, namespace: str, python_image: str, kind: str
) -> None:
    def front(labels: dict[str, str]) -> KubeObject:
        return made(
            namespace, "Service", "web", spec={"type": "NodePort", "selector": labels, "ports": [{"port": 8080}]}
        )

    before = revision("1", real(namespace, kind, OLD, python_image), front(OLD))
    after = revision("2", real(namespace, kind, NEW, python_image), front(NEW))
    runs = Carrying(cluster, namespace)
    await runs.install(before)
    await ready(cluster, before.objects[0])
    load = Load(*await entrance(cluster, front(OLD)))
    await answers(load)
    first = await uids(cluster, namespace)
    with load.on():
        await asyncio.sleep(2)
        state = await runs.carry(after, before)
        await asyncio.sleep(3)
    assert state.verdict is Verdict.COMMITTED, state.failed
    longest = max(load.seconds)
    print(f"proof: {kind}: {len(load.seconds)} requests, {len(load.failures)} failed, longest {longest:.2f} s")
    assert load.failures == []
    assert len(load.seconds) > 500
    assert await uids(cluster, namespace) == first
    assert await left_behind(cluster, namespace) == []


async def entrance(cluster: KubeCluster, service: KubeObject) -> tuple[str, int]:
    live = await cluster.get(service.ref)
    nodes = await cluster.list(Kind("v1", "Node"), selector="changeover.dev/node=real")
    assert live is not None
    addresses = nodes[0].get("status", "addresses")
    address = next(one["address"] for one in addresses if one["type"] == "InternalIP")
    return address, int(live.get("spec", "ports", 0, "nodePort"))


async def answers(load: Load) -> None:
    """A load may only start after requests have been answered for a while."""
    good, end = 0, time.monotonic() + 60
    while good < 20:
        assert time.monotonic() < end, "the Service is never answered"
        connection = http.client.HTTPConnection(load.address, load.port, timeout=2)
        try:
            await asyncio.to_thread(load.once, connection)
            good += 1
        except (OSError, http.client.HTTPException):
            good = 0
        connection.close()
        await asyncio.sleep(0.1)
