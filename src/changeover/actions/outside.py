"""Everything an action may touch, handed in by `wiring`: one value, the same for CLI, console, tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from changeover.actions.announce import Events, Webhook
from changeover.arrivals import Arrivals
from changeover.images import Access, Copied, Move, Moving
from changeover.objects import KubeObject
from changeover.ports import Blobs, Charts, Clock, Cluster, Collecting, Http, JournalStore, Json, Lease, Volumes
from changeover.release.catalog import Catalog
from changeover.render.pipeline import Produce
from changeover.runs.faults import Faults


class Source(Protocol):
    """Where releases come from: a channel, or one package given by hand."""

    async def catalog(self) -> Catalog:
        """All releases that it offers, in its own order."""
        ...

    async def fetch(self, version: str) -> Mapping[str, bytes]:
        """The files of one release's package, digest checked."""
        ...


class Definitions(Protocol):
    """Our own cluster-scoped objects: kinds, the gate's policy, roles."""

    async def missing(self, cluster: Cluster) -> Sequence[str]:
        """Names (``Kind/name``) of those that are absent or older than ours."""
        ...

    async def install(self, cluster: Cluster) -> Sequence[str]:
        """Add or update them; returns the names of what changed."""
        ...


class ImageCopying(Protocol):
    """Copies images into a registry."""

    async def __call__(
        self, listed: Sequence[Move], access: Access, tell: Callable[[Copied | Moving], None], *, bundle: str = ""
    ) -> Sequence[Copied]:
        """Copy them one after the other, telling each; one that cannot be copied does not keep the others from it.

        `bundle` is the path of an air-gap bundle that holds them; empty = each from its own registry.
        """
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """The ports of work that needs no cluster."""

    clock: Clock
    charts: Charts
    source: Callable[[str], Source]
    """Opens a channel or package by its address (folder, file, URL)."""
    produce: Produce
    """Makes up keys and random texts for templates."""
    copy_images: ImageCopying


@dataclass(frozen=True, slots=True)
class Outside:
    """The ports of one person's work on one namespace of one cluster."""

    cluster: Cluster
    clock: Clock
    http: Http
    charts: Charts
    namespace: str
    person: str
    """Who asks; goes into the journal and the evidence."""
    source: Callable[[str], Source]
    """Opens a channel or package by its address (folder, file, URL)."""
    blobs: Callable[[KubeObject], Blobs]
    """The blobs of an Installation."""
    journal: Callable[[KubeObject], JournalStore]
    """The journal of a Changeover."""
    lease: Callable[[str], Lease]
    """The lease of an Installation, by name."""
    volumes: Callable[[Mapping[str, Json], KubeObject], Volumes | None]
    """Backup destination, by the backup policy of an Installation."""
    collect: Collecting
    """Collects in this namespace what checks look at; nothing is redacted yet."""
    events: Events
    webhook: Callable[[str], Webhook | None]
    """The operator's webhook, by its address; None for an empty one."""
    definitions: Definitions
    profiles: Callable[[str], Mapping[str, Json]]
    """A profile document, by its shipped name or its file."""
    faults: Faults
    produce: Produce
    """Makes up keys and random texts for templates."""
    copy_images: ImageCopying
    arrivals: Callable[[KubeObject], Arrivals]
    """Where files for an Installation arrive on this machine."""
