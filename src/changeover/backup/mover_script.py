# mypy: ignore-errors
# ruff: noqa: F821
"""Runs inside a pod, after the text of `archive.py` (Python's standard library only). It does one of two things.

* with an order (JSON) it measures, backs up or restores between mounted folders, and leaves its answer in the
  termination message: {"error": {...}} or the result
* with a port it serves one mounted folder: GET /size; GET /tar, the stream; GET /digest of the stream sent last;
  PUT /tar with X-Sha256 and X-Key, which replaces the content. It ends by itself after an hour.
"""

import http.server
import json
import os
import sys
import threading
from pathlib import Path

ROOT = Path(os.environ.get("CHANGEOVER_DATA", "/data"))
ANSWER = Path(os.environ.get("CHANGEOVER_ANSWER", "/dev/termination-log"))
LAST = {}


def do(order):
    """Do what an order (dict) says; answers with a dict."""
    if order["do"] == "measure":
        needed = sum(measured(Path(one))["archive"] for one in order["sources"])
        return {"needed": needed, "free": free(Path(order["folder"]))}
    if order["do"] == "back-up":
        return back_up(Path(order["source"]), Path(order["place"]), order["about"])
    path = Path(order["archive"])
    if not path.is_file():
        raise MoveError("archive-missing", "The archive must be there.", f"there is no {path.name}")
    with expanded(path) as stream:
        found = check(stream)["sha256"]
    if found != order["sha256"]:
        raise MoveError("archive-differs", "The archive must have digest " + order["sha256"], found)
    with expanded(path) as stream:
        return restore(stream, Path(order["target"]), sha256=order["sha256"], key=order["key"])


def obey(order):
    """Do it and leave the answer, or the error, in the termination message."""
    try:
        answer, code = do(order), 0
    except MoveError as error:
        answer, code = {"error": error.told}, 1
    except OSError as error:
        told = {"code": "io", "wanted": "The files must be readable and writable.", "found": str(error), "hint": ""}
        answer, code = {"error": told}, 1
    ANSWER.write_text(json.dumps(answer))
    return code


class Body:
    """A request body: of known length, or in chunks."""

    def __init__(self, handler):
        self.file = handler.rfile
        self.chunked = "chunked" in handler.headers.get("Transfer-Encoding", "")
        self.left = 0 if self.chunked else int(handler.headers.get("Content-Length", 0))
        self.ended = False

    def read(self, size):
        content = b""
        while len(content) < size and not self.ended:
            if self.left == 0:
                if not self.chunked or not self.next_chunk():
                    self.ended = True
                    break
            part = self.file.read(min(size - len(content), self.left))
            if not part:
                raise EOFError("the stream was cut off")
            self.left -= len(part)
            content += part
            if self.chunked and self.left == 0:
                self.file.readline()
        return content

    def next_chunk(self):
        self.left = int(self.file.readline().split(b";")[0].strip() or b"0", 16)
        if self.left == 0:
            self.file.readline()
        return self.left > 0


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves one folder."""

    protocol_version = "HTTP/1.1"

    def answer(self, document, status=200):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path in ("/", "/size"):
            return self.answer(measured(ROOT) if self.path == "/size" else {})
        if self.path == "/digest":
            return self.answer(LAST)
        LAST.clear()
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            LAST.update(pack(ROOT, self.wfile))
        except MoveError as error:
            LAST.update(error=error.told)
        return None

    def do_PUT(self):
        try:
            headers, body = self.headers, Body(self)
            found = restore(body, ROOT, sha256=headers["X-Sha256"], key=headers["X-Key"])
            Digesting(body).to_the_end()
        except MoveError as error:
            self.close_connection = True
            return self.answer({"error": error.told}, status=409)
        return self.answer(found)

    def log_message(self, *arguments):
        pass


def main(argument):
    """Entry point: an order as JSON, or a port."""
    if argument.startswith("{"):
        return obey(json.loads(argument))
    threading.Timer(3600, os._exit, (1,)).start()
    http.server.ThreadingHTTPServer(("", int(argument)), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
