"""What really runs: judged from live objects, never from what was intended (design §1).

An object is *of a revision* when its revision annotation names the revision's digest and its images are the revision's.
All of them: that version runs. Some: ``mixed``. None, or nothing recorded: ``unknown``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.objects import REVISION_ANNOTATION, KubeObject
from changeover.ports import Cluster
from changeover.render.revision import Revision
from changeover.settings import APPLYSET_PART_OF, PARALLEL


@dataclass(frozen=True, slots=True)
class Truth:
    """How many of a revision's objects are live and of that revision."""

    version: str
    of_revision: int
    expected: int
    missing: tuple[str, ...]
    other: tuple[str, ...]
    """Live, but changed by somebody or of another revision."""

    @property
    def words(self) -> str:
        """``2022.09.0``, ``mixed (37 of 40 objects of 2022.09.0)`` or ``unknown``."""
        if self.expected and self.of_revision == self.expected:
            return self.version
        if self.of_revision:
            return f"mixed ({self.of_revision} of {self.expected} objects of {self.version})"
        return "unknown"


async def look(cluster: Cluster, revision: Revision, *, secrets: bool = True) -> Mapping[str, KubeObject | None]:
    """Read every object of a revision, 16 at a time; keys are ``Ref.key``; Secrets only by wish."""
    limit = asyncio.Semaphore(PARALLEL)

    async def one(obj: KubeObject) -> tuple[str, KubeObject | None]:
        async with limit:
            return obj.ref.key, await cluster.get(obj.ref)

    seen = (obj for obj in revision.objects if secrets or obj.kind != "Secret")
    return dict(await asyncio.gather(*(one(obj) for obj in seen)))


def judge(revision: Revision, live: Mapping[str, KubeObject | None], *, set_id: str = "") -> Truth:
    """Compare what is live with the revision; Jobs that ran and were removed by their TTL do not count as missing.

    Nor do definitions count that another ApplySet than `set_id` looks after: they are shared. What is not in `live` was
    not looked at.
    """
    missing, other, same = [], [], 0
    expected = 0
    for wanted in revision.objects:
        if wanted.ref.key not in live:
            continue
        found = live[wanted.ref.key]
        if found is None and wanted.kind == "Job":
            continue
        if set_id and found is not None and _is_shared(found, set_id):
            continue
        expected += 1
        if found is None:
            missing.append(str(wanted.ref))
        elif is_of(found, wanted, revision.digest):
            same += 1
        else:
            other.append(str(wanted.ref))
    return Truth(revision.version, same, expected, tuple(missing), tuple(other))


def _is_shared(found: KubeObject, set_id: str) -> bool:
    return found.kind == "CustomResourceDefinition" and found.labels.get(APPLYSET_PART_OF, set_id) != set_id


def is_of(found: KubeObject, wanted: KubeObject, digest: str) -> bool:
    """Whether a live object is the revision's: annotation and images."""
    return found.annotations.get(REVISION_ANNOTATION) == digest and images(found) == images(wanted)


def images(obj: KubeObject) -> Sequence[str]:
    """Images of all containers in an object's pod template (or of a pod), in order."""
    spec: Any = (
        obj.get("spec", "jobTemplate", "spec", "template", "spec")
        or obj.get("spec", "template", "spec")
        or (obj.get("spec") if obj.kind == "Pod" else None)
        or {}
    )
    return [
        str(container.get("image", ""))
        for group in ("initContainers", "containers")
        for container in spec.get(group) or []
    ]
