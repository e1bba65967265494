"""Roles that end: migrations bring the schema forward, telemetry prints one line."""

from __future__ import annotations

import json
import os
import sys
import time

from workbench.app.web import Answer, call


def main(role: str, _args: list[str]) -> None:
    """Exit 0 when it worked; migrations wait up to 60 s for the database."""
    if role == "telemetry":
        print(json.dumps({"telemetry": "sent nowhere", "build": os.environ.get("WB_BUILD", "")}))
        return
    address = os.environ.get("WB_DB", "http://wb-db:3306")
    body = json.dumps({"to": int(os.environ.get("WB_SCHEMA", "1"))}).encode()
    found = Answer(0)
    for _ in range(120):
        found = call("POST", f"{address}/db/migrate", body=body, timeout=5)
        if found.status in (200, 409):
            break
        time.sleep(0.5)
    print(found.status, found.body.decode(errors="replace"))
    sys.exit(0 if found.status == 200 else 1)
