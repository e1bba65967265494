"""What must be remembered of a workload before it is deleted: it cannot be read again afterwards.

It stands in the journal, packed: the object, its ReplicaSets or revisions, and its pods by uid.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from changeover.objects import Kind, KubeObject
from changeover.ports import Json
from changeover.runs.health.causes import POD
from changeover.runs.scene import Scene

REPLICA_SET = Kind("apps/v1", "ReplicaSet")
REVISION = Kind("apps/v1", "ControllerRevision")
HASH = "controller-revision-hash"
TEMPLATE_HASH = "pod-template-hash"
NOTE = "before"


@dataclass(frozen=True, slots=True)
class Keepsake:
    """A workload as it was, and what belonged to it."""

    workload: KubeObject
    sets: Sequence[KubeObject] = ()
    """ReplicaSets of a Deployment, without their status."""
    pods: Mapping[str, str] = field(default_factory=dict)
    """Uid of each pod -> uid of what controlled it."""
    outdated: frozenset[str] = frozenset()
    """Revision hashes of pods that an unfinished rollout had still to replace."""

    def packed(self) -> Json:
        """For the journal."""
        content = {
            "workload": self.workload.raw,
            "sets": [one.raw for one in self.sets],
            "pods": dict(self.pods),
            "outdated": sorted(self.outdated),
        }
        return base64.b85encode(zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 9)).decode()

    @staticmethod
    def unpacked(note: Json) -> Keepsake:
        """The inverse of `packed`."""
        content: dict[str, Any] = json.loads(zlib.decompress(base64.b85decode(str(note))))
        return Keepsake(
            KubeObject(content["workload"]),
            tuple(KubeObject(raw) for raw in content["sets"]),
            content["pods"],
            frozenset(content["outdated"]),
        )


def controller(obj: KubeObject) -> Mapping[str, Any]:
    """The owner reference of what controls it; empty when nothing does."""
    owners = obj.metadata.get("ownerReferences") or []
    return next((one for one in owners if one.get("controller")), {})


async def taken(live: KubeObject, scene: Scene) -> Keepsake:
    """Look at everything that belongs to a live workload."""
    namespace, uid = live.namespace, live.uid
    sets = []
    if live.kind == "Deployment":
        listed = await scene.cluster.list(REPLICA_SET, namespace=namespace)
        sets = [_lean(one) for one in listed if controller(one).get("uid") == uid]
    owners = {uid, *(one.uid for one in sets)}
    pods = {
        pod.uid: str(controller(pod)["uid"])
        for pod in await scene.cluster.list(POD, namespace=namespace)
        if controller(pod).get("uid") in owners
    }
    outdated = frozenset[str]()
    if live.kind != "Deployment":
        revisions = await scene.cluster.list(REVISION, namespace=namespace)
        outdated = _outdated([one for one in revisions if controller(one).get("uid") == uid])
    return Keepsake(_lean(live), tuple(sets), pods, outdated)


def _lean(obj: KubeObject) -> KubeObject:
    return KubeObject({name: value for name, value in obj.raw.items() if name != "status"})


def _outdated(revisions: Sequence[KubeObject]) -> frozenset[str]:
    newest = max((int(one.get("revision", default=0)) for one in revisions), default=0)
    return frozenset(
        one.labels.get(HASH, one.name) for one in revisions if int(one.get("revision", default=0)) < newest
    )
