"""A cluster through which a process in the cluster acts as three accounts, each with its own rights.

* the observer reads everything but Secrets
* the engine keeps Changeover's books: status of our kinds, journal, blobs, keys, Lease, Events
* the deployer rehearses (dry runs) and changes the application, and reads its Secrets

Who holds this cluster reads, and no more. Planning asks for the deployer's rehearsals and for Secrets by `planning`,
carrying out for its changes by `changing`: whatever else is tried is tried as the observer, and refused. With one
identity for everything (a laptop's kubeconfig) both give back what they were given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Any

from changeover.actions.as_person import AsPerson
from changeover.actions.outside import Outside
from changeover.objects import GROUP, Kind, KubeObject, Ref
from changeover.plan.rbac import LOOKING
from changeover.ports import Cluster, Json, Resource
from changeover.settings import DEPLOYER, ENGINE, OBSERVER

_SECRET = Kind("v1", "Secret")


class Reach(IntEnum):
    """What the application may expect of whoever holds the cluster."""

    READING = 0
    PLANNING = 1
    """Rehearse every change, and read Secrets."""
    CHANGING = 2


class InAccounts:
    """Implements `ports.Cluster` over three connections, one for each account."""

    def __init__(self, accounts: Mapping[str, Cluster], reach: Reach = Reach.READING) -> None:
        self._accounts = accounts
        self._reach = reach

    def reaching(self, reach: Reach) -> InAccounts:
        """The same accounts, reaching at least so far."""
        return InAccounts(self._accounts, max(reach, self._reach))

    def of(self, account: str) -> Cluster:
        """As one of them."""
        return self._accounts[account]

    def _reader(self, kind: Kind) -> Cluster:
        return self.of(DEPLOYER if kind == _SECRET and self._reach >= Reach.PLANNING else OBSERVER)

    def _writer(self, kind: Kind, *, dry_run: bool = False) -> Cluster:
        if kind.group == GROUP:
            return self.of(ENGINE)
        return self.of(DEPLOYER if self._reach >= (Reach.PLANNING if dry_run else Reach.CHANGING) else OBSERVER)

    async def uid(self) -> str:
        """As `ports.Cluster`."""
        return await self.of(OBSERVER).uid()

    async def served(self) -> Mapping[tuple[str, str], Resource]:
        """As `ports.Cluster`."""
        return await self.of(OBSERVER).served()

    async def version(self) -> str:
        """As `ports.Cluster`."""
        return await self.of(OBSERVER).version()

    async def get(self, ref: Ref) -> KubeObject | None:
        """As the observer; a Secret as the deployer, when it is planned or changed."""
        return await self._reader(ref.kind).get(ref)

    async def list(self, kind: Kind, *, namespace: str = "", selector: str = "") -> Sequence[KubeObject]:
        """As the observer; Secrets as the deployer, when it is planned or changed."""
        return await self._reader(kind).list(kind, namespace=namespace, selector=selector)

    async def create(self, obj: KubeObject, *, dry_run: bool = False) -> KubeObject:
        """Our kinds as the engine, all else as the deployer."""
        return await self._writer(obj.ref.kind, dry_run=dry_run).create(obj, dry_run=dry_run)

    async def apply(self, obj: KubeObject, *, force: bool = True, dry_run: bool = False) -> KubeObject:
        """Our kinds as the engine, all else as the deployer."""
        return await self._writer(obj.ref.kind, dry_run=dry_run).apply(obj, force=force, dry_run=dry_run)

    async def patch(self, ref: Ref, patch: Json, *, subresource: str = "", dry_run: bool = False) -> KubeObject:
        """Our kinds as the engine, all else as the deployer."""
        to = self._writer(ref.kind, dry_run=dry_run)
        return await to.patch(ref, patch, subresource=subresource, dry_run=dry_run)

    async def delete(self, ref: Ref, **how: Any) -> None:
        """Our kinds as the engine, all else as the deployer."""
        await self._writer(ref.kind).delete(ref, **how)

    async def logs(self, pod: Ref, **how: Any) -> str:
        """As the observer."""
        return await self.of(OBSERVER).logs(pod, **how)

    async def execute(self, pod: Ref, command: Sequence[str], *, container: str = "") -> tuple[int, str]:
        """As the deployer: a command may change anything."""
        return await self._writer(pod.kind).execute(pod, command, container=container)

    async def allowed(self, verb: str, resource: Resource, *, account: str = "", **how: Any) -> bool:
        """Of the account that is named, or that would do it; whether one may do anything is asked of all three."""
        if account:
            return await self.of(account).allowed(verb, resource, **how)
        if verb == "*":
            return all(await asyncio.gather(*(one.allowed(verb, resource, **how) for one in self._accounts.values())))
        by = self._reader(resource.kind) if verb in LOOKING else self._writer(resource.kind)
        return await by.allowed(verb, resource, **how)


def planning(outside: Outside) -> Outside:
    """The same outside, where changes can be rehearsed and Secrets be read."""
    return _reaching(outside, Reach.PLANNING)


def changing(outside: Outside) -> Outside:
    """The same outside, where the application can be changed."""
    return _reaching(outside, Reach.CHANGING)


def sees_secrets(outside: Outside) -> bool:
    """Whether reading alone shows the application's Secrets: nowhere where the accounts are told apart."""
    own = outside.cluster.own if isinstance(outside.cluster, AsPerson) else outside.cluster
    return not isinstance(own, InAccounts)


def books(cluster: Cluster) -> Cluster:
    """Who reads and writes Changeover's own Secrets."""
    own = cluster.own if isinstance(cluster, AsPerson) else cluster
    return own.of(ENGINE) if isinstance(own, InAccounts) else own


def _reaching(outside: Outside, reach: Reach) -> Outside:
    cluster = outside.cluster
    if isinstance(cluster, InAccounts):
        return replace(outside, cluster=cluster.reaching(reach))
    if isinstance(cluster, AsPerson) and isinstance(cluster.own, InAccounts):
        return replace(outside, cluster=AsPerson(cluster.own.reaching(reach), cluster.person))
    return outside
