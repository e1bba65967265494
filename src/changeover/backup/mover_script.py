# mypy: ignore-errors
"""Runs inside the mover pod (stdlib only): sends the claim's content as a tar stream, or takes one and swaps it in.

GET /size -> {"bytes", "files"}; GET /tar -> the stream; GET /digest -> {"sha256", "files", "bytes"} of the last stream;
PUT /tar with X-Sha256 and X-Files -> unpacks beside the content, verifies, swaps. It ends by itself after an hour.
"""

import hashlib
import http.server
import json
import os
import shutil
import sys
import tarfile
import threading

ROOT = os.environ.get("CHANGEOVER_DATA", "/data")
FRESH = ".changeover-restore"
LAST = {}


class Digesting:
    def __init__(self, stream):
        self.stream, self.digest = stream, hashlib.sha256()

    def write(self, content):
        self.digest.update(content)
        self.stream.write(content)
        return len(content)

    def read(self, size):
        content = self.stream.read(size)
        self.digest.update(content)
        return content


def measured(root):
    files = size = 0
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != FRESH]
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                files, size = files + 1, size + os.path.getsize(path)
    return {"files": files, "bytes": size}


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
    protocol_version = "HTTP/1.1"

    def answer(self, document, status=200):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/size":
            return self.answer(measured(ROOT))
        if self.path == "/digest":
            return self.answer(LAST)
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        stream = Digesting(self.wfile)
        with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            for name in sorted(os.listdir(ROOT)):
                if name != FRESH:
                    archive.add(os.path.join(ROOT, name), arcname=name)
        LAST.update(sha256="sha256:" + stream.digest.hexdigest(), **measured(ROOT))
        self.close_connection = True
        return None

    def do_PUT(self):
        fresh = os.path.join(ROOT, FRESH)
        shutil.rmtree(fresh, ignore_errors=True)
        os.mkdir(fresh)
        stream = Digesting(Body(self))
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            archive.extractall(fresh, filter="tar") if hasattr(tarfile, "data_filter") else archive.extractall(fresh)
        while stream.read(1 << 20):
            pass
        found = {"sha256": "sha256:" + stream.digest.hexdigest(), "files": measured(fresh)["files"]}
        if found["sha256"] != self.headers["X-Sha256"] or found["files"] != int(self.headers["X-Files"]):
            shutil.rmtree(fresh)
            return self.answer(found, status=409)
        for name in os.listdir(ROOT):
            path = os.path.join(ROOT, name)
            if name != FRESH:
                shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
        for name in os.listdir(fresh):
            os.rename(os.path.join(fresh, name), os.path.join(ROOT, name))
        os.rmdir(fresh)
        os.sync()
        return self.answer(found)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    threading.Timer(3600, os._exit, (1,)).start()
    http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Handler).serve_forever()
