"""The front door: sends requests on, and shows the maintenance page while ConfigMap wb-maintenance says so."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from workbench.app.kube import Kube, KubeError, connect
from workbench.app.web import Answer, Request, answer, call, serve, until_told

PROBE = "x-changeover-probe"
FORWARDED = ("content-type", PROBE, "idempotency-key")
ROUTES = (("/workspaces", "manager"), ("/metrics", "manager"), ("/objects", "store"), ("/db", "db"))
ALWAYS = ("/version", "/objects", "/healthz")
"""Paths that are read through the maintenance page too."""


def remaining(enabled_until: str) -> float:
    """Seconds for which maintenance still lasts; 0 when it is off, or unreadable."""
    try:
        until = datetime.fromisoformat(enabled_until)
    except ValueError:
        return 0
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


class Seen:
    """ConfigMaps as last read, at most half a second old; the last answer while the API server is away."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._lock = threading.Lock()
        self._at: dict[str, float] = {}
        self._data: dict[str, dict[str, str]] = {}

    def settings(self, name: str) -> dict[str, str]:
        """A ConfigMap's data."""
        with self._lock:
            if time.monotonic() - self._at.get(name, -1) > 0.5:
                try:
                    self._data[name] = self._kube.settings(name)
                    self._at[name] = time.monotonic()
                except (KubeError, OSError):
                    pass
            return self._data.get(name, {})


class Proxy:
    """Routes by path; `addresses` says where manager, store, db and dashboard are."""

    def __init__(self, seen: Seen, addresses: Mapping[str, str]) -> None:
        self._seen = seen
        self._addresses = addresses

    def handle(self, request: Request) -> Answer:
        """One request of a user."""
        if request.path == "/healthz":
            return answer(200, {})
        passes = PROBE in request.headers or (request.method == "GET" and request.path.startswith(ALWAYS))
        settings = self._seen.settings("wb-maintenance")
        left = remaining(settings.get("enabledUntil", ""))
        if left and not passes:
            return _maintenance(settings.get("page", ""), {"Retry-After": str(min(60, int(left) + 1))})
        if request.path == "/version":
            return answer(200, {"version": self._seen.settings("wb-release").get("version", "")})
        target = next((to for start, to in ROUTES if request.path.startswith(start)), "dashboard")
        address = self._addresses.get(target, "")
        if not address:
            return answer(502, {"error": f"{target} is not running"})
        query = "&".join(f"{name}={value}" for name, value in request.query.items())
        headers = {name: request.headers[name] for name in FORWARDED if name in request.headers}
        url = f"{address}{request.path}" + (f"?{query}" if query else "")
        found = call(request.method, url, body=request.body, headers=headers)
        kept = {name: value for name, value in found.headers.items() if name in ("Content-Type", "Retry-After")}
        if not found.status:
            return answer(502, {"error": f"{target} does not answer: {found.body.decode(errors='replace')}"})
        return Answer(found.status, found.body, kept)


def _maintenance(page: str, headers: dict[str, str]) -> Answer:
    """The page that somebody laid there, else a line of text."""
    if page:
        return Answer(503, page.encode(), {**headers, "Content-Type": "text/html; charset=utf-8"})
    text = b"Workbench is under maintenance; your sessions are saved. Please try again later.\n"
    return Answer(503, text, {**headers, "Content-Type": "text/plain"})


def main(_role: str, _args: list[str]) -> None:
    """Serve on :8080."""
    told = until_told()
    names = {"manager": "wb-manager:8080", "store": "wb-store:9000", "db": "wb-db:3306", "dashboard": "wb-dashboard"}
    addresses = {name: os.environ.get(f"WB_{name.upper()}", f"http://{host}") for name, host in names.items()}
    serve(Proxy(Seen(connect()), addresses).handle, 8080)
    told.wait()
