"""What is not well in a namespace, as Kubernetes tells it; and Events of our own."""

import asyncio

from changeover.checks import bundle
from changeover.checks.bundle import Mask
from changeover.checks.unhealthy import ALL, unhealthy
from changeover.collect.collecting import ClusterCollecting
from changeover.kube.client import KubeCluster
from changeover.kube.clock import SystemClock
from changeover.kube.events import Events
from changeover.kube.http import UserHttp
from changeover.objects import API_VERSION, Kind, KubeObject
from changeover.ports import Bounds

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
    collect = ClusterCollecting(cluster, UserHttp(), namespace=namespace)
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
