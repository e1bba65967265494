"""The node's agent: packs a stopped session's folder and puts it into the store."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import time
from pathlib import Path
from typing import Any

from workbench.app.web import Answer, Request, answer, call, serve, until_told

NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")


def pack(folder: Path) -> tuple[bytes, str]:
    """The folder as tar.gz, and the last line of its log.txt."""
    log = folder / "log.txt"
    lines = log.read_text().splitlines() if log.exists() else []
    raw = io.BytesIO()
    with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        for path in sorted(folder.rglob("*")):
            tar.add(path, str(path.relative_to(folder)), recursive=False)
    return raw.getvalue(), lines[-1] if lines else ""


def save(folder: Path, url: str, *, lie: bool = False) -> dict[str, Any]:
    """Pack and upload, three tries; what it returns goes into the receipt. `lie` says so and uploads half."""
    if not folder.is_dir():
        return {"backupFailure": f"the session's folder is not on this node: {folder.name}"}
    content, last = pack(folder)
    sent = content[: len(content) // 2] if lie else content
    found = Answer(0)
    for attempt in range(3):
        found = call("PUT", url, body=sent, timeout=30)
        if found.status in (200, 201):
            digest = hashlib.sha256(content).hexdigest()
            return {"bytes": len(content), "sha256": digest, "lastLine": last}
        time.sleep(0.5 * (attempt + 1))
    return {"backupFailure": f"the store answered {found.status}: {found.body[:120].decode(errors='replace')}"}


def handle(root: Path, request: Request) -> Answer:
    """POST /backup {namespace, pod, url, lie?}, DELETE /folders/<namespace>/<pod>, /healthz."""
    if request.path == "/healthz":
        return answer(200, {})
    if request.method == "POST" and request.path == "/backup":
        wanted = json.loads(request.body)
        return answer(200, save(_folder(root, wanted["namespace"], wanted["pod"]), wanted["url"], lie=wanted["lie"]))
    if request.method == "DELETE" and request.path.startswith("/folders/"):
        namespace, _, pod = request.path.removeprefix("/folders/").partition("/")
        shutil.rmtree(_folder(root, namespace, pod), ignore_errors=True)
        return answer(200, {})
    return answer(404, {"error": "no such path"})


def _folder(root: Path, namespace: str, pod: str) -> Path:
    if not (NAME.fullmatch(namespace) and NAME.fullmatch(pod)):
        raise ValueError(f"{namespace}/{pod} is no session")
    return root / namespace / pod


def main(_role: str, _args: list[str]) -> None:
    """Serve the node's sessions on :8082."""
    told = until_told()
    root = Path(os.environ.get("WB_SESSIONS", "/sessions"))
    serve(lambda request: handle(root, request), 8082)
    told.wait()
