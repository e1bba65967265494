"""Host collectors at every node: what the pods say is taken apart by collector and node, and never trusted."""

import asyncio
import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from changeover.collect.collecting import ClusterCollecting
from changeover.collect.host import each_node
from changeover.objects import Kind, KubeObject, Ref
from changeover.ports import Bounds, Collected, Collector, Fetched
from changeover.settings import IMAGE
from tests.unit.collect.fakes import World

WANTED = [Collector(kind, {IMAGE: "changeover:1"}, "nodes") for kind in ("cpu", "memory")]


class Nodes(World):
    """A cluster whose DaemonSets have a pod on each of these nodes, that has ended and said this."""

    def __init__(self, said: Mapping[str, bytes]) -> None:
        super().__init__(*({"kind": "Node", "metadata": {"name": name}} for name in (*said, "far")))
        self.said = said

    async def get(self, ref: Ref) -> KubeObject | None:
        if ref.kind.name == "DaemonSet":
            (made,) = self.created
            return KubeObject({**made.raw, "status": {"desiredNumberScheduled": len(self.said)}})
        return self._pod(ref.name)

    async def list(self, kind: Kind, *, namespace: str = "", selector: str = "") -> Sequence[KubeObject]:
        return [self._pod(name) for name in self.said] if kind.name == "Pod" else await super().list(kind)

    async def read(self, path: str, *, query: Mapping[str, str] | None = None, most: int) -> bytes:
        return self.said[path.split("/")[-2]]

    def _pod(self, node: str) -> KubeObject:
        spec = {"nodeName": node, "containers": [{"name": "collector"}]}
        state = {"name": "collector", "state": {"terminated": {"exitCode": 0}}}
        meta = {"name": node, "namespace": "home"}
        raw = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
        return KubeObject({**raw, "status": {"containerStatuses": [state]}})


def heard(**said: bytes) -> tuple[Collected, Nodes]:
    world = Nodes(said)
    collecting = ClusterCollecting(world, world, namespace="home", find_images=world.find_images)  # type: ignore[arg-type]
    return asyncio.run(collecting(WANTED, bounds=Bounds(seconds=20, bytes=1024**2), tell=lambda _: None)), world


def answer(cpu: Mapping[str, bytes], memory: Fetched) -> bytes:
    done = [Collected(cpu, (Fetched("host cpu", "done"),)), Collected({}, (memory,))]
    return each_node.answered(list(zip(WANTED, done, strict=True))).encode() + b"\n"


def test_files_lie_below_the_name_of_their_node_and_every_node_is_listed() -> None:
    good = answer({"host-collectors/system/cpu.json": b"\xff{}"}, Fetched("host memory", "failed", "no /proc"))
    done, world = heard(a=good, b=good)
    assert done.files["host-collectors/system/a/cpu.json"] == b"\xff{}"
    assert json.loads(done.files["host-collectors/system/node_list.json"]) == {"nodes": ["a", "b", "far"]}
    assert [(one.title, one.state, one.reason) for one in done.fetched] == [
        ("node cpu", "done", ""),
        ("node memory", "failed", "a: no /proc; b: no /proc"),
    ]
    (made,) = world.created
    spec = made.get("spec", "template", "spec")
    assert [one["readOnly"] for one in spec["containers"][0]["volumeMounts"]] == [True]
    assert spec["automountServiceAccountToken"] is False
    assert [one.kind.name for one in world.deleted] == ["DaemonSet"]


def test_what_a_pod_says_beside_the_matter_is_that_nodes_failure() -> None:
    bomb = base64.b64encode(zlib.compress(b"0" * (each_node.LARGEST + 10)))
    outside: dict[str, Any] = {"host-collectors/../../etc/passwd": b"x", "/etc/passwd": b"x"}
    outside |= {"host-collectors/system/../../cluster-info/x.json": b"x", "host-collectors/system/cpu.json": b"{}"}
    good = answer(outside, Fetched("host memory", "done"))
    done, _ = heard(a=b"Traceback: no module", b=bomb, c=good)
    assert sorted(done.files) == [
        "collector-errors/node cpu-error.json",
        "collector-errors/node memory-error.json",
        "host-collectors/system/c/cpu.json",
        "host-collectors/system/node_list.json",
    ]
    reason = done.fetched[0].reason
    assert "a: its pod did not say what it found Traceback: no module" in reason
    assert "b: its pod did not say" in reason
    assert "c:" not in reason


def test_what_all_nodes_bring_is_bounded() -> None:
    large = answer({"host-collectors/system/cpu.json": b"x" * 600_000}, Fetched("host memory", "done"))
    done, _ = heard(a=large, b=large)
    kept = [path for path in done.files if path.endswith("cpu.json")]
    assert len(kept) == 1
    assert done.fetched[0].state == "partial"
    assert "all nodes brought more than 1 MiB" in done.fetched[0].reason


def test_without_an_image_they_are_skipped_and_say_what_is_needed() -> None:
    world = World()
    collecting = ClusterCollecting(world, world, namespace="home", find_images=world.find_images)  # type: ignore[arg-type]
    wanted = [Collector("cpu", {}, "nodes"), Collector("journald", {}, "nodes")]
    done = asyncio.run(collecting(wanted, bounds=Bounds(), tell=lambda _: None))
    assert {one.title: one.reason for one in done.fetched} == {
        "node cpu": each_node.NO_IMAGE,
        "node journald": "not supported",
    }
    assert world.created == []
