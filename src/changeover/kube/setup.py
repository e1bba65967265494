"""Our own cluster-scoped objects: kinds, the gate's policy and binding, roles. Added once by an administrator.

Only additive: nothing is deleted; an object of a newer Changeover is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from changeover import __version__
from changeover.objects import GROUP, KubeObject
from changeover.package import yaml_text
from changeover.ports import Cluster

VERSION_ANNOTATION = f"{GROUP}/definitions"
FILES = ("installations.yaml", "changeovers.yaml", "approvals.yaml", "gate.yaml", "roles.yaml")


def definitions() -> list[KubeObject]:
    """All of them, each annotated with the version of Changeover that it came with."""
    folder = resources.files("changeover.kube") / "definitions"
    found = []
    for name in FILES:
        for _, raw in yaml_text.load_stream((folder / name).read_text(), file=name):
            metadata = {**raw["metadata"], "annotations": {VERSION_ANNOTATION: __version__}}
            found.append(KubeObject({**raw, "metadata": metadata}))
    return found


class ClusterDefinitions:
    """Implements `actions.outside.Definitions`."""

    async def missing(self, cluster: Cluster) -> Sequence[str]:
        """Names (``Kind/name``) of those that are absent or older than ours."""
        absent = []
        for wanted in definitions():
            live = await cluster.get(wanted.ref)
            if live is None or _older(live.annotations.get(VERSION_ANNOTATION, "0")):
                absent.append(str(wanted.ref))
        return absent

    async def install(self, cluster: Cluster) -> Sequence[str]:
        """Add or update them, and wait until the kinds are served; returns the names of what changed."""
        wanted = [obj for obj in definitions() if str(obj.ref) in set(await self.missing(cluster))]
        for obj in wanted:
            await cluster.apply(obj)
        return [str(obj.ref) for obj in wanted]


def _older(version: str) -> bool:
    return [int(part) for part in version.split(".") if part.isdigit()] < [int(part) for part in __version__.split(".")]
