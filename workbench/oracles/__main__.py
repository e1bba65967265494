"""``python -m workbench.oracles sessions|data …``: a JSON verdict on standard output, exit code 1 when something is wrong.

* sessions: every session of the ledger has a stored backup whose last line is its final line, or still runs, or stands
  in the list of those that were reported as not saved. Anything else is work lost.
* data: rows, claims' uids and stored objects are the same as they were when recorded (new objects are fine).
"""

import argparse
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

from workbench.app import session
from workbench.app.kube import Kube


def _get(url: str) -> bytes | None:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def _session(url: str, name: str, running: set[str], reported: set[str]) -> str:
    content = _get(f"{url}/objects/{name}")
    if content is None:
        return "running" if name in running else "reported" if name in reported else "LOST: nothing is stored"
    last = session.last_line(content)
    if last.startswith("final "):
        return "saved"
    return "reported" if name in reported else f"LOST: the backup ends with {last!r}"


def sessions(chosen: argparse.Namespace) -> dict[str, object]:
    """What became of every session of the ledger."""
    running = {one["id"] for one in json.loads(_get(f"{chosen.url}/workspaces") or b"[]")} if not chosen.closed else set()
    reported = set(json.loads(chosen.reported.read_text())) if chosen.reported else set()
    found = {name: _session(chosen.url, name, running, reported) for name in json.loads(chosen.ledger.read_text())}
    lost = {name: text for name, text in found.items() if text.startswith("LOST")}
    counts: dict[str, int] = {}
    for text in found.values():
        counts[text.split(":", maxsplit=1)[0]] = counts.get(text.split(":", maxsplit=1)[0], 0) + 1
    return {"ok": not lost, "counts": counts, "lost": lost}


def _data(chosen: argparse.Namespace) -> dict[str, object]:
    kube = Kube.from_kubeconfig(chosen.kubeconfig)
    claims = kube.request("GET", f"/api/v1/namespaces/{chosen.namespace}/persistentvolumeclaims")["items"]
    return {
        "rows": json.loads(_get(f"{chosen.url}/db/rows") or b"{}").get("rows"),
        "claims": {one["metadata"]["name"]: one["metadata"]["uid"] for one in claims},
        "objects": json.loads(_get(f"{chosen.url}/objects") or b"{}"),
    }


def data(chosen: argparse.Namespace) -> dict[str, object]:
    """Record, or compare with what was recorded."""
    now = _data(chosen)
    if chosen.do == "record":
        chosen.file.write_text(json.dumps(now, indent=2, sort_keys=True))
        return {"ok": True, "recorded": {"rows": now["rows"], "claims": len(now["claims"]), "objects": len(now["objects"])}}
    before = json.loads(chosen.file.read_text())
    wrong = [] if before["rows"] == now["rows"] else [f"rows: {before['rows']} before, {now['rows']} now"]
    for part in ("claims", "objects"):
        for name, value in before[part].items():
            if now[part].get(name) != value:
                wrong.append(f"{part}: {name} is not what it was")
    return {"ok": not wrong, "wrong": wrong}


def main() -> None:
    """Parse, look, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(required=True)
    for name, look in (("sessions", sessions), ("data", data)):
        kind = kinds.add_parser(name)
        kind.set_defaults(look=look)
        kind.add_argument("--url", required=True)
        if name == "sessions":
            kind.add_argument("--ledger", type=Path, required=True)
            kind.add_argument("--reported", type=Path)
            kind.add_argument("--closed", action="store_true", help="nobody may be running any more")
        else:
            kind.add_argument("do", choices=["record", "compare"])
            kind.add_argument("--kubeconfig", required=True)
            kind.add_argument("--namespace", required=True)
            kind.add_argument("--file", type=Path, required=True)
    chosen = parser.parse_args()
    verdict = chosen.look(chosen)
    print(json.dumps(verdict, indent=2, sort_keys=True))
    sys.exit(0 if verdict["ok"] else 1)


if __name__ == "__main__":
    main()
