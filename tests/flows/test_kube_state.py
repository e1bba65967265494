"""Journal, lease and blobs on a real API server: nothing doubled, nothing lost, one holder."""

import asyncio
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from changeover.errors import Problem
from changeover.kube.blobs import BrokenBlob, KubeBlobs
from changeover.kube.client import KubeCluster
from changeover.kube.clock import SystemClock
from changeover.kube.journal import Journal
from changeover.kube.lease import KubeLease
from changeover.objects import API_VERSION, Kind, KubeObject, Ref
from changeover.ports import Fenced, Unreachable
from changeover.settings import SEGMENT_BYTES

SECRET = Kind("v1", "Secret")
LEASE = Kind("coordination.k8s.io/v1", "Lease")


def run(namespace: str, uid: str = "0a1b2c3d-0000") -> KubeObject:
    labels = {"changeover.dev/installation": "shop"}
    metadata = {"name": "shop-1", "namespace": namespace, "labels": labels, "uid": uid}
    return KubeObject({"apiVersion": API_VERSION, "kind": "Changeover", "metadata": metadata})


def record(number: int, size: int = 200) -> dict[str, object]:
    return {"event": "begun", "step": f"apply-{number}", "data": "x" * size}


async def segments(cluster: KubeCluster, namespace: str) -> list[KubeObject]:
    return list(await cluster.list(SECRET, namespace=namespace, selector="changeover.dev/part=journal"))


