"""Roles without much to do: the dashboard shows a page, the cache keeps what it is told as long as its disk lives."""

from __future__ import annotations

import os
from pathlib import Path

from workbench.app.store import Store
from workbench.app.web import Answer, Request, answer, serve, until_told

PAGE = b"<!doctype html><title>Workbench</title><h1>Workbench</h1><p>Start a session with POST /workspaces.</p>\n"


def dashboard(request: Request) -> Answer:
    """One page at every path, but /never."""
    if request.path == "/never":
        return answer(503, {"error": "never ready"})
    return Answer(200, PAGE, {"Content-Type": "text/html; charset=utf-8"})


def main(role: str, _args: list[str]) -> None:
    """Serve on :8080."""
    told = until_told()
    handle = Store(Path(os.environ.get("WB_DATA", "/data"), "objects")).handle if role == "cache" else dashboard
    serve(handle, 8080)
    told.wait()
