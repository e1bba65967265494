"""Starts sessions as users do, and writes down which: one JSON line per session in a ledger."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from workbench.app.web import call


def main(_role: str, args: list[str]) -> None:
    """`--url URL --count N --ledger FILE [--every SECONDS] [--storage S]`: exit 1 when not all start in 120 s."""
    parser = argparse.ArgumentParser(prog="workbench starter")
    parser.add_argument("--url", required=True)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--every", type=float, default=0)
    parser.add_argument("--storage", default="node", help="node, claim, memory, or several with commas, in turn")
    wanted = parser.parse_args(args)
    deadline, storages = time.monotonic() + 120, wanted.storage.split(",")
    started = number = 0
    while started < wanted.count and time.monotonic() < deadline:
        storage = storages[number % len(storages)]
        body = json.dumps({"owner": f"user-{number}", "storage": storage}).encode()
        found = call("POST", f"{wanted.url.rstrip('/')}/workspaces", body=body, timeout=10)
        if found.status in (200, 201):
            with wanted.ledger.open("a") as ledger:
                ledger.write(json.dumps({**found.json(), "owner": f"user-{number}"}) + "\n")
            started += 1
            number += 1
            time.sleep(wanted.every)
        else:
            print(f"starter: {found.status} {found.body[:120].decode(errors='replace')}", file=sys.stderr, flush=True)
            time.sleep(max(wanted.every, 0.5))
    print(json.dumps({"started": started}))
    sys.exit(0 if started == wanted.count else 1)
