"""Collectors that look at every node, by real pods: what they bring, what they say of nodes that fail, what they leave.

The cluster has one real node; on the simulated ones, which take only what tolerates them, nothing is ever carried out.
"""

import asyncio
import json

import pytest

from changeover.channel.registry.finding import find_images
from changeover.checks.analyzers import analyze
from changeover.collect.collecting import ClusterCollecting
from changeover.collect.on_nodes import DAEMON_SET
from changeover.collect.scene import POD
from changeover.kube.client import KubeCluster
from changeover.kube.http import UserHttp
from changeover.objects import Kind
from changeover.ports import Bounds, Collected, Collector
from tools import kubebox
from tools.kubebox import debian, images

NODE = Kind("v1", "Node")


async def collected(cluster: KubeCluster, namespace: str, *collectors: Collector, seconds: float = 60) -> Collected:
    collect = ClusterCollecting(cluster, UserHttp(), namespace=namespace, find_images=find_images)
    return await collect(collectors, bounds=Bounds(seconds=seconds), tell=lambda _: None)


async def real_node(cluster: KubeCluster) -> str:
    (found,) = [one.name for one in await cluster.list(NODE) if not one.get("spec", "taints", default=())]
    return found


async def left(cluster: KubeCluster, namespace: str) -> list[str]:
    kinds = (DAEMON_SET, POD)
    for _ in range(120):
        found = [str(one.ref) for kind in kinds for one in await cluster.list(kind, namespace=namespace)]
        if not found:
            break
        await asyncio.sleep(0.5)
    return found


async def test_a_pod_on_every_node_says_something_and_is_gone(
    cluster: KubeCluster, namespace: str, python_image: str
) -> None:
    node = await real_node(cluster)
    container = {"name": "main", "image": python_image, "command": ["python3", "-c", "print('here')"]}
    broken = {"name": "main", "image": "127.0.0.1:1/none:1"}
    done = await collected(
        cluster,
        namespace,
        Collector("runDaemonSet", {"name": "say", "podSpec": {"containers": [container]}}),
        Collector("runDaemonSet", {"name": "never", "podSpec": {"containers": [broken]}}),
        Collector(
            "runDaemonSet",
            {"name": "nowhere", "podSpec": {"containers": [container], "nodeSelector": {"a": "b"}}, "timeout": "3s"},
        ),
    )
    states = {one.title: (one.state, one.reason) for one in done.fetched}
    assert states["runDaemonSet/say"] == ("done", "")
    assert done.files[f"say/{node}.log"] == b"here\n"
    assert f"{node}: its pod cannot start: " in states["runDaemonSet/never"][1]
    assert "no node takes them" in states["runDaemonSet/nowhere"][1]
    assert await left(cluster, namespace) == []


@pytest.fixture(scope="module")
def shell_image(real_nodes: kubebox.Cluster) -> str:
    """An image with a shell and tar."""
    packages = (*debian.PYTHON, "dash", "tar", "coreutils", "libselinux1", "libacl1", "libpcre2-8-0")
    archive = images.python_image("shell:test", {"app/readme": b"nothing"}, ["sh"], packages=packages)
    return real_nodes.push(archive, "test/shell", "1")


async def test_kernel_parameters_and_files_of_nodes(
    cluster: KubeCluster, namespace: str, shell_image: str, python_image: str
) -> None:
    node = await real_node(cluster)
    common = {"image": shell_image, "timeout": "20s"}
    done = await collected(
        cluster,
        namespace,
        Collector("sysctl", common),
        Collector("copyFromHost", {"name": "files", "hostPath": "/etc/hosts", "extractArchive": True, **common}),
        Collector("sysctl", {**common, "image": python_image, "collectorName": "no-shell"}),
        Collector("copyFromHost", {"name": "none", "hostPath": "/etc/none-of-this", **common}),
    )
    texts = {path: content.decode() for path, content in done.files.items()}
    path, value = next(
        words for words in map(str.split, texts[f"sysctl/{node}"].replace(" = ", " ").splitlines()) if len(words) == 2
    )
    key = path.removeprefix("/proc/sys/").replace("/", ".")
    outcomes = [{"pass": {"when": f"{key} == {value}", "message": "told"}}]
    assert analyze({"sysctl": {"outcomes": outcomes}}, texts)[0].message == f"Node {node}: told"
    assert "localhost" in texts[f"files/{node}/hosts"]
    assert "No such file" in texts[f"none/{node}/stderr.txt"]
    assert [one.state for one in done.fetched] == ["partial", "partial", "failed", "partial"]
    assert "its pod cannot start: " in done.fetched[2].reason
    assert all(("simulated-1: " in one.reason) for one in done.fetched)
    assert [node in one.reason for one in done.fetched] == [False, False, True, True]
    assert await left(cluster, namespace) == []


async def test_figures_of_nodes(cluster: KubeCluster, namespace: str) -> None:
    nodes = [one.name for one in await cluster.list(NODE)]
    done = await collected(cluster, namespace, Collector("nodeMetrics", {"collectorName": "now"}))
    assert done.fetched[0].state == "done", done.fetched
    for node in nodes:
        if f"node-metrics/now/{node}.json" in done.files:
            assert json.loads(done.files[f"node-metrics/now/{node}.json"])["node"]["nodeName"] == node
        else:
            assert json.loads(done.files[f"node-metrics/now/{node}-errors.json"])
