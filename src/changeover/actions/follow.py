"""Follow a run that another process executes: its journal is read again and again, and told as it grows."""

from __future__ import annotations

import json
from collections.abc import Callable

from changeover.actions import execute, installations, runs_of
from changeover.actions.outside import Outside
from changeover.objects import KubeObject
from changeover.plan.explain import plan_from_json
from changeover.runs.happenings import Happening, from_records
from changeover.runs.state import RunState, fold

EVERY = 1.0
"""Seconds between looks."""


async def follow(
    outside: Outside, installation: str, name: str, *, tell: Callable[[Happening], None]
) -> tuple[KubeObject, RunState]:
    """Tell what happens until the run ends or waits for a person."""
    followed = await installations.find(outside, installation or name.rpartition("-")[0])
    run = await runs_of.named(outside, followed.name, name)
    plan = plan_from_json(json.loads(await outside.blobs(followed).get(run.get("spec", "planBlob"))))
    tell(execute.planned(plan))
    journal = outside.journal(run)
    seen = 0
    while True:
        records = list(await journal.read())
        for happening in from_records(records[seen:]):
            tell(happening)
        seen = len(records)
        state = fold(records)
        if state.verdict is not None or state.question is not None:
            return run, state
        await outside.clock.sleep(EVERY)
