"""What holds data: the object store (files with their digests), and the database (SQLite with a schema version)."""

import hashlib
import json
import sqlite3
import threading
from pathlib import Path

from . import web


class Store:
    """Objects in a folder; an object is written beside its place and then renamed, so that it is whole or absent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def route(self, request: web.Request) -> web.Answer:
        """PUT, GET, HEAD /objects/<name>; GET /objects lists names with digests."""
        if request.path == "/healthz":
            return web.answer(200, {"ok": True})
        if request.path == "/objects":
            return web.answer(200, {path.name: _about(path.read_bytes()) for path in sorted(self._folder.glob("[!.]*"))})
        name = request.path.removeprefix("/objects/")
        if not name or "/" in name or name.startswith("."):
            return web.answer(404)
        path = self._folder / name
        if request.method == "PUT":
            part = self._folder / f".{name}.{threading.get_ident()}"
            part.write_bytes(request.body)
            part.replace(path)
            return web.answer(201, _about(request.body))
        if not path.is_file():
            return web.answer(404)
        content = path.read_bytes()
        about = _about(content)
        return 200, content, {"X-Sha256": str(about["sha256"]), "Content-Type": "application/octet-stream"}


def _about(content: bytes) -> dict[str, object]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


class Database:
    """Rows with a schema version; one that is newer than this program can read makes it unhealthy, as in real life."""

    def __init__(self, folder: Path, *, newest: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._newest = newest
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(folder / "wb.sqlite", check_same_thread=False)
        self._connection.execute("create table if not exists rows (id integer primary key, text text)")
        self._connection.commit()

    def schema(self) -> int:
        """The schema's version; 1 where nobody migrated."""
        return max(1, int(self._connection.execute("pragma user_version").fetchone()[0]))

    def route(self, request: web.Request) -> web.Answer:
        """GET and POST /rows; POST /migrate {"to"}; /healthz."""
        with self._lock:
            schema = self.schema()
            if schema > self._newest:
                return web.answer(500, {"error": f"schema {schema} is newer than {self._newest}, the newest that this reads"})
            if request.path == "/rows" and request.method == "POST":
                self._connection.execute("insert into rows (text) values (?)", (request.body.decode(),))
                self._connection.commit()
            if request.path == "/migrate":
                target = int(json.loads(request.body)["to"])
                if target > schema:
                    self._connection.execute(f"pragma user_version = {target}")
                    self._connection.commit()
            count = self._connection.execute("select count(*) from rows").fetchone()[0]
            return web.answer(200, {"rows": count, "schema": self.schema(), "newest": self._newest})
