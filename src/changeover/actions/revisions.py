"""Revisions as kept: blobs beside the Installation, listed in its status."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.render.revision import Revision


class NoRevision(Problem):
    """There is no such revision to go back to."""

    reference = "no-revision"


def listed(installation: KubeObject) -> Sequence[Mapping[str, Any]]:
    """What the Installation's status says of its revisions, oldest first."""
    revisions: Sequence[Mapping[str, Any]] = installation.get("status", "revisions", default=[])
    return sorted(revisions, key=lambda one: int(one["number"]))


def running_number(installation: KubeObject) -> int:
    """The number of the revision that was committed last; 0 when there is none."""
    return int(installation.get("status", "running", "number", default=0))


def entry(installation: KubeObject, number: int) -> Mapping[str, Any]:
    """The listed revision of that number."""
    for one in listed(installation):
        if int(one["number"]) == number:
            return one
    numbers = ", ".join(str(one["number"]) for one in listed(installation)) or "none"
    raise NoRevision(
        f"{installation.name} has no revision {number}.",
        found=f"revisions {numbers}",
        hint="`changeover history` shows what each of them is",
    )


async def load(outside: Outside, installation: KubeObject, number: int) -> Revision:
    """Read a revision from its blob, digest checked."""
    blob = await outside.blobs(installation).get(str(entry(installation, number)["blob"]))
    return Revision.from_json(json.loads(blob))


async def keep(outside: Outside, installation: KubeObject, revision: Revision) -> str:
    """Store a revision; returns its blob's digest."""
    content = json.dumps(revision.as_json(), sort_keys=True, separators=(",", ":")).encode()
    return await outside.blobs(installation).put(content, kind="revision")
