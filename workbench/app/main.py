"""``main.py ROLE``: which part of Workbench this process is."""

import json
import os
import sys
import time
import urllib.request
from pathlib import Path

from . import front, manager, session, stores, web
from .kube import Kube

VERSION = os.environ.get("WB_VERSION", "0")
NAMESPACE = os.environ.get("WB_NAMESPACE", "default")
PORT = int(os.environ.get("WB_PORT", "8080"))


def _manager() -> None:
    kube = Kube.from_pod()
    options = manager.Options(NAMESPACE, os.environ["WB_IMAGE"], float(os.environ.get("WB_INTERVAL", "1")))
    content, put = manager.from_agent(kube, NAMESPACE), manager.to_store(os.environ["WB_STORE"])
    manager.run_forever(manager.Manager(kube, options, content, put), PORT)


def _workspace() -> None:
    session.work(Path("/workspace"), float(sys.argv[2]) if len(sys.argv) > 2 else 1.0)


def _store() -> None:
    web.serve(stores.Store(Path(os.environ.get("WB_DATA", "/data"))).route, PORT)
    web.until_told_to_stop()


def _db() -> None:
    web.serve(stores.Database(Path("/data"), newest=int(os.environ.get("WB_SCHEMA", "1"))).route, PORT)
    web.until_told_to_stop()


def _proxy() -> None:
    kube = Kube.from_pod()
    seen = {"at": 0.0, "until": ""}

    def until() -> str:
        if time.monotonic() - seen["at"] > 0.5:
            found = kube.find(f"/api/v1/namespaces/{NAMESPACE}/configmaps/wb-maintenance")
            seen.update(at=time.monotonic(), until=((found or {}).get("data") or {}).get("enabledUntil", ""))
        return str(seen["until"])

    web.serve(front.Proxy(json.loads(os.environ["WB_BACKENDS"]), lambda: VERSION, until).route, PORT)
    web.until_told_to_stop()


def _dashboard() -> None:
    web.serve(front.dashboard(VERSION, os.environ.get("WB_BANNER", "")), PORT)
    web.until_told_to_stop()


def _agent() -> None:
    root = Path(os.environ.get("WB_ROOT", "/var/lib/workbench"))

    def route(request: web.Request) -> web.Answer:
        folder = root / request.path.strip("/")
        if request.path == "/healthz":
            return web.answer(200, {"ok": True})
        if ".." in request.path or not folder.is_dir():
            return web.answer(404)
        return 200, session.packed(folder), {"Content-Type": "application/gzip"}

    web.serve(route, PORT)
    web.until_told_to_stop()


def _migrations() -> None:
    body = json.dumps({"to": int(os.environ.get("WB_SCHEMA", "1"))}).encode()
    for _ in range(120):
        try:
            with urllib.request.urlopen(os.environ["WB_DB"] + "/migrate", data=body, timeout=5) as answer:
                print(answer.read().decode(), flush=True)
                return
        except OSError as error:
            print(f"the database is not there yet: {error}", flush=True)
            time.sleep(1)
    sys.exit(1)


def _telemetry() -> None:
    print(json.dumps({"version": VERSION, "sent": False}), flush=True)


def _broken() -> None:
    web.serve(lambda request: web.answer(500 if request.path == "/healthz" else 200), PORT)
    web.until_told_to_stop()


ROLES = {
    "manager": _manager,
    "workspace": _workspace,
    "store": _store,
    "cache": _store,
    "db": _db,
    "proxy": _proxy,
    "dashboard": _dashboard,
    "agent": _agent,
    "migrations": _migrations,
    "telemetry": _telemetry,
    "broken": _broken,
}

if __name__ == "__main__":
    ROLES[sys.argv[1]]()
