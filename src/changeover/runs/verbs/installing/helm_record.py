"""What Helm writes down about its releases: Secrets of type ``helm.sh/release.v1``, their labels say it all."""

from __future__ import annotations

from collections.abc import Mapping

from changeover.objects import Kind
from changeover.ports import Cluster

_SECRET = Kind("v1", "Secret")
_GOOD = frozenset({"deployed", "superseded"})


async def releases(cluster: Cluster, namespace: str) -> dict[str, list[str]]:
    """The newest record of each release: name -> [revision, status]."""
    newest: dict[str, list[str]] = {}
    for secret in await cluster.list(_SECRET, namespace=namespace, selector="owner=helm"):
        name, revision = secret.labels.get("name", ""), secret.labels.get("version", "")
        if name and revision.isdigit() and (name not in newest or int(revision) > int(newest[name][0])):
            newest[name] = [revision, secret.labels.get("status", "")]
    return newest


def touched(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The releases whose newest record is not what it was."""
    return {name: record for name, record in after.items() if before.get(name) != record}


def wrong(release: str, before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> str:
    """What Helm's record says against success, in words; empty for nothing. `release` is the one that must be there."""
    looked_at = {**touched(before, after), **({release: after[release]} if release in after else {})}
    if release and release not in after:
        return f"Helm has no record of a release {release}"
    bad = [
        f"{name} is {status} in revision {number}"
        for name, (number, status) in looked_at.items()
        if status not in _GOOD
    ]
    return f"Helm's record says: {', '.join(bad)}" if bad else ""
