"""ceph and longhorn: what the collectors bring is what their analyzers read."""

import asyncio
from collections.abc import Mapping
from typing import Any

from changeover.checks.analyzers import analyze
from changeover.collect.collecting import ClusterCollecting
from changeover.objects import Kind
from changeover.ports import Bounds, Collected, Collector, Resource
from tests.unit.collect.fakes import World, pod


class WithLonghorn(World):
    """A cluster that serves Longhorn's kinds at two versions."""

    async def served(self) -> Mapping[tuple[str, str], Resource]:
        kinds = [Kind(version, "Node") for version in ("longhorn.io/v1beta1", "longhorn.io/v1beta2", "v1")]
        return {(one.api_version, one.name): Resource(one, "nodes", namespaced=True) for one in kinds}


def collected(world: World, *wanted: Collector) -> Collected:
    collecting = ClusterCollecting(world, world, namespace="home", find_images=world.find_images)  # type: ignore[arg-type]
    return asyncio.run(collecting(wanted, bounds=Bounds(seconds=5), tell=lambda _: None))


def texts(done: Collected) -> dict[str, str]:
    return {path: content.decode() for path, content in done.files.items()}


def longhorn(kind: str, name: str, **more: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": "longhorn-system"}
    return {"apiVersion": "longhorn.io/v1beta2", "kind": kind, "metadata": meta, **more}


def test_longhorn_is_read_and_judged() -> None:
    replica = longhorn("Replica", "r1", spec={"desireState": "running"}, status={"currentState": "error"})
    world = WithLonghorn(
        replica, longhorn("Setting", "default-replica-count", value="3"), pod("manager", "longhorn-system")
    )
    world.paths["/pods/manager/log"] = b"level=info"
    done = collected(world, Collector("longhorn", {}))
    files = texts(done)
    assert [one.state for one in done.fetched] == ["done"]
    assert files["longhorn/longhorn-system/settings.yaml"] == "default-replica-count: '3'\n"
    assert files["longhorn/longhorn-system/logs/manager/main.log"] == "level=info"
    (found,) = analyze({"longhorn": {}}, files)
    assert (found.verdict, str(found.about[0])) == ("warn", "Replica longhorn-system/r1")


def test_a_cluster_without_longhorn_says_so() -> None:
    (told,) = collected(World(), Collector("longhorn", {})).fetched
    assert (told.state, told.reason) == ("failed", "the cluster has no kinds of Longhorn")


def test_ceph_is_asked_in_rooks_tools_and_judged() -> None:
    tools = pod("tools", "rook-ceph")
    tools["metadata"]["labels"] = {"app": "rook-ceph-tools"}
    world = World(tools)
    world.hanging = {"radosgw-admin"}
    world.commands = {"ceph": (0, b'{"health": {"status": "HEALTH_WARN"}}', b""), "rbd": (2, b"", b"no pool")}
    done = collected(world, Collector("ceph", {"timeout": "100ms"}))
    files = texts(done)
    assert [one.state for one in done.fetched] == ["done"]
    assert "not finished after 0.1 s" in files["ceph/rgw-stats-errors.json"]
    assert files["ceph/rbd-du-stderr.txt"] == "no pool"
    (found,) = analyze({"cephStatus": {}}, files)
    assert (found.verdict, found.measured) == ("warn", "HEALTH_WARN")
    assert collected(World(), Collector("ceph", {})).fetched[0].reason == "no pod of Rook's tools runs in rook-ceph"
