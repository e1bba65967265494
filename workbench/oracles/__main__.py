"""`python -m workbench.oracles sessions|data …`: a JSON verdict; exit code 1 when something is wrong.

* sessions: every session of the ledger has a stored backup whose last line is its final line and whose lines are all
  there, or stands in the list of those reported as not saved, or still runs. Anything else is work lost.
* data: rows, claims' uids and stored objects are what they were when recorded; new objects are fine.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

from workbench.app.kube import connect
from workbench.app.web import call


class Unreachable(Exception):
    """The application does not answer, so that there is no verdict."""


def read(url: str, path: str) -> bytes | None:
    """What the application has there; None for 404. Raises Unreachable."""
    found = call("GET", url.rstrip("/") + path)
    if found.status == 404:
        return None
    if found.status != 200:
        raise Unreachable(f"{path}: {found.status} {found.body[:120].decode(errors='replace')}")
    return found.body


def judge_backup(content: bytes) -> str:
    """What is wrong with a backup; empty when every line is there and the final line agrees with them."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            log = archive.extractfile("log.txt")
            lines = log.read().decode().splitlines() if log else []
    except (tarfile.TarError, OSError, EOFError, KeyError) as error:
        return f"the backup cannot be read: {type(error).__name__}"
    if not lines or not lines[-1].startswith("final "):
        return f"the backup ends with {lines[-1] if lines else 'nothing'!r}"
    numbered = [str(number) for number in range(1, len(lines))]
    if lines[:-1] != numbered or lines[-1] != f"final {len(numbered)}":
        return f"{len(numbered)} lines, but {lines[-1]!r}"
    return ""


def sessions(chosen: argparse.Namespace) -> dict[str, Any]:
    """What became of every session of the ledger."""
    shown = [] if chosen.closed else json.loads(read(chosen.url, "/workspaces") or b"{}")["workspaces"]
    running = {one["id"] for one in shown}
    reported = set(json.loads(chosen.reported.read_text())) if chosen.reported else set()
    counts: Counter[str] = Counter()
    lost: dict[str, str] = {}
    for one in map(json.loads, chosen.ledger.read_text().splitlines()):
        content = read(chosen.url, f"/objects/{one['id']}")
        wrong = "nothing is stored" if content is None else judge_backup(content)
        told = bool({one["id"], one["name"]} & reported)
        outcome = "saved" if not wrong else "reported" if told else "running" if one["id"] in running else "lost"
        counts[outcome] += 1
        if outcome == "lost":
            lost[one["name"]] = wrong
    return {"ok": not lost, "counts": dict(counts), "lost": lost}


def seen(chosen: argparse.Namespace) -> dict[str, Any]:
    """Rows, claims and objects now."""
    kube = connect(chosen.kubeconfig, chosen.namespace)
    claims = kube.request("GET", kube.path("persistentvolumeclaims"))["items"]
    rows = json.loads(read(chosen.url, "/db/rows") or b"{}")
    objects = json.loads(read(chosen.url, "/objects") or b"{}")["objects"]
    return {
        "rows": {"count": rows["count"], "sha256": rows["sha256"]},
        "claims": {one["metadata"]["name"]: one["metadata"]["uid"] for one in claims if not _of_session(one)},
        "objects": {one["id"]: one["sha256"] for one in objects},
    }


def _of_session(claim: dict[str, Any]) -> bool:
    """A session's own claim goes with the session."""
    return bool(claim["metadata"].get("labels", {}).get("component") == "workspace")


def data(chosen: argparse.Namespace) -> dict[str, Any]:
    """Record, or compare with what was recorded."""
    now = seen(chosen)
    if chosen.action == "record":
        chosen.file.write_text(json.dumps(now, indent=2))
        return {"ok": True, "recorded": {name: len(part) for name, part in now.items()}}
    return compare(json.loads(chosen.file.read_text()), now)


def compare(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """What of the recorded is not there any more or is another; what is new is fine, but for rows."""
    wrong = [f"rows: {before['rows']} before, {now['rows']} now"] if before["rows"] != now["rows"] else []
    for part in ("claims", "objects"):
        for name, value in before[part].items():
            if now[part].get(name) != value:
                wrong.append(f"{part}: {name} was {value}, is {now[part].get(name, 'gone')}")
    return {"ok": not wrong, "wrong": wrong}


def main() -> None:
    """Exit 0 when all is well, 1 when not, 3 when there is no verdict."""
    parser = argparse.ArgumentParser(prog="workbench.oracles", description=__doc__)
    parts = parser.add_subparsers(required=True)
    one = parts.add_parser("sessions")
    one.set_defaults(look=sessions)
    one.add_argument("--ledger", type=Path, required=True)
    one.add_argument("--reported", type=Path)
    one.add_argument("--closed", action="store_true", help="no session may still run")
    two = parts.add_parser("data")
    two.set_defaults(look=data)
    two.add_argument("action", choices=["record", "compare"])
    two.add_argument("--kubeconfig", required=True)
    two.add_argument("--namespace", required=True)
    two.add_argument("--file", type=Path, required=True)
    for part in (one, two):
        part.add_argument("--url", required=True)
    chosen = parser.parse_args()
    try:
        verdict = chosen.look(chosen)
    except (Unreachable, OSError) as error:
        print(json.dumps({"ok": False, "noVerdict": str(error)}))
        sys.exit(3)
    print(json.dumps(verdict, indent=2))
    sys.exit(0 if verdict["ok"] else 1)


if __name__ == "__main__":
    main()
