"""HTTP for all roles: one function from request to answer, a server around it, and a client."""

from __future__ import annotations

import http.client
import json
import signal
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as an object; empty when there is none."""
        found = json.loads(self.body or b"{}")
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; status 0 means that nobody answered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body or b"null")


Handle = Callable[[Request], Answer]


def answer(status: int, data: Any, **headers: str) -> Answer:
    """A JSON answer; underscores in header names become dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(data).encode(), {"Content-Type": "application/json", **named})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def serve(handle: Handle, port: int, host: str = "0.0.0.0") -> _Server:
    """Serve in a thread of its own; port 0 takes a free one (`server_address[1]`)."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _do(self) -> None:
            parts = urllib.parse.urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(urllib.parse.parse_qsl(parts.query))
            try:
                found = handle(Request(self.command, parts.path, query, headers, body))
            except Exception as error:  # noqa: BLE001 - the one place per request: a fault is an answer
                found = answer(500, {"error": f"{type(error).__name__}: {error}"})
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(found.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _do  # noqa: N815 - the base class names them

        def log_message(self, *_: object) -> None:
            """Quiet: kubelets ask every second."""

    server = _Server((host, port), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    return server


def call(
    method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None, timeout: float = 30
) -> Answer:
    """One request to a http:// address; status 0 with the reason as body when nobody answers."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=timeout)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path, body=body or None, headers=dict(headers or {}))
        found = connection.getresponse()
        return Answer(found.status, found.read(), dict(found.getheaders()))
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, f"{type(error).__name__}: {error}".encode())
    finally:
        connection.close()


def until_told() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    return told
