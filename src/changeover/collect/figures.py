"""nodeMetrics: what the kubelet of each node measures of its pods, volumes and itself."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import quote

from changeover.collect.scene import CannotCollect, Scene
from changeover.objects import Kind
from changeover.ports import ClusterProblem

NODE = Kind("v1", "Node")
LONGEST = 16 * 1024 * 1024
"""Bytes of one node's figures."""
AT_ONCE = 8


async def node_metrics(scene: Scene) -> None:
    """``node-metrics/[<collectorName>/]<node>.json``; a node that does not answer is told in ``<node>-errors.json``."""
    names = [str(one) for one in scene.collector.spec.get("nodeNames") or ()]
    if not names:
        names = [node.name for node in await scene.cluster.list(NODE, selector=scene.selector())]
    if not names:
        raise CannotCollect("there is no such node", found=scene.selector() or "no nodes at all")
    turn = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_node(scene, name, turn) for name in names))


async def _node(scene: Scene, name: str, turn: asyncio.Semaphore) -> None:
    place = "/".join(filter(None, ("node-metrics", scene.said("collectorName"), name)))
    try:
        async with turn:
            content = await scene.inspector.read(
                f"/api/v1/nodes/{quote(name, safe='')}/proxy/stats/summary", most=LONGEST
            )
        scene.sink.write_json(f"{place}.json", json.loads(content))
    except (ClusterProblem, ValueError) as problem:
        scene.sink.write_json(f"{place}-errors.json", [str(problem)])
