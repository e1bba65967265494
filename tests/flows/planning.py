"""The few acts that bring a plan about, for tests of the plan on a real API server."""

import asyncio
import time
from pathlib import Path

import yaml

from changeover.kube.client import KubeCluster
from changeover.objects import Kind, KubeObject, Ref
from changeover.plan import inventory
from changeover.plan.dress import dress
from changeover.plan.intent import Intent
from changeover.plan.model import Effect, ObjectChange, Plan
from changeover.plan.planner import make_plan
from changeover.plan.strategy import is_applied
from changeover.render.revision import Revision
from changeover.runs.observe import take_snapshot
from tests.unit.plan.world import Listed

DEFINITIONS = Path(__file__).parents[1] / "cluster" / "cert_manager_crds.yaml"


async def define_cert_manager(server: KubeCluster) -> None:
    """The kinds that Gitpod needs, established."""
    for raw in yaml.safe_load_all(DEFINITIONS.read_text()):
        made = await server.apply(KubeObject(raw))
        while not _is_established(await server.get(made.ref)):
            await asyncio.sleep(0.05)
        kind = Kind("cert-manager.io/v1", made.get("spec", "names", "kind"))
        while (kind.api_version, kind.name) not in await server.served():
            await server.get(Ref(kind, "default", "x"))  # discovery follows within a second
            await asyncio.sleep(0.05)


def _is_established(definition: KubeObject | None) -> bool:
    conditions = definition.get("status", "conditions", default=[]) if definition else []
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)


def installation(namespace: str, name: str = "app") -> Ref:
    return Ref(Kind("changeover.dev/v1alpha1", "Installation"), namespace, name)


async def plan_of(
    server: KubeCluster, new: Revision, old: Revision | None, *, namespace: str, **wanted: object
) -> Plan:
    """Look and decide, as the product does."""
    strategy = wanted.pop("strategy", Listed())
    snapshot = await take_snapshot(server, new, old, installation=installation(namespace), namespace=namespace)
    kind = str(wanted.pop("kind", "update" if old else "install"))
    return make_plan(Intent(kind, new, old, namespace, masking_key=b"k", **wanted), snapshot, strategy=strategy)  # type: ignore[arg-type]


async def bring_about(server: KubeCluster, plan: Plan, new: Revision, *, namespace: str) -> None:
    """Do what the plan says, wave by wave, 16 objects at a time."""
    objects = {obj.ref.key: obj for obj in new.objects}
    set_id = inventory.applyset_id(installation(namespace))
    slots = asyncio.Semaphore(16)

    async def one(change: ObjectChange) -> None:
        async with slots:
            if change.effect in {Effect.RECREATE, Effect.PRUNE}:
                await _delete(server, change.ref)
            if is_applied(change):
                obj = dress(objects[change.ref.key], new.digest, applyset_id=set_id, version=new.version)
                await server.apply(obj)

    for number in sorted({change.wave for change in plan.changes}):
        await asyncio.gather(*(one(change) for change in plan.changes if change.wave == number))


async def _delete(server: KubeCluster, ref: Ref) -> None:
    live = await server.get(ref)
    if live is None:
        return
    await server.delete(ref, uid=live.uid, propagation="Foreground")
    while (again := await server.get(ref)) is not None and again.uid == live.uid:
        await asyncio.sleep(0.05)


async def until_ended(server: KubeCluster, job: Ref, *, within: float = 90) -> None:
    """Wait until a Job is complete, or was removed after it."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        live = await server.get(job)
        conditions = live.get("status", "conditions", default=[]) if live else [{"type": "Complete"}]
        if any(one["type"] in {"Complete", "Failed"} for one in conditions):
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{job} has not ended within {within} s")
