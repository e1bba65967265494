"""Helm's releases, nodes' figures and pods on every node, in a cluster in memory."""

import asyncio
import base64
import gzip
import json
from typing import Any

import pytest

from changeover.collect.collecting import ClusterCollecting
from changeover.objects import KubeObject, Ref
from changeover.ports import Bounds, Collected, Collector
from tests.unit.collect.fakes import World


def collect(world: World, kind: str, seconds: float = 5, **spec: Any) -> Collected:
    collecting = ClusterCollecting(world, world, namespace="home", find_images=world.find_images)  # type: ignore[arg-type]
    return asyncio.run(collecting([Collector(kind, spec)], bounds=Bounds(seconds=seconds), tell=lambda _: None))


def record(name: str, version: int, status: str, **more: Any) -> dict[str, Any]:
    told = {
        "name": name,
        "version": version,
        "namespace": "home",
        "info": {"status": status, "last_deployed": "2026-11-01T10:00:00Z", "description": "done"},
        "chart": {"metadata": {"name": "web", "version": f"1.{version}.0", "appVersion": "9"}},
        "config": {"password": "hunter2"},
    }
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(told).encode()))).decode()
    labels = {"owner": "helm", "name": name, "version": str(version), "status": status}
    metadata = {"name": f"sh.helm.release.v1.{name}.v{version}", "namespace": "home", "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"release": packed}, **more}


def test_helm_releases_with_their_histories() -> None:
    broken = record("web", 3, "deployed", data={"release": "!"})
    world = World(record("web", 10, "pending-upgrade"), record("web", 9, "deployed"), record("db", 1, "failed"), broken)
    done = collect(world, "helm")
    db, web = json.loads(done.files["helm/home.json"])
    assert (db["releaseName"], db["releaseHistory"][0]["status"]) == ("db", "failed")
    assert (web["chart"], web["chartVersion"], web["appVersion"], web["namespace"]) == ("web", "1.10.0", "9", "home")
    told = [(one["revision"], one["status"], one["isPending"]) for one in web["releaseHistory"]]
    assert told == [("9", "deployed", False), ("10", "pending-upgrade", True)]
    assert "sh.helm.release.v1.web.v3" in web["errors"][0]
    assert b"hunter2" not in done.files["helm/home.json"]
    one = collect(world, "helm", releaseName="db", collectValues=True)
    assert json.loads(one.files["helm/home/db.json"])[0]["releaseHistory"][0]["values"] == {"password": "hunter2"}
    assert json.loads(collect(World(), "helm").files["helm/home.json"]) == []


def node(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def test_figures_of_each_node() -> None:
    world = World(node("a", app="x"), node("b", app="x"), node("c"))
    world.paths = {"nodes/a/proxy/stats/summary": b'{"node": {"nodeName": "a"}}'}
    done = collect(world, "nodeMetrics", selector=["app=x"])
    assert json.loads(done.files["node-metrics/a.json"]) == {"node": {"nodeName": "a"}}
    assert "404" in json.loads(done.files["node-metrics/b-errors.json"])[0]
    assert not any("/c" in path for path in done.files)
    named = collect(world, "nodeMetrics", nodeNames=["a"], collectorName="own")
    assert set(named.files) == {"node-metrics/own/a.json"}
    assert "no such node" in collect(World(), "nodeMetrics").fetched[0].reason


class Controlled(World):
    """Puts a pod of a DaemonSet on each of two nodes; how it fares there is the test's to say."""

    def __init__(self, *fares: dict[str, Any]) -> None:
        super().__init__()
        self.fares = fares

    async def create(self, obj: KubeObject, *, dry_run: bool = False) -> KubeObject:
        self.created.append(obj)
        labels = obj.get("spec", "template", "metadata", "labels")
        for at, fare in enumerate(self.fares):
            metadata = {"name": f"p{at}", "namespace": "home", "labels": labels}
            spec = {**obj.get("spec", "template", "spec"), "nodeName": f"n{at}"}
            said = {"name": spec["containers"][0]["name"], "restartCount": 0, **fare}
            status = {"phase": "Running", "containerStatuses": [said]}
            raw = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}
            self.objects.append(KubeObject(raw))
        status = {"desiredNumberScheduled": len(self.fares)}
        made = KubeObject({**obj.raw, "metadata": {**obj.metadata, "uid": "u"}, "status": status})
        self.objects.append(made)
        return made

    async def run(self, pod: Ref, command: Any, *, container: str, most: int) -> tuple[int, bytes, bytes]:
        return self.commands[pod.name]


RUNS: dict[str, Any] = {"state": {"running": {}}}
ENDED: dict[str, Any] = {"state": {"terminated": {"reason": "Completed"}}}
STUCK: dict[str, Any] = {"state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}
NO_SHELL: dict[str, Any] = {"state": {"terminated": {"reason": "StartError", "message": "no sh"}}}
AGAIN: dict[str, Any] = {"restartCount": 2, "state": {"running": {}}}


@pytest.mark.parametrize(
    ("fares", "reason", "files"),
    [
        ((ENDED, ENDED), "", {"say/n0.log", "say/n1.log"}),
        ((ENDED, STUCK), "n1: its pod cannot start: ErrImagePull no such image", {"say/n0.log"}),
        ((NO_SHELL, ENDED), "n0: its pod cannot start: no sh", {"say/n1.log"}),
        ((ENDED, RUNS), "n1: its pod was not ready in time Running", {"say/n0.log"}),
        ((), "its pods were not scheduled no node takes them", set()),
    ],
)
def test_a_node_that_fails_spoils_no_other(fares: Any, reason: str, files: set[str]) -> None:
    world = Controlled(*fares)
    world.paths = {"/log": b"words"}
    done = collect(world, "runDaemonSet", seconds=4, name="say", podSpec={"containers": [{"name": "c"}]})
    assert done.fetched[0].reason == reason
    assert done.fetched[0].state == ("done" if not reason else "partial" if files else "failed")
    assert {path for path in done.files if path.startswith("say/")} == files
    assert [one.name for one in world.deleted] == [world.created[0].name], "it is removed whatever happens"


def test_what_ended_and_began_again_is_read_as_it_was() -> None:
    world = Controlled(AGAIN)
    world.paths = {"/log": b"/proc/sys/net/ipv4/ip_forward = 1"}
    done = collect(world, "sysctl", image="x")
    assert set(done.files) == {"sysctl/n0"}
    assert world.queries[-1]["previous"] == "true"


def test_files_that_cannot_be_read_on_one_node() -> None:
    world = Controlled(RUNS, RUNS, RUNS)
    world.commands = {"p0": (0, b"a tar", b""), "p1": (2, b"", b"denied"), "p2": (-1, b"", b"")}
    done = collect(world, "copyFromHost", image="x", hostPath="/var/log", name="log")
    assert done.files["log/n0/archive.tar"] == b"a tar"
    assert done.files["log/n1/stderr.txt"] == b"denied"
    assert done.fetched[0].reason == "n1: it could not be read whole denied; n2: it is larger than the limit"
    (made,) = world.created
    pod_spec = made.get("spec", "template", "spec")
    assert pod_spec["volumes"] == [{"name": "host", "hostPath": {"path": "/var", "type": "Directory"}}]
    assert pod_spec["containers"][0]["volumeMounts"][0]["readOnly"] is True
    broken = collect(Controlled(RUNS), "copyFromHost", image="x", hostPath="relative")
    assert "must be absolute" in broken.fetched[0].reason
