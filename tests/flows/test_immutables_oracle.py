"""The API server as oracle: generated pairs over all kinds; what it refuses is known, what it takes is no alarm.

A sample is taken in every run, all of them in the long proofs.
"""

import asyncio
from collections import Counter

import pytest

from changeover.kube.client import KubeCluster
from changeover.objects import KubeObject, Ref
from changeover.plan.dress import dress
from changeover.plan.model import Effect, ObjectChange
from changeover.ports import Refused
from changeover.render.revision import Revision
from tests.flows.immutable_pairs import pairs
from tests.flows.planning import plan_of

pytestmark = [pytest.mark.cluster]

SAMPLE, ALL = 120, 360
ALARMS = frozenset({Effect.FORBIDDEN, Effect.RECREATE, Effect.RECREATE_KEEPING_PODS, Effect.UNKNOWN})
AT_A_TIME = 8


async def judged(server: KubeCluster, before: KubeObject, after: KubeObject) -> tuple[int, ObjectChange]:
    """(status that the server answers to the change, what the plan says of it)."""
    old, new = Revision("1", (before,), "sha256:1"), Revision("2", (after,), "sha256:2")
    await server.apply(dress(before, old.digest))
    plan = await plan_of(server, new, old, namespace=before.namespace or "default")
    (change,) = plan.changes
    try:
        await server.apply(dress(after, new.digest))
    except Refused as refusal:
        return refusal.status, change
    return 200, change


@pytest.mark.parametrize("count", [SAMPLE, pytest.param(ALL, marks=[pytest.mark.slow])])
async def test_what_is_immutable_is_known_and_nothing_else(cluster: KubeCluster, namespace: str, count: int) -> None:
    slots = asyncio.Semaphore(AT_A_TIME)
    made: list[Ref] = []

    async def one(name: str, before: KubeObject, after: KubeObject) -> tuple[str, int, ObjectChange]:
        async with slots:
            first, second = (at_home(obj, namespace) for obj in (before, after))
            made.append(first.ref)
            return (name, *(await judged(cluster, first, second)))

    try:
        results = await asyncio.gather(*(one(*pair) for pair in pairs(count)))
    finally:
        for ref in made:
            if not ref.namespace and (live := await cluster.get(ref)):
                await cluster.delete(ref, uid=live.uid)
    refused = [(name, status, change) for name, status, change in results if status != 200]
    taken = [(name, change) for name, status, change in results if status == 200]
    missed = [(name, status, change.effect) for name, status, change in refused if change.effect not in ALARMS]
    unnamed = [(name, change.reason) for name, _, change in refused if not change.fields]
    alarms = [(name, change.effect, change.reason) for name, change in taken if change.effect in ALARMS]
    print(Counter((change.ref.kind.name, status, change.effect.value) for _, status, change in results))
    print(f"proof: {len(refused)} refused, {len(taken)} taken, {len(missed)} missed, {len(alarms)} false alarms")
    assert refused
    assert missed == []
    assert unnamed == []
    assert len(alarms) <= len(taken) // 100, alarms
    lost = [
        (name, change.reason)
        for name, _, change in refused
        if change.effect in {Effect.FORBIDDEN, Effect.UNKNOWN}
        and change.ref.kind.name != "PersistentVolumeClaim"
        and "rollingUpdate"
        not in change.reason  # no field that is fixed: the server's own default contradicts the new type
    ]
    assert lost == [], "what could be brought about is not"


def at_home(obj: KubeObject, home: str) -> KubeObject:
    if not obj.namespace:
        return KubeObject({**obj.raw, "metadata": {**obj.metadata, "name": f"{obj.name}-{home}"}})
    raw = {**obj.raw, "metadata": {**obj.metadata, "namespace": home}}
    if "subjects" in raw:
        raw["subjects"] = [{**one, "namespace": home} for one in raw["subjects"]]
    return KubeObject(raw)
