"""What rendering is told about Installation, licence, release, registry and cluster. A value: others read the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Registry:
    """A private registry that holds the application's images."""

    hostname: str
    namespace: str = ""
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """``host[:port][/namespace]``."""
        return f"{self.hostname}/{self.namespace}" if self.namespace else self.hostname


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """The release's place in its channel, as templates see it. `sequence` -1 = unknown."""

    sequence: int = -1
    cursor: str = ""
    channel: str = ""
    label: str = ""
    notes: str = ""
    required: bool = False
    airgap: bool = False
    registry_domain: str = ""
    proxy_domain: str = ""


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What was learned about the cluster before; `objects` answer Lookup by (apiVersion, kind, namespace, name)."""

    distribution: str = ""
    nodes: int = 0
    objects: Mapping[tuple[str, str, str, str], Mapping[str, Any]] = field(default_factory=dict)
    kurl: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Proxy:
    """Addresses of the way out."""

    http: str = ""
    https: str = ""
    none: str = ""
    certificates: str = ""
    """Name of the ConfigMap with private certificate authorities."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that rendering depends on beside the package and the answers."""

    namespace: str
    version_label: str = ""
    """What the channel calls the release."""
    kubernetes_version: str = ""
    """The target cluster's, ``1.30.2``; empty when unknown."""
    api_versions: frozenset[str] = frozenset()
    """What the target serves, as Helm's ``.Capabilities.APIVersions`` has it; empty when unknown."""
    helm_release: str = ""
    """What a plain chart's release is called; empty = as the chart."""
    helm_revisions: Mapping[str, int] = field(default_factory=dict)
    """The number of the last revision that Helm's record has, by release; charts see the next one."""
    slug: str = ""
    """The vendor's short name of the application; names the pull secret."""
    now: datetime = EPOCH
    release: ReleaseFacts = ReleaseFacts()
    licence: Mapping[str, Any] | None = field(default=None, repr=False)
    """The License document's spec."""
    registry: Registry | None = None
    cluster: ClusterFacts = ClusterFacts()
    proxy: Proxy = Proxy()
    identity: Mapping[str, Any] | None = field(default=None, repr=False)
    """The IdentityConfig document's spec."""
    images_through_proxy: bool = False
    """Whether images come through the vendor's proxy when there is no private registry."""
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Values generated earlier."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What logs in somewhere, to be masked wherever it appears."""
        licence = str((self.licence or {}).get("licenseID") or "")
        password = self.registry.password if self.registry else ""
        return tuple(text for text in (licence, password) if text)
