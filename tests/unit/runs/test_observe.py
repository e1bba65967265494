"""What is seen while the cluster changes under one's eyes."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from changeover.objects import Kind, KubeObject, Ref
from changeover.plan.dress import dress
from changeover.plan.intent import Intent
from changeover.plan.model import DryRun, Plan
from changeover.plan.planner import make_plan
from changeover.ports import Resource
from changeover.runs import observe
from tests.crash.api_server import ApiServer
from tests.unit.plan.world import Listed, config_map, revision


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


class Inventive(ApiServer):
    """A server whose webhook stamps every ConfigMap with something new, each time it is asked."""

    def __init__(self, *, known: bool) -> None:
        super().__init__()
        self._known = known
        self._asked = 0

    async def served(self) -> Mapping[tuple[str, str], Resource]:
        hook = Kind("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration")
        return {**await super().served(), (hook.api_version, hook.name): Resource(hook, "hooks", namespaced=False)}

    async def list(self, kind: Kind, *, namespace: str = "", selector: str = "") -> Sequence[KubeObject]:
        if kind.name == "MutatingWebhookConfiguration":
            return [KubeObject({"metadata": {"name": "stamps"}})] if self._known else []
        return await super().list(kind, namespace=namespace, selector=selector)

    async def apply(self, obj: KubeObject, *, force: bool = True, dry_run: bool = False) -> KubeObject:
        self._asked += 1
        raw = {**obj.raw, "data": {**obj.get("data", default={}), "stamp": f"made-up-{self._asked}"}}
        return await super().apply(KubeObject(raw), force=force, dry_run=dry_run)


@pytest.mark.parametrize("known", [True, False])
def test_what_a_webhook_makes_up_each_time_is_unknown(*, known: bool) -> None:
    old, new = (revision(version, config_map(colour=version)) for version in "12")

    async def planned() -> Plan:
        server = Inventive(known=known)
        await server.apply(dress(old.objects[0], old.digest))
        look: Any = server
        seen = await observe.take_snapshot(look, new, old, installation=None, namespace="app")
        return make_plan(Intent("update", new, old, "app"), seen, strategy=Listed())

    plan = asyncio.run(planned())
    fields = {one.path: one.after for one in plan.changes[0].fields}
    assert fields["data.colour"] == '"2"'
    assert ("unknown" in str(fields["data.stamp"])) is known
