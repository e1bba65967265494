"""A cluster through which a person decides with that person's own rights, while the console carries out with its own.

What is written to Changeover's own kinds (a run is created, asked to stop, an approval given) is a person's decision
and is sent in the name of the person's role; the API server refuses what the role may not, whatever the console thinks.
Status and everything of the application are the console's books and work: they are sent in its own name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from changeover.objects import GROUP, Kind, KubeObject, Ref
from changeover.ports import Cluster, Json, Resource


class AsPerson:
    """Implements `ports.Cluster` over two: the console's own, and the person's."""

    def __init__(self, own: Cluster, person: Cluster) -> None:
        self.own = own
        self.person = person

    def _of(self, kind: Kind, subresource: str = "") -> Cluster:
        return self.person if kind.group == GROUP and not subresource else self.own

    async def uid(self) -> str:
        """As `ports.Cluster`."""
        return await self.own.uid()

    async def served(self) -> Mapping[tuple[str, str], Resource]:
        """As `ports.Cluster`."""
        return await self.own.served()

    async def version(self) -> str:
        """As `ports.Cluster`."""
        return await self.own.version()

    async def get(self, ref: Ref) -> KubeObject | None:
        """As `ports.Cluster`."""
        return await self.own.get(ref)

    async def list(self, kind: Kind, *, namespace: str = "", selector: str = "") -> Sequence[KubeObject]:
        """As `ports.Cluster`."""
        return await self.own.list(kind, namespace=namespace, selector=selector)

    async def create(self, obj: KubeObject, *, dry_run: bool = False) -> KubeObject:
        """In the person's name, when it is a kind of ours."""
        return await self._of(obj.ref.kind).create(obj, dry_run=dry_run)

    async def apply(self, obj: KubeObject, *, force: bool = True, dry_run: bool = False) -> KubeObject:
        """In the person's name, when it is a kind of ours."""
        return await self._of(obj.ref.kind).apply(obj, force=force, dry_run=dry_run)

    async def patch(self, ref: Ref, patch: Json, *, subresource: str = "", dry_run: bool = False) -> KubeObject:
        """In the person's name, when it is a kind of ours and not its status."""
        return await self._of(ref.kind, subresource).patch(ref, patch, subresource=subresource, dry_run=dry_run)

    async def delete(self, ref: Ref, **how: Any) -> None:
        """In the person's name, when it is a kind of ours."""
        await self._of(ref.kind).delete(ref, **how)

    async def logs(self, pod: Ref, **how: Any) -> str:
        """As `ports.Cluster`."""
        return await self.own.logs(pod, **how)

    async def execute(self, pod: Ref, command: Sequence[str], *, container: str = "") -> tuple[int, str]:
        """As `ports.Cluster`."""
        return await self.own.execute(pod, command, container=container)

    async def allowed(self, *what: Any, **how: Any) -> bool:
        """As `ports.Cluster`."""
        return await self.own.allowed(*what, **how)


def carrying_out(cluster: Cluster) -> Cluster:
    """The console's own cluster: for the run that a person has decided on."""
    return cluster.own if isinstance(cluster, AsPerson) else cluster
