"""A session: numbered lines in log.txt, and `final <counter>` when it is told to stop, so that a loss is provable.

Whose files lie in the pod itself (WB_UPLOAD) saves them before it ends.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from workbench.app.saving import upload
from workbench.app.web import until_told


def main(_role: str, _args: list[str]) -> None:
    """Write until SIGTERM; exit 0 at once."""
    told = until_told()
    path = Path(os.environ.get("WB_FOLDER", "/workspace"), "log.txt")
    pause = float(os.environ.get("WB_LINE_SECONDS", "1"))
    path.parent.mkdir(parents=True, exist_ok=True)
    counter = len(path.read_text().splitlines()) if path.exists() else 0
    with path.open("a") as log:
        while not told.is_set():
            counter += 1
            log.write(f"{counter}\n")
            log.flush()
            told.wait(pause)
        log.write(f"final {counter}\n")
        log.flush()
        os.fsync(log.fileno())
    print(f"final {counter}", flush=True)
    if "WB_UPLOAD" in os.environ:
        upload(path.parent)
    sys.stdout.flush()
    os._exit(0)
