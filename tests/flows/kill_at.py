"""Runs the command line and kills it (-9) at the first point that begins so: ``-m tests.flows.kill_at POINT …``."""

import os
import signal
import sys

from changeover import wiring
from changeover.cli import main
from changeover.runs.faults import Faults


class Kill(Faults):
    """Ends the process at a point by its name."""

    def __init__(self, begins: str) -> None:
        super().__init__()
        self._begins = begins

    def point(self, name: str) -> None:
        """Kill, when this is the one."""
        if name.startswith(self._begins):
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    faults = Kill(sys.argv.pop(1))
    wiring.faults = lambda: faults
    main.main()
