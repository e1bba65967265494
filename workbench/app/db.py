"""The database: rows and a schema version in SQLite, behind HTTP. The schema only goes forward, the code with it."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
import threading
from pathlib import Path

from workbench.app.web import Answer, Request, answer, serve, until_told


class TooNew(Exception):
    """The data was written by a later version; this code would not understand it."""


class Database:
    """One SQLite file; one statement at a time. `reads` is the newest schema that this code knows; raises TooNew."""

    def __init__(self, path: Path, reads: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._sql = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._sql.execute("PRAGMA synchronous=FULL")
        self._sql.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, value TEXT NOT NULL)")
        self._sql.execute("CREATE TABLE IF NOT EXISTS schema (version INTEGER NOT NULL)")
        self._sql.execute("INSERT INTO schema SELECT 1 WHERE NOT EXISTS (SELECT * FROM schema)")
        if self._schema() > reads:
            found = self._schema()
            self.close()
            raise TooNew(f"the data has schema {found}, this version reads up to {reads}; start a later version")

    def handle(self, request: Request) -> Answer:
        """GET and POST /db/rows, GET /db/schema, POST /db/migrate {"to": n}, /healthz."""
        with self._lock:
            if request.path == "/healthz":
                return answer(200, {"schema": self._schema()})
            if request.path == "/db/schema":
                return answer(200, {"schema": self._schema()})
            if request.path == "/db/migrate" and request.method == "POST":
                return self._migrate(int(request.json()["to"]))
            if request.path == "/db/rows" and request.method == "POST":
                done = self._sql.execute("INSERT INTO rows (value) VALUES (?)", (str(request.json()["value"]),))
                return answer(201, {"id": done.lastrowid})
            if request.path == "/db/rows":
                rows = [list(row) for row in self._sql.execute("SELECT id, value FROM rows ORDER BY id")]
                digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
                return answer(200, {"count": len(rows), "sha256": digest, "schema": self._schema()})
        return answer(404, {"error": "no such path"})

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._sql.close()

    def _schema(self) -> int:
        return int(self._sql.execute("SELECT version FROM schema").fetchone()[0])

    def _migrate(self, to: int) -> Answer:
        now = self._schema()
        if to < now:
            return answer(409, {"error": f"the schema is {now} already; it cannot go back to {to}"})
        self._sql.execute("UPDATE schema SET version = ?", (to,))
        return answer(200, {"schema": to})


def main(_role: str, _args: list[str]) -> None:
    """Serve /data/db.sqlite on :3306; a code that is older than the data refuses to start."""
    told = until_told()
    path, reads = Path(os.environ.get("WB_DATA", "/data"), "db.sqlite"), int(os.environ.get("WB_READS", "1"))
    try:
        database = Database(path, reads)
    except TooNew as refused:
        sys.exit(f"db: {refused}")
    serve(database.handle, 3306)
    told.wait()
    database.close()
