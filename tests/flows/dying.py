"""Executors of a run as processes of their own, each of which is killed (-9) when it comes by its point.

The processes come from a server that has everything imported already, so that hundreds of them cost little.
"""

import asyncio
import json
import multiprocessing
import os
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from changeover.kube.connect import connect
from changeover.objects import KubeObject
from changeover.plan.strategy import Strategy
from changeover.runs.faults import Faults
from changeover.runs.scene import Subject
from tests.flows.carrying import go_on
from tests.flows.kill_at import Kill

SECONDS = 180
KILLED = -signal.SIGKILL
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.flows.dying"])


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

    async def go(self, kill_at: int = 0, *, before: str = "") -> Ended:
        """One process; it dies at its point of this number, or of this name, if it comes that far."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "said.json"
            process = _SERVER.Process(target=_carry_on, args=(self, kill_at, before, file))
            process.start()
            await asyncio.to_thread(process.join, SECONDS)
            if process.is_alive():
                process.kill()
                raise AssertionError(f"an executor of {self.run.ref} hangs")
            said = json.loads(file.read_text()) if file.exists() else {}
            code = process.exitcode
            assert code in (0, KILLED), f"an executor of {self.run.ref} ended with {code}"
            return Ended(code, said)


def _carry_on(executor: Executor, kill_at: int, before: str, file: Path) -> None:
    at_number = Faults(kill_at, cut=lambda _name: os.kill(os.getpid(), signal.SIGKILL))
    faults = Kill(before) if before else at_number

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
