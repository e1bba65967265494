"""Host collectors at every node: one pod there carries all of them out with the product's own image, and says it all.

* the node's files are mounted to be read only, its network and processes are shared; all rights but three are dropped
* what came of a collector lies as on one machine, below the node's name: ``host-collectors/system/<node>/cpu.json``
* every node of the cluster is in ``host-collectors/system/node_list.json``: what brought nothing is unknown
"""

from __future__ import annotations

import base64
import binascii
import json
import posixpath
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from changeover.collect import on_nodes
from changeover.collect.logs import BYTES
from changeover.collect.scene import CannotCollect, Scene
from changeover.objects import Kind, KubeObject
from changeover.package.application import mapping, mappings, text
from changeover.ports import ClusterProblem, Collected, Collector, Fetched
from changeover.settings import IMAGE

ROOT = "/host"
"""Where the node's files are in the pod."""
ASKED = "CHANGEOVER_COLLECTORS"
"""Tells the pod what to collect."""
MODULE = "changeover.cli.on_node"
NO_IMAGE = "it runs in a pod of each node, which needs the product's image: --image or CHANGEOVER_IMAGE"
LARGEST = 64 * 1024 * 1024
"""Bytes that one node's answer may be unpacked."""
NODE = Kind("v1", "Node")
_LIST = "host-collectors/system/node_list.json"
_NOT_WINDOWS = {
    "nodeSelectorTerms": [
        {"matchExpressions": [{"key": "kubernetes.io/os", "operator": "NotIn", "values": ["windows"]}]}
    ]
}
_SHARE = 0.5
"""Of the time, for what the pod does once it runs."""


@dataclass(slots=True)
class _Heard:
    """What the nodes said: files, and of each collector how it fared where it did not bring everything."""

    nodes: list[str] = field(default_factory=list)
    less: dict[str, dict[str, str]] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)


def asked(collectors: Iterable[Collector], seconds: float) -> str:
    """What a pod is told to do."""
    told = [
        {"kind": one.kind, "spec": {key: value for key, value in one.spec.items() if key != IMAGE}}
        for one in collectors
    ]
    return json.dumps({"seconds": seconds, "collectors": told})


def answered(collected: Sequence[tuple[Collector, Collected]]) -> str:
    """What the pod says: one line of text, whatever the files hold."""
    told = [
        {
            "state": done.fetched[0].state,
            "reason": done.fetched[0].reason,
            "files": {path: base64.b64encode(content).decode() for path, content in done.files.items()},
        }
        for _, done in collected
    ]
    return base64.b64encode(zlib.compress(json.dumps(told).encode())).decode()


async def of_each_node(scene: Scene, collectors: Sequence[Collector]) -> list[tuple[Fetched, Mapping[str, bytes]]]:
    """How each collector fared on all nodes together, and its files; raises ClusterProblem when no pod can be had."""
    heard, wrong = _Heard(), ""

    async def hear(pod: KubeObject, node: str) -> None:
        said = await on_nodes.said_first(scene, pod, most=BYTES)
        _take(heard, collectors, said, node, most=scene.sink.most)

    try:
        await on_nodes.each(scene, _pod_spec(scene, collectors), on_nodes.ended, hear)
    except CannotCollect as problem:
        wrong = " ".join(filter(None, (problem.message, problem.found)))
    done = [_told(heard, one, wrong) for one in collectors]
    if heard.nodes:
        listed = json.dumps({"nodes": sorted({*heard.nodes, *await _nodes(scene)})}, indent=2).encode()
        done[0] = (done[0][0], {**done[0][1], _LIST: listed})
    return done


async def _nodes(scene: Scene) -> list[str]:
    try:
        return [one.name for one in await scene.cluster.list(NODE)]
    except ClusterProblem:
        return []


def _told(heard: _Heard, collector: Collector, wrong: str) -> tuple[Fetched, Mapping[str, bytes]]:
    less = heard.less.get(collector.title, {})
    files = heard.files.get(collector.title, {})
    reason = "; ".join(filter(None, (*(f"{node}: {why}" for node, why in sorted(less.items())), wrong)))
    return Fetched(collector.title, "done" if not reason else "partial" if files else "failed", reason), files


def _take(heard: _Heard, collectors: Sequence[Collector], said: bytes, node: str, *, most: int) -> None:
    """What one node said; `most`: bytes of one collector. Raises CannotCollect for no answer of ours."""
    try:
        unpacking = zlib.decompressobj()
        told = mappings(json.loads(unpacking.decompress(base64.b64decode(said.strip(), validate=True), LARGEST)))
        brought = [
            {path: base64.b64decode(text(content)) for path, content in mapping(one.get("files")).items()}
            for one in told
        ]
    except (binascii.Error, zlib.error, ValueError):
        words = said.decode(errors="replace").strip()[-200:] or "nothing"
        raise CannotCollect("its pod did not say what it found", found=words) from None
    heard.nodes.append(node)
    for collector, one, files in zip(collectors, told, brought, strict=False):
        if one.get("state") != "done":
            heard.less.setdefault(collector.title, {})[node] = text(one.get("reason"))
        kept = heard.files.setdefault(collector.title, {})
        if sum(map(len, (*kept.values(), *files.values()))) > most:
            heard.less.setdefault(collector.title, {})[node] = f"all nodes brought more than {most // 1024**2} MiB"
            continue
        for path, content in files.items():
            folder, name = posixpath.split(posixpath.normpath(path))
            if folder.startswith("host-collectors/"):
                kept[f"{folder}/{node}/{name}"] = content


def _pod_spec(scene: Scene, collectors: Sequence[Collector]) -> dict[str, Any]:
    kept_out = {"capabilities": {"drop": ["ALL"], "add": ["SYS_CHROOT", "NET_BIND_SERVICE", "DAC_READ_SEARCH"]}}
    mount = {"name": "node", "mountPath": ROOT, "readOnly": True, "mountPropagation": "HostToContainer"}
    container = {
        "name": "collector",
        "image": scene.said(IMAGE),
        "command": ["python3", "-m", MODULE],
        "env": [{"name": ASKED, "value": asked(collectors, scene.seconds * _SHARE)}],
        "securityContext": {
            **kept_out,
            "runAsUser": 0,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
        },
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "volumeMounts": [mount],
    }
    return {
        "containers": [container],
        "volumes": [{"name": "node", "hostPath": {"path": "/", "type": "Directory"}}],
        "hostNetwork": True,
        "hostPID": True,
        "tolerations": on_nodes.EVERYWHERE,
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": _NOT_WINDOWS}},
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
    }
