"""Puts the adapters behind the ports: the only module that knows both the stages and the world."""

from __future__ import annotations

import os
import signal
import socket
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from changeover.actions.accounts import Account, Role
from changeover.actions.as_person import AsPerson
from changeover.actions.console_objects import PERSON_EXTRA, group_of
from changeover.actions.in_accounts import InAccounts, Reach
from changeover.actions.outside import Desk, Outside
from changeover.arrivals import Arrivals
from changeover.backup.destinations import volumes_of
from changeover.channel import airgap, scratch
from changeover.channel import files as package_files
from changeover.channel.arriving import FolderArrivals
from changeover.channel.charts import HelmCharts
from changeover.channel.charts import Reach as ChartReach
from changeover.channel.generators import produce
from changeover.channel.registry import moves
from changeover.channel.registry.finding import find_images
from changeover.channel.sources import open_source
from changeover.collect.collecting import ClusterCollecting, HostCollecting
from changeover.errors import Problem
from changeover.images import Access, Copied, Move
from changeover.kube.blobs import KubeBlobs
from changeover.kube.client import KubeCluster
from changeover.kube.clock import SystemClock
from changeover.kube.connect import Speaker, connect, connect_as, own_account
from changeover.kube.events import Events
from changeover.kube.forward import FindPod
from changeover.kube.http import UserHttp
from changeover.kube.journal import Journal
from changeover.kube.lease import LEASE, KubeLease
from changeover.kube.setup import ClusterDefinitions
from changeover.kube.webhook import Webhook
from changeover.objects import KubeObject, Ref
from changeover.package import yaml_text
from changeover.ports import Collecting
from changeover.runs.faults import Faults
from changeover.settings import DEPLOYER, ENGINE, OBSERVER

KILL_AT = "CHANGEOVER_KILL_AT"
"""For crash tests: the number of the point at which this process kills itself with SIGKILL."""


class UnknownProfile(Problem):
    """There is neither a shipped profile nor a file of that name."""

    reference = "unknown-profile"


@asynccontextmanager
async def outside(*, kubeconfig: str | None, context: str | None, namespace: str | None) -> AsyncIterator[Outside]:
    """Everything that actions may touch, connected for as long as the block lasts."""
    own, where = connect(kubeconfig, context, namespace)
    users = _users(kubeconfig, context)
    accounts = {one: connect_as(kubeconfig, context, Speaker(user)) for one, user in users.items()}
    accounts |= {ENGINE: own} if users else {}
    cluster = InAccounts(accounts) if accounts else own
    changing = ChangingAccounts(accounts) if accounts else own
    charts = HelmCharts(reach=ChartReach(kubeconfig, context, users.get(DEPLOYER)))
    clock = SystemClock()
    person = _person()
    holder = f"{person}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        yield Outside(
            cluster=cluster,
            clock=clock,
            http=UserHttp(),
            charts=charts,
            namespace=where,
            person=person,
            source=open_source,
            blobs=lambda installation: KubeBlobs(own, installation),
            journal=lambda run: Journal(own, run),
            lease=lambda name: KubeLease(own, clock, ref=Ref(LEASE, where, f"changeover-{name}"), holder=holder),
            volumes=lambda policy, installation: volumes_of(changing, policy, installation),
            collect=ClusterCollecting(changing, UserHttp(), namespace=where, find_images=find_images),
            events=Events(own, clock),
            webhook=lambda url: Webhook(url, UserHttp()) if url else None,
            definitions=ClusterDefinitions(),
            profiles=profile_document,
            faults=faults(),
            produce=produce,
            copy_images=copy_images,
            arrivals=arrivals,
        )
    finally:
        charts.close()
        for one in {own, *accounts.values()}:
            await one.close()


def _users(kubeconfig: str | None, context: str | None) -> dict[str, str]:
    """The accounts as whom the engine speaks, in the API server's words; none when we are anybody else."""
    namespace, name = own_account(kubeconfig, context)
    others = (OBSERVER, DEPLOYER) if name == ENGINE else ()
    return {one: f"system:serviceaccount:{namespace}:{one}" for one in others}


