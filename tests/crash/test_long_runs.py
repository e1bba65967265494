"""Journals of 5,000 steps in a row and of 10,000 at a time: what is written is bounded (`make prove` measures time)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from changeover.kube.journal import Journal
from changeover.kube.lease import KubeLease
from changeover.objects import Kind, KubeObject, Ref
from changeover.plan.steps import Phase, Step, Steps, Verb
from changeover.ports import Json
from changeover.runs import executor
from changeover.runs.scene import Scene
from changeover.runs.state import RunState, Verdict
from changeover.settings import SEGMENT_BYTES, STATUS_BYTES
from tests.crash.world import INSTALLATION, NAMESPACE, RUN, World

STEPS = 5000
TENTH = STEPS // 10


class Measured(Journal):
    """Counts what an append sends."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.sent: list[int] = []

    async def append(self, records: Sequence[Mapping[str, Json]]) -> None:
        await super().append(records)
        self.sent.append(len(self._lines))


async def _act(step: Step, scene: Scene) -> Mapping[str, Json]:
    await scene.checkpoint(step)
    return {"number": step.id}


def long_run(number: int = STEPS, wave: str = "") -> tuple[World, RunState, Measured]:
    world = World(strategy="plain", sessions=())
    steps = tuple(
        Step(f"apply/ConfigMap/app/of-some-length-{n}", Verb.ANNOUNCE, f"Step {n}", Phase.CHANGE, wave=wave)
        for n in range(number)
    )
    subject = replace(world.subject, plan=replace(world.plan, steps=Steps(steps)))
    world.api.settle = lambda: None
    journal = Measured(world.api, KubeObject(world.api.objects[f"Changeover.changeover.dev/{NAMESPACE}/{RUN}"]))
    ports = executor.Ports(cluster=world.api, clock=world.clock, http=world, volumes=None, replan=world.planned)
    lease = Ref(Kind("coordination.k8s.io/v1", "Lease"), NAMESPACE, f"changeover-{INSTALLATION}")
    running = executor.carry_on(
        subject,
        ports,
        acts={Verb.ANNOUNCE: _act},
        journal=journal,
        lease=KubeLease(world.api, world.clock, ref=lease, holder="one"),
        tell=lambda _: None,
    )
    return world, world.clock.run(running), journal


def test_bytes_per_step_are_flat() -> None:
    world, state, journal = long_run()
    assert state.verdict is Verdict.COMMITTED
    appends = len(journal.sent)
    assert appends == 2 * STEPS + 2
    assert max(journal.sent) <= 64 * 1024
    early, late = journal.sent[:TENTH], journal.sent[-TENTH:]
    assert sum(late) / len(late) < 2 * max(early)
    status = world.api.objects[f"Changeover.changeover.dev/{NAMESPACE}/{RUN}"]["status"]
    assert len(json.dumps(status)) <= STATUS_BYTES


def test_a_wave_of_10000_objects_fits_into_the_journal() -> None:
    world, state, journal = long_run(10_000, "wave 1")
    assert state.verdict is Verdict.COMMITTED
    assert max(journal.sent) <= SEGMENT_BYTES
    status = world.api.objects[f"Changeover.changeover.dev/{NAMESPACE}/{RUN}"]["status"]
    assert len(json.dumps(status)) <= STATUS_BYTES
