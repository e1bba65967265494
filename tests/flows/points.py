"""Runs the command line and writes down the points that it comes by: ``python -m tests.flows.points FILE WORD …``."""

import json
import sys
from pathlib import Path

from changeover import wiring
from changeover.cli import main
from changeover.runs.faults import Faults


def run() -> None:
    """Exits as the command does."""
    faults = Faults()
    wiring.faults = lambda: faults
    file = Path(sys.argv.pop(1))
    try:
        main.main()
    finally:
        file.write_text(json.dumps(faults.seen))


if __name__ == "__main__":
    run()