class ChangingAccounts(InAccounts):
    """With what only copying and collecting need; pods are reached, and commands run, as the deployer."""

    def __init__(self, accounts: Mapping[str, KubeCluster]) -> None:
        super().__init__(accounts, Reach.CHANGING)
        self.streams = accounts[DEPLOYER].streams
        self.inspector = AccountsInspector(accounts)


class AccountsInspector:
    """Reads as the observer, runs commands as the deployer."""

    def __init__(self, accounts: Mapping[str, KubeCluster]) -> None:
        self.read = accounts[OBSERVER].inspector.read
        self.run = accounts[DEPLOYER].inspector.run


async def forward(outside: Outside, find: FindPod, listening: socket.socket, port: int) -> None:
    """Lead connections of this machine to a port of whichever pod is found, until cancelled."""
    if isinstance(outside.cluster, KubeCluster):
        await outside.cluster.forward(find, port).serve(listening)


class Speaking:
    """Clusters that speak in the name of the console's people, one for each person and role; close them at the end."""

    def __init__(self, kubeconfig: str | None, context: str | None) -> None:
        self._access = (kubeconfig, context)
        self._made: dict[Speaker, KubeCluster] = {}

    def as_person(self, outside: Outside, account: Account) -> Outside:
        """The same outside, where what the person decides is decided with the rights of the person's role."""
        groups = tuple(group_of(role, outside.namespace) for role in Role if role <= account.role)
        speaker = Speaker(group_of(account.role, outside.namespace), groups, (PERSON_EXTRA, account.name))
        if speaker not in self._made:
            self._made[speaker] = connect_as(*self._access, speaker)
        return replace(outside, cluster=AsPerson(outside.cluster, self._made[speaker]))

    async def close(self) -> None:
        """Close the connections."""
        for one in self._made.values():
            await one.close()


def desk() -> Desk:
    """What work without a cluster needs."""
    return Desk(clock=SystemClock(), charts=HelmCharts(), source=open_source, produce=produce, copy_images=copy_images)


def host_collecting(root: Path) -> Collecting:
    """What looks at the machine whose files lie at `root`, without a cluster."""
    return HostCollecting(UserHttp(), root=root, find_images=find_images)


def support_bundle_files(path: Path) -> Mapping[str, bytes]:
    """What a support bundle holds, packed or unpacked. Raises NoPackage, UnsafeArchive, BrokenArchive."""
    return package_files.load_bundle(path)


async def copy_images(
    listed: Sequence[Move], access: Access, tell: moves.Tell, *, bundle: str = ""
) -> Sequence[Copied]:
    """Implements `actions.outside.ImageCopying`."""
    if bundle:
        return await airgap.copy_images(listed, access, tell, bundle=bundle)
    return await moves.copy_images(listed, access, tell)


def arrivals(installation: KubeObject) -> Arrivals:
    """Where files for an Installation arrive on this machine."""
    return FolderArrivals(scratch.folder() / f"changeover-uploads-{os.getuid()}-{installation.uid[:18]}")


def faults() -> Faults:
    """None in ordinary life; a crash test names the point at which this process dies."""
    at = int(os.environ.get(KILL_AT, "0"))
    return Faults(at, lambda _: os.kill(os.getpid(), signal.SIGKILL))


def profile_document(name: str) -> Mapping[str, Any]:
    """A shipped profile by name, or a file."""
    shipped = resources.files("changeover") / "profiles" / f"{name}.yaml"
    path = Path(name)
    if "/" not in name and shipped.is_file():
        text = shipped.read_text()
    elif path.is_file():
        text = path.read_text()
    else:
        known = sorted(one.name.removesuffix(".yaml") for one in (resources.files("changeover") / "profiles").iterdir())
        raise UnknownProfile(f"There is no profile {name}.", hint=f"shipped are {', '.join(known)}; or name a file")
    document: Mapping[str, Any] = yaml_text.load(text, file=name)
    return document


def _person() -> str:
    user = os.environ.get("USER") or os.environ.get("LOGNAME") or "somebody"
    return f"{user}@{socket.gethostname()}"
