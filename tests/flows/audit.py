"""What Changeover really did to a namespace, as the API server's audit log has it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OURS = "changeover/"
BOOKKEEPING = ("leases", "changeovers", "installations")


class Audit:
    """Reads the log from where it ended when this was made."""

    def __init__(self, log: Path, namespace: str) -> None:
        self._log = log
        self._namespace = namespace
        self._start = log.stat().st_size

    def effects(self) -> dict[str, list[str]]:
        """By object, what was made and deleted, in order; a second deletion of what is already going is none."""
        found: dict[str, list[str]] = {}
        for event in self._events():
            about = event["objectRef"]
            did = "delete" if event["verb"] == "delete" else "create" if event["responseStatus"]["code"] == 201 else ""
            history = found.setdefault(f"{about['resource']}/{about.get('name', '')}", [])
            if did and history[-1:] != [did]:
                history.append(did)
        return {name: history for name, history in found.items() if history}

    def _events(self) -> Iterator[dict[str, Any]]:
        with self._log.open() as log:
            log.seek(self._start)
            for line in log:
                event = json.loads(line)
                about = event.get("objectRef") or {}
                if (
                    event.get("userAgent", "").startswith(OURS)
                    and about.get("namespace") == self._namespace
                    and about.get("resource") not in BOOKKEEPING
                    and "subresource" not in about
                    and "dryRun" not in event["requestURI"]
                    and event.get("responseStatus", {}).get("code", 500) < 300
                ):
                    yield event
