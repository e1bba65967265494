"""What is seen while the cluster changes under one's eyes."""

import asyncio
from typing import Any

from changeover.objects import KubeObject, Ref
from changeover.plan.model import DryRun
from changeover.runs import observe


class Server:
    """Answers with what is there by now."""

    def __init__(self, *objects: KubeObject) -> None:
        self.objects = {obj.ref.key: obj for obj in objects}

    async def get(self, ref: Ref) -> KubeObject | None:
        return self.objects.get(ref.key)


def job(name: str, uid: str) -> KubeObject:
    return KubeObject(
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": "ns", "uid": uid}}
    )


def settled(live: list[KubeObject], answers: dict[str, DryRun], *now: KubeObject) -> dict[str, str]:
    server: Any = Server(*now)
    look = observe._Look(server, {}, asyncio.Semaphore(1), "ns")
    found = {obj.ref.key: obj for obj in live}
    return {key: obj.uid for key, obj in asyncio.run(observe._settled(look, found, answers)).items()}


def test_what_the_dry_run_met_as_another_object_is_read_again() -> None:
    gone, again, same = job("gone", "1"), job("again", "1"), job("same", "1")
    answers = {
        gone.ref.key: DryRun(job("gone", "made-up"), 200),
        again.ref.key: DryRun(job("again", "2"), 200),
        same.ref.key: DryRun(same, 200),
    }
    assert settled([gone, again, same], answers, job("again", "2"), same) == {again.ref.key: "2", same.ref.key: "1"}


def test_what_was_refused_or_not_asked_stays_as_it_was_read() -> None:
    one, other = job("one", "1"), job("other", "1")
    assert len(settled([one, other], {one.ref.key: DryRun(None, 422)})) == 2