class LosesAnswers(httpx2.AsyncBaseTransport):
    """Does what is asked, then drops the answer of every write number in `lost`."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, lost: set[int]) -> None:
        self.inner = inner
        self.lost = lost
        self.writes = 0

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self.inner.handle_async_request(request)
        if request.method in ("PATCH", "POST"):
            self.writes += 1
            if self.writes in self.lost:
                await answer.aread()
                raise httpx2.ReadError("the connection was cut", request=request)
        return answer


def losing(cluster: KubeCluster, lost: set[int]) -> None:
    cluster._http._transport = LosesAnswers(cluster._http._transport, lost)


async def test_records_come_back_in_order_over_many_segments(cluster: KubeCluster, namespace: str) -> None:
    journal = Journal(cluster, run(namespace))
    assert await journal.read() == []
    for number in range(0, 40, 4):
        await journal.append([record(each, 9000) for each in range(number, number + 4)])
    read = await Journal(cluster, run(namespace)).read()
    assert [one["step"] for one in read] == [f"apply-{number}" for number in range(40)]
    found = sorted(await segments(cluster, namespace), key=lambda one: one.name)
    assert [one.name for one in found][:2] == ["shop-1-journal-0a1b2c3d-0001", "shop-1-journal-0a1b2c3d-0002"]
    assert [bool(one.get("immutable")) for one in found] == [*([True] * (len(found) - 1)), False]


async def test_a_later_run_of_the_same_name_has_a_journal_of_its_own(cluster: KubeCluster, namespace: str) -> None:
    await Journal(cluster, run(namespace)).append([record(1)])
    later = Journal(cluster, run(namespace, uid="4e5f6a7b-0000"))
    assert await later.read() == []
    await later.append([record(2)])
    assert [one["step"] for one in await later.read()] == ["apply-2"]
    assert [one["step"] for one in await Journal(cluster, run(namespace)).read()] == ["apply-1"]


async def test_only_who_has_read_the_head_may_append(cluster: KubeCluster, namespace: str) -> None:
    first, second = Journal(cluster, run(namespace)), Journal(cluster, run(namespace))
    await first.append([record(1)])
    with pytest.raises(Fenced):
        await second.append([record(2)])
    await second.read()
    await second.append([record(2)])
    with pytest.raises(Fenced):
        await first.append([record(3)])
    assert len(await second.read()) == 2


@pytest.mark.parametrize("lost", [{1}, {2}, {3}, {1, 3, 5}, {4}, {5, 6}])
async def test_a_lost_answer_neither_doubles_nor_loses(cluster: KubeCluster, namespace: str, lost: set[int]) -> None:
    losing(cluster, lost)
    journal = Journal(cluster, run(namespace), pause=0.01)
    for number in range(6):
        await journal.append([record(number, 30_000)])
    read = await Journal(cluster, run(namespace)).read()
    assert [one["step"] for one in read] == [f"apply-{number}" for number in range(6)]


async def test_giving_up_and_appending_again_later_does_not_double(cluster: KubeCluster, namespace: str) -> None:
    journal = Journal(cluster, run(namespace), pause=0.01)
    await journal.append([record(0)])
    real = cluster._http._transport

    class Dead(httpx2.AsyncBaseTransport):
        done = False

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            if not self.done:
                self.done = True
                await (await real.handle_async_request(request)).aread()
            raise httpx2.ConnectError("no route", request=request)

    cluster._http._transport = Dead()
    with pytest.raises(Unreachable):
        await asyncio.wait_for(journal.append([record(1)]), 60)
    cluster._http._transport = real
    await journal.append([record(1)])
    await journal.append([record(2)])
    assert [one["step"] for one in await journal.read()] == ["apply-0", "apply-1", "apply-2"]


async def test_a_process_that_died_between_sealing_and_the_next_segment(cluster: KubeCluster, namespace: str) -> None:
    first = Journal(cluster, run(namespace))
    await first.append([record(1, 40_000)])
    await first._seal()
    second = Journal(cluster, run(namespace))
    await second.read()
    await second.append([record(2)])
    assert [one["step"] for one in await second.read()] == ["apply-1", "apply-2"]


@pytest.mark.parametrize("steps", [600, pytest.param(5000, marks=pytest.mark.slow)])
async def test_every_step_costs_the_same(cluster: KubeCluster, namespace: str, steps: int) -> None:
    journal = Journal(cluster, run(namespace))
    times = []
    for number in range(steps):
        began = time.perf_counter()
        await journal.append([record(number)])
        times.append(time.perf_counter() - began)
    found = await segments(cluster, namespace)
    sizes = [len(one.get("data", "records")) * 3 // 4 for one in found]
    fifth = steps // 5
    first, last = sorted(times[:fifth])[fifth // 2], sorted(times[-fifth:])[fifth // 2]
    print(f"proof: {steps} appends: median {first * 1000:.2f} ms of the first, {last * 1000:.2f} ms of the last fifth;")
    print(f"proof: {len(found)} segments of at most {max(sizes)} bytes, {sum(sizes)} in all")
    assert max(sizes) <= SEGMENT_BYTES
    assert len(await Journal(cluster, run(namespace)).read()) == steps


def lease(
    cluster: KubeCluster, namespace: str, holder: str, clock: "Stretched | SystemClock", seconds: int = 15
) -> KubeLease:
    return KubeLease(cluster, clock, ref=Ref(LEASE, namespace, "changeover-shop"), holder=holder, seconds=seconds)


class Stretched(SystemClock):
    """A clock that can be moved on."""

    ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


async def test_a_lease_is_taken_over_only_after_being_seen_unchanged(cluster: KubeCluster, namespace: str) -> None:
    clock = Stretched()
    first, second = lease(cluster, namespace, "a", clock), lease(cluster, namespace, "b", clock)
    assert await first.acquire()
    assert 14 < first.remaining() <= 15
    assert not await second.acquire()
    clock.ahead += 10
    await first.renew()
    clock.ahead += 10
    assert not await second.acquire(), "it was renewed: the wait begins anew"
    clock.ahead += 14
    assert not await second.acquire()
    clock.ahead += 2
    assert await second.acquire()
    live = await cluster.get(Ref(LEASE, namespace, "changeover-shop"))
    assert live.get("spec", "leaseTransitions") == 1


async def test_a_process_that_was_stopped_longer_than_its_lease_is_fenced(cluster: KubeCluster, namespace: str) -> None:
    stopped, other = Stretched(), Stretched()
    first, second = lease(cluster, namespace, "a", stopped), lease(cluster, namespace, "b", other)
    assert await first.acquire()
    assert not await second.acquire()
    stopped.ahead = other.ahead = 16
    assert first.remaining() < 0
    assert await second.acquire()
    with pytest.raises(Fenced) as caught:
        await first.renew()
    assert "holder: b" in str(caught.value)
    assert first.remaining() < 0


async def test_an_own_renewal_whose_answer_was_lost_is_not_a_loss(cluster: KubeCluster, namespace: str) -> None:
    first = lease(cluster, namespace, "a", SystemClock())
    assert await first.acquire()
    losing(cluster, {1})
    with pytest.raises(Unreachable):
        await first.renew()
    await first.renew()
    await first.release()
    assert await lease(cluster, namespace, "b", SystemClock()).acquire()


async def test_of_many_that_want_it_one_gets_it(cluster: KubeCluster, namespace: str) -> None:
    wanting = [lease(cluster, namespace, f"p{number}", SystemClock()) for number in range(12)]
    assert sum(await asyncio.gather(*(one.acquire() for one in wanting))) == 1


async def installation(cluster: KubeCluster, namespace: str) -> KubeObject:
    body: Mapping[str, object] = {
        "apiVersion": API_VERSION,
        "kind": "Installation",
        "metadata": {"name": "shop", "namespace": namespace},
        "spec": {"source": {"channel": "/none"}},
    }
    return await cluster.create(KubeObject(body))


async def test_blobs_of_any_size_come_back_and_go_with_their_owner(cluster: KubeCluster, namespace: str) -> None:
    blobs = KubeBlobs(cluster, await installation(cluster, namespace))
    noise = b"".join(uuid.uuid4().bytes for _ in range(90_000))
    digests = [await blobs.put(content, kind="revision") for content in (b"", b"small", noise)]
    assert [await blobs.get(digest) for digest in digests] == [b"", b"small", noise]
    assert await blobs.put(noise, kind="revision") == digests[2]
    pieces = await cluster.list(SECRET, namespace=namespace, selector="changeover.dev/part=revision")
    assert len(pieces) == 2 + 4
    assert max(len(one.get("data", "content")) for one in pieces) <= 512 * 1024
    assert {one.metadata["ownerReferences"][0]["kind"] for one in pieces} == {"Installation"}
    now = datetime.now(UTC)
    assert await blobs.collect((), older_than=now - timedelta(hours=1)) == []
    gone = await blobs.collect({digests[1]}, older_than=now + timedelta(hours=1))
    assert sorted(gone) == sorted([digests[0], digests[2]])
    assert await blobs.get(digests[1]) == b"small"
    with pytest.raises(BrokenBlob):
        await blobs.get(digests[2])


async def test_a_damaged_blob_is_noticed_and_mended_by_putting_it_again(cluster: KubeCluster, namespace: str) -> None:
    blobs = KubeBlobs(cluster, await installation(cluster, namespace))
    digest = await blobs.put(b"what it was", kind="plan")
    (piece,) = await cluster.list(SECRET, namespace=namespace, selector="changeover.dev/part=plan")
    await cluster.delete(piece.ref, uid=piece.uid)
    forged = {
        key: value for key, value in piece.metadata.items() if key in ("name", "namespace", "labels", "annotations")
    }
    await cluster.create(KubeObject({**piece.raw, "metadata": forged, "data": {"content": "AAAA"}}))
    with pytest.raises(Problem):
        await blobs.get(digest)
    assert await blobs.put(b"what it was", kind="plan") == digest
    assert await blobs.get(digest) == b"what it was"


async def test_a_blob_of_an_installation_that_is_gone_does_not_go_with_it(cluster: KubeCluster, namespace: str) -> None:
    former = await installation(cluster, namespace)
    digest = await KubeBlobs(cluster, former).put(b"the same content", kind="plan")
    await cluster.delete(former.ref, uid=former.uid)
    installed_again = await installation(cluster, namespace)
    blobs = KubeBlobs(cluster, installed_again)
    assert await blobs.put(b"the same content", kind="plan") == digest
    (piece,) = await cluster.list(SECRET, namespace=namespace, selector="changeover.dev/part=plan")
    assert [owner["uid"] for owner in piece.metadata["ownerReferences"]] == [installed_again.uid]
    assert await blobs.get(digest) == b"the same content"
