"""What people meet: the proxy, and the dashboard behind it. During maintenance the proxy says so, and when it is over."""

import html
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime

from . import web
from .manager import PROBE_HEADER

ALWAYS = ("/healthz", "/version", "/objects", "/db")
PASSED_ON = ("Content-Type", "Idempotency-Key", PROBE_HEADER)


class Proxy:
    """Routes by the first part of the path. `until` says until when maintenance lasts; empty = none."""

    def __init__(self, backends: dict[str, str], version: Callable[[], str], until: Callable[[], str]) -> None:
        self._backends = backends
        self._version = version
        self._until = until

    def route(self, request: web.Request) -> web.Answer:
        """Answer, or ask who knows."""
        if request.path == "/healthz":
            return web.answer(200, {"ok": True})
        if request.path == "/version":
            return web.answer(200, {"version": self._version()})
        until = self._until()
        exempt = request.path.startswith(ALWAYS) or request.headers.get(PROBE_HEADER)
        if until and not exempt and datetime.fromisoformat(until) > datetime.now(UTC):
            return web.answer(503, {"error": "under maintenance; your work is saved", "until": until}, Retry_After="30")
        first = "/" + request.path.split("/")[1]
        backend = self._backends.get(first, self._backends["/"])
        path = request.path.removeprefix("/db") if first == "/db" else request.path
        return _asked(request, backend + path)


def _asked(request: web.Request, url: str) -> web.Answer:
    headers = {name: request.headers[name] for name in PASSED_ON if request.headers.get(name)}
    asked = urllib.request.Request(url, data=request.body or None, method=request.method, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=20) as found:
            return found.status, found.read(), {"Content-Type": found.headers.get("Content-Type", "text/plain")}
    except urllib.error.HTTPError as error:
        return error.code, error.read(), {"Content-Type": "application/json"}
    except OSError as error:
        return web.answer(502, {"error": str(error)})


def dashboard(version: str, banner: str) -> Callable[[web.Request], web.Answer]:
    """One page."""
    page = f"<!doctype html><title>Workbench</title><h1>Workbench {html.escape(version)}</h1><p>{html.escape(banner)}</p>"

    def route(request: web.Request) -> web.Answer:
        del request
        return 200, page.encode(), {"Content-Type": "text/html; charset=utf-8"}

    return route
