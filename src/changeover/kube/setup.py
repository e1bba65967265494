"""Our own cluster-scoped objects: kinds, policies and bindings, roles. Added once by an administrator.

Only additive: nothing is deleted; an object of a newer Changeover is left as it is. Whoever may not read one of them
(roles and policies are for administrators) does not learn that it is missing: the kinds alone are needed to work.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from importlib import resources

from changeover import __version__
from changeover.objects import GROUP, Kind, KubeObject
from changeover.package import yaml_text
from changeover.ports import Cluster, ClusterProblem, Refused

VERSION_ANNOTATION = f"{GROUP}/definitions"
"""On each: version of Changeover and digest of the definition, ``0.1.0/4f5a…``."""
FILES = ("installations.yaml", "changeovers.yaml", "approvals.yaml", "gate.yaml", "accounts.yaml", "roles.yaml")
SERVED_SECONDS = 30.0
POLL = 0.1


class NotServed(ClusterProblem):
    """A kind was defined, and the API server does not serve it."""

    reference = "kind-not-served"


def definitions() -> list[KubeObject]:
    """All of them, each annotated with the version of Changeover that it came with."""
    folder = resources.files("changeover.kube") / "definitions"
    found = []
    for name in FILES:
        for _, raw in yaml_text.load_stream((folder / name).read_text(), file=name):
            text = json.dumps(raw, sort_keys=True).encode()
            mark = f"{__version__}/{hashlib.sha256(text).hexdigest()[:12]}"
            metadata = {**raw["metadata"], "annotations": {VERSION_ANNOTATION: mark}}
            found.append(KubeObject({**raw, "metadata": metadata}))
    return found


class ClusterDefinitions:
    """Implements `actions.outside.Definitions`."""

    async def missing(self, cluster: Cluster) -> Sequence[str]:
        """Names (``Kind/name``) of those that are absent or older than ours."""
        return [str(obj.ref) for obj in await _wanting(cluster)]

    async def install(self, cluster: Cluster) -> Sequence[str]:
        """Add or update them, and wait until the kinds are served; returns the names of what changed."""
        wanting = await _wanting(cluster)
        for obj in wanting:
            await cluster.apply(obj)
        for obj in wanting:
            if obj.kind == "CustomResourceDefinition":
                await _served(cluster, obj)
        return [str(obj.ref) for obj in wanting]


async def _wanting(cluster: Cluster) -> list[KubeObject]:
    async def is_wanting(wanted: KubeObject) -> bool:
        try:
            live = await cluster.get(wanted.ref)
        except Refused as refused:
            if refused.status == 403:
                return False
            raise
        return live is None or _older(live.annotations.get(VERSION_ANNOTATION, ""), wanted)

    every = definitions()
    answers = await asyncio.gather(*(is_wanting(wanted) for wanted in every))
    return [wanted for wanted, wanting in zip(every, answers, strict=True) if wanting]


async def _served(cluster: Cluster, definition: KubeObject) -> None:
    versions = definition.get("spec", "versions", default=[])
    kind = Kind(f"{GROUP}/{versions[0]['name']}", str(definition.get("spec", "names", "kind")))
    for _ in range(int(SERVED_SECONDS / POLL)):
        if (kind.api_version, kind.name) in await cluster.served():
            return
        await cluster.list(kind, namespace="default")
        await asyncio.sleep(POLL)
    raise NotServed(f"The cluster must serve {kind.name}.", found=f"not after {SERVED_SECONDS:.0f} s")


def _older(mark: str, wanted: KubeObject) -> bool:
    """Whether a live definition is to be replaced: of an older version, or of this one and different."""
    version, _, digest = mark.partition("/")
    ours, _, our_digest = wanted.annotations[VERSION_ANNOTATION].partition("/")
    if _numbers(version) != _numbers(ours):
        return _numbers(version) < _numbers(ours)
    return digest != our_digest


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]
