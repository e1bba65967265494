"""Runs that this console executes: each in a task of its own, through questions, to its end.

What happens is in the journal; here is only who works. When the console stops, its runs pause as if it had been killed,
and go on here after a restart when somebody says so, or anywhere by `changeover resume`.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

from changeover.actions import execute, hand_over
from changeover.actions.as_person import carrying_out
from changeover.actions.outside import Outside
from changeover.actions.prepare import Prepared
from changeover.errors import Problem
from changeover.runs.holding import ElsewhereProblem


class Executing:
    """The tasks, by run."""

    def __init__(self, carrier: str = "") -> None:
        self._carrier = carrier
        """What runs that begin here are marked with; empty = this process alone executes them."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.stopped: dict[str, Problem] = {}
        """Why the execution of a run ended here before the run did."""

    @property
    def carries(self) -> bool:
        """Whether this is a replica of the console in the cluster."""
        return bool(self._carrier)

    async def begin(self, outside: Outside, prepared: Prepared) -> str:
        """Create a run and execute it; returns its name. Raises RunUnderWay."""
        run = await execute.create(outside, prepared, carrier=self._carrier)
        self._start(outside, run.name)
        return run.name

    def go_on(self, outside: Outside, name: str) -> None:
        """Execute a run that nobody executes."""
        if not self.here(name):
            self._start(outside, name)

    def here(self, name: str) -> bool:
        """Whether this console executes it now."""
        return name in self._tasks

    async def close(self) -> None:
        """Let go of all; each lease is released, so that another process need not wait."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _start(self, outside: Outside, name: str) -> None:
        self.stopped.pop(name, None)
        own = replace(outside, cluster=carrying_out(outside.cluster))
        self._tasks[name] = asyncio.create_task(self._carry(own, name))

    async def _carry(self, outside: Outside, name: str) -> None:
        try:
            await hand_over.to_the_end(outside, "", name, tell=lambda _: None)
        except ElsewhereProblem as problem:
            if not self._carrier:  # among replicas it is as it should be: another one executes it
                self.stopped[name] = problem
        except Problem as problem:
            self.stopped[name] = problem
        finally:
            self._tasks.pop(name, None)
