"""The object store: bytes in, the same bytes out, with their SHA-256. What was acknowledged is on the disk."""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Callable
from pathlib import Path

from workbench.app.kube import connect
from workbench.app.proxy import Seen
from workbench.app.web import Answer, Request, answer, serve, until_told

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Store:
    """Objects in one folder; a write is whole or not there. While `refuses()` says so, it takes nothing."""

    def __init__(self, root: Path, refuses: Callable[[], bool] = lambda: False) -> None:
        self.root, self._refuses = root, refuses
        root.mkdir(parents=True, exist_ok=True)

    def handle(self, request: Request) -> Answer:
        """GET /objects, PUT and GET /objects/<id>, /healthz."""
        if request.path == "/healthz":
            return answer(200, {"objects": len(self.names())})
        if request.path.rstrip("/") == "/objects":
            return answer(200, {"objects": [self._about(name) for name in self.names()]})
        name = request.path.removeprefix("/objects/")
        if not request.path.startswith("/objects/") or not NAME.fullmatch(name):
            return answer(404, {"error": "no such path"})
        if request.method == "PUT" and self._refuses():
            return answer(503, {"error": "the store takes nothing now (storeRefuses in wb-faults)"}, Retry_After="1")
        if request.method == "PUT":
            self.put(name, request.body)
            return answer(201, self._about(name))
        path = self.root / name
        if request.method not in ("GET", "HEAD") or not path.is_file():
            return answer(404 if request.method in ("GET", "HEAD") else 405, {"error": f"no object {name}"})
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        return Answer(200, content, {"Content-Type": "application/octet-stream", "X-Sha256": digest})

    def names(self) -> list[str]:
        """All objects' names."""
        return sorted(path.name for path in self.root.iterdir() if NAME.fullmatch(path.name) and path.is_file())

    def put(self, name: str, content: bytes) -> None:
        """Keep an object."""
        part = self.root / f".{name}.{uuid.uuid4().hex}"
        with part.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.rename(self.root / name)

    def _about(self, name: str) -> dict[str, object]:
        content = (self.root / name).read_bytes()
        return {"id": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def main(_role: str, _args: list[str]) -> None:
    """Serve /data/objects on :9000."""
    told = until_told()
    seen = Seen(connect())
    root = Path(os.environ.get("WB_DATA", "/data"), "objects")
    serve(Store(root, lambda: bool(seen.settings("wb-faults").get("storeRefuses"))).handle, 9000)
    told.wait()
