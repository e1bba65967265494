"""Executors of a run as processes of their own, each of which is killed (-9) when it comes by its point.

The processes come from a server that has everything imported already, so that hundreds of them cost little.
"""

import asyncio
import json
import multiprocessing
import os
import signal
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from changeover.kube.connect import connect
from changeover.objects import KubeObject
from changeover.plan.strategy import Strategy
from changeover.runs.faults import Faults
from changeover.runs.scene import Subject
from tests.flows.carrying import go_on

SECONDS = 180
KILLED = -signal.SIGKILL
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.flows.dying"])


@dataclass(frozen=True)
class Spot:
    """A point by its name, the first or a later time that a process comes by it."""

    name: str
    time: int = 1


NOWHERE = Spot("")


def spots(points: list[str]) -> list[Spot]:
    """Every point that a process came by; one that comes again, as in a waiting loop, twice.

    How often it comes again differs from run to run, and with it every number that counts points.
    """
    counted = Counter(points)
    return [Spot(name, time) for name, count in counted.items() for time in range(1, min(count, 2) + 1)]


@dataclass(frozen=True)
class Ended:
    """How a process ended: killed, or with what it says of the run."""

    code: int
    said: dict[str, Any]

    @property
    def killed(self) -> bool:
        """Whether it came by its point."""
        return self.code == KILLED


@dataclass(frozen=True)
class Executor:
    """Carries one run on, in processes."""

    kubeconfig: str
    subject: Subject
    run: KubeObject
    strategy: Strategy | None = None

    async def go(self, kill_at: int | Spot = NOWHERE) -> Ended:
        """One process; it dies at its spot, or at its point of this number, if it comes that far."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "said.json"
            process = _SERVER.Process(target=_carry_on, args=(self, kill_at, file))
            process.start()
            await asyncio.to_thread(process.join, SECONDS)
            if process.is_alive():
                process.kill()
                raise AssertionError(f"an executor of {self.run.ref} hangs")
            said = json.loads(file.read_text()) if file.exists() else {}
            code = process.exitcode
            assert code in (0, KILLED), f"an executor of {self.run.ref} ended with {code}"
            return Ended(code, said)


class Kill(Faults):
    """Ends the process at a point."""

    def __init__(self, at: int | Spot) -> None:
        super().__init__()
        self._at = at

    def point(self, name: str) -> None:
        """Kill, when this is the one."""
        super().point(name)
        if self._at in (len(self.seen), Spot(name, self.seen.count(name))):
            os.kill(os.getpid(), signal.SIGKILL)


def _carry_on(executor: Executor, kill_at: int | Spot, file: Path) -> None:
    faults = Kill(kill_at)

    async def carry() -> dict[str, Any]:
        server, _ = connect(executor.kubeconfig, None, None)
        try:
            state = await go_on(server, executor.subject, executor.run, faults=faults, strategy=executor.strategy)
        finally:
            await server.close()
        verdict = state.verdict.value if state.verdict else ""
        why = [state.turned_because, state.question and state.question.get("text"), *state.failed.values()]
        return {"verdict": verdict, "why": [one for one in why if one], "points": faults.seen}

    file.write_text(json.dumps(asyncio.run(carry())))
