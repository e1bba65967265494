"""Requests from outside of the pods, with and without keep-alive, each with its time, so that stalls count."""

import asyncio
import contextlib
import http.client
import itertools
import threading
import time
from collections.abc import Iterator

from changeover.kube.client import KubeCluster
from changeover.objects import Kind, KubeObject

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
"""A Python program that answers every request on port 8080, and ends at once when it is told to."""
WORKERS, PAUSE = 4, 0.03
"""Per kind of connection: together more than 200 requests/s."""


class Load:
    """Requests, counted; half of the workers keep their connection."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port
        self.failures: list[str] = []
        self.seconds: list[float] = []
        """Per request, failed ones too."""
        self.answered: list[float] = []
        """When an answer came, by the monotonic clock."""
        self._stop = threading.Event()

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """While the block runs."""
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

    @property
    def longest_silence(self) -> float:
        """The longest time in which nobody was answered, in seconds."""
        times = sorted(self.answered)
        return max((later - earlier for earlier, later in itertools.pairwise(times)), default=0.0)

    def said(self) -> str:
        """The figures of a proof."""
        longest = max(self.seconds)
        return f"{len(self.seconds)} requests, {len(self.failures)} failed, longest {longest:.2f} s"

    def once(self, connection: http.client.HTTPConnection) -> None:
        """One request."""
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert answer.read() == b"ok"

    def _work(self, *, keep: bool) -> None:
        connection = http.client.HTTPConnection(self.address, self.port, timeout=3)
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                self.once(connection)
                self.answered.append(time.monotonic())
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
            if not keep:
                connection.close()
            self.seconds.append(time.monotonic() - began)
            time.sleep(PAUSE)
        connection.close()


async def load_on(cluster: KubeCluster, service: KubeObject) -> Load:
    """A load on a Service's node port, begun only after requests have been answered for a while."""
    live = await cluster.get(service.ref)
    nodes = await cluster.list(Kind("v1", "Node"), selector="changeover.dev/node=real")
    assert live is not None
    addresses = nodes[0].get("status", "addresses")
    address = next(one["address"] for one in addresses if one["type"] == "InternalIP")
    load = Load(address, int(live.get("spec", "ports", 0, "nodePort")))
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
    return load
