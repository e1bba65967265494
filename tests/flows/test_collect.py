"""What is not well in a namespace, as Kubernetes tells it; and Events of our own."""

import asyncio

from changeover.channel.registry.finding import find_images
from changeover.checks import bundle
from changeover.checks.bundle import Mask
from changeover.checks.unhealthy import ALL, unhealthy
from changeover.collect.collecting import ClusterCollecting
from changeover.kube.client import KubeCluster
from changeover.kube.clock import SystemClock
from changeover.kube.events import Events
from changeover.kube.http import UserHttp
from changeover.objects import API_VERSION, Kind, KubeObject, is_well
from changeover.ports import Bounds, Collector

EVENT = Kind("v1", "Event")


def pod(namespace: str, name: str, image: str, *command: str) -> KubeObject:
    container = {"name": "main", "image": image, "command": list(command)}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    metadata = {"name": name, "namespace": namespace}
    return KubeObject({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


async def test_what_is_not_well_tells_why(cluster: KubeCluster, namespace: str, python_image: str) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": namespace}}
    await cluster.create(KubeObject({**secret, "stringData": {"password": "hunter2hunter2"}}))
    crash = "print('cannot log in with hunter2hunter2', flush=True); raise SystemExit(3)"
    await cluster.create(pod(namespace, "crashing", python_image, "python3", "-c", crash))
    await cluster.create(pod(namespace, "well", python_image, "python3", "-c", "import time; time.sleep(600)"))
    await cluster.create(pod(namespace, "unknown", "127.0.0.1:1/none:1"))
    collect = ClusterCollecting(cluster, UserHttp(), namespace=namespace, find_images=find_images)
    mask = Mask(secrets=await cluster.list(Kind("v1", "Secret"), namespace=namespace))
    pieces = []
    for _ in range(60):
        done = await collect(bundle.default_specs(namespace).collectors, bounds=Bounds(), tell=lambda _: None)
        assert {one.state for one in done.fetched} == {"done"}
        pieces = unhealthy(mask.files(done.files), namespace)
        text = "\n".join(f"{piece['title']}\n{piece['text']}" for piece in pieces)
        if "ImagePull" in text and "log before the restart" in text and "Pod/well" not in text:
            break
        await asyncio.sleep(0.5)
    assert "cannot log in with ***HIDDEN***" in text
    assert "exit code 3" in text
    assert "ErrImagePull" in text or "ImagePullBackOff" in text
    assert "hunter2" not in text
    assert "Pod/well" not in text
    assert sum(len(piece["text"]) for piece in pieces) <= ALL + 3000


async def test_collectors_go_into_real_pods_and_leave_none(
    cluster: KubeCluster, namespace: str, python_image: str
) -> None:
    talk = "import pathlib, time; pathlib.Path('/tmp/note').write_text('kept'); print('hello', flush=True); "
    shop = pod(namespace, "shop", python_image, "python3", "-c", talk + "time.sleep(600)")
    metadata = {**shop.metadata, "labels": {"app": "shop"}}
    made = await cluster.create(KubeObject({**shop.raw, "metadata": metadata}))
    for _ in range(120):
        seen = await cluster.get(made.ref)
        if seen and is_well(seen):
            break
        await asyncio.sleep(0.5)
    chosen = {"selector": ["app=shop"]}
    say = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    broken = {"name": "broken", "image": "127.0.0.1:1/none:1"}
    collect = ClusterCollecting(cluster, UserHttp(), namespace=namespace, find_images=find_images)
    done = await collect(
        [
            Collector("logs", {"name": "logs", **chosen}),
            Collector("exec", {"name": "said", "collectorName": "own", "command": ["python3", "-c", say], **chosen}),
            Collector(
                "exec",
                {"name": "late", "command": ["python3", "-c", talk + "time.sleep(60)"], "timeout": "1s", **chosen},
            ),
            Collector(
                "run", {"name": "db", "image": python_image, "command": ["python3", "-c", "print('connection: ok')"]}
            ),
            Collector(
                "run",
                {"name": "never", "image": python_image, "command": ["python3", "-c", "import time; time.sleep(90)"]},
            ),
            Collector("run", broken),
        ],
        bounds=Bounds(seconds=20),
        tell=lambda _: None,
    )
    states = {one.title: (one.state, one.reason) for one in done.fetched}
    assert done.files["logs/shop/main.log"] == b"hello\n"
    place = f"said/{namespace}/shop/own"
    assert (done.files[f"{place}-stdout.txt"], done.files[f"{place}-stderr.txt"]) == (b"out\n", b"err\n")
    assert b"exit code 3" in done.files[f"{place}-errors.json"]
    assert b"not finished after 1 s" in done.files[f"late/{namespace}/shop-errors.json"]
    assert done.files["db/db.log"] == b"connection: ok\n"
    assert "had not ended after" in states["run/never"][1]
    assert "its pod cannot start" in states["run/broken"][1]
    for _ in range(60):
        left = [one.name for one in await cluster.list(made.ref.kind, namespace=namespace)]
        if left == ["shop"]:
            return
        await asyncio.sleep(0.5)
    raise AssertionError(left)


async def test_an_event_stands_on_the_object(cluster: KubeCluster, namespace: str) -> None:
    body = {"apiVersion": API_VERSION, "kind": "Installation", "metadata": {"name": "shop", "namespace": namespace}}
    made = await cluster.create(KubeObject({**body, "spec": {"source": {"channel": "/none"}}}))
    events = Events(cluster, SystemClock())
    assert await events.emit(made, "GateStillClosed", "x" * 5000, warning=True)
    (event,) = await cluster.list(EVENT, namespace=namespace)
    assert event.get("involvedObject", "uid") == made.uid
    assert (event.get("reason"), event.get("type")) == ("GateStillClosed", "Warning")
    gone = KubeObject({**made.raw, "metadata": {**made.metadata, "namespace": "no-such-place"}})
    assert not await events.emit(gone, "GateStillClosed", "x")
