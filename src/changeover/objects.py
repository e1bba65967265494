"""Kubernetes objects as values: the only place where a raw dict is allowed to travel between stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

GROUP = "changeover.dev"
API_VERSION = f"{GROUP}/v1alpha1"
FIELD_MANAGER = "changeover"

REVISION_ANNOTATION = f"{GROUP}/revision"
"""On every applied object: the digest of the revision it was applied for."""


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """A kind at one version, as written in a manifest: ``apps/v1`` and ``Deployment``."""

    api_version: str
    name: str

    @property
    def group(self) -> str:
        """The API group, empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def group_kind(self) -> str:
        """``Deployment.apps``, ``Secret``: the form that ApplySet (KEP-3659) writes."""
        return f"{self.name}.{self.group}" if self.group else self.name


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Names one object in a cluster; ``namespace`` is empty for cluster-scoped kinds."""

    kind: Kind
    namespace: str
    name: str

    @property
    def key(self) -> str:
        """Identity without the version: ``Deployment.apps/gitpod/server``, ``Namespace//x``."""
        return f"{self.kind.group_kind}/{self.namespace}/{self.name}"

    def __str__(self) -> str:
        """How a person says it: ``Deployment/server``."""
        return f"{self.kind.name}/{self.name}"

    def as_json(self) -> dict[str, str]:
        """The four names that a manifest would use."""
        return {
            "apiVersion": self.kind.api_version,
            "kind": self.kind.name,
            "namespace": self.namespace,
            "name": self.name,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Ref:
        """The inverse of ``as_json``."""
        return Ref(Kind(data["apiVersion"], data["kind"]), data.get("namespace", ""), data["name"])


@dataclass(frozen=True, slots=True)
class KubeObject:
    """One raw Kubernetes object; never edited in place, `raw` may be any JSON that has apiVersion and kind."""

    raw: Mapping[str, Any] = field(repr=False)

    @property
    def ref(self) -> Ref:
        """Who it is; the namespace is what the manifest says (empty when it says nothing)."""
        return Ref(Kind(self.api_version, self.kind), self.namespace, self.name)

    @property
    def api_version(self) -> str:
        """``apps/v1``."""
        return str(self.raw.get("apiVersion", ""))

    @property
    def kind(self) -> str:
        """``Deployment``."""
        return str(self.raw.get("kind", ""))

    @property
    def metadata(self) -> Mapping[str, Any]:
        """``metadata``, empty when absent or null."""
        return cast("Mapping[str, Any]", self.raw.get("metadata") or {})

    @property
    def name(self) -> str:
        """``metadata.name``."""
        return str(self.metadata.get("name") or "")

    @property
    def namespace(self) -> str:
        """``metadata.namespace``, empty when absent."""
        return str(self.metadata.get("namespace") or "")

    @property
    def uid(self) -> str:
        """``metadata.uid``, empty before the object is in a cluster."""
        return str(self.metadata.get("uid") or "")

    @property
    def resource_version(self) -> str:
        """``metadata.resourceVersion``, empty before the object is in a cluster."""
        return str(self.metadata.get("resourceVersion") or "")

    @property
    def labels(self) -> Mapping[str, str]:
        """``metadata.labels``, empty when absent or null."""
        return cast("Mapping[str, str]", self.metadata.get("labels") or {})

    @property
    def annotations(self) -> Mapping[str, str]:
        """``metadata.annotations``, empty when absent or null."""
        return cast("Mapping[str, str]", self.metadata.get("annotations") or {})

    @property
    def finalizers(self) -> tuple[str, ...]:
        """``metadata.finalizers``."""
        return tuple(self.metadata.get("finalizers") or ())

    @property
    def terminating(self) -> bool:
        """Whether its deletion has begun."""
        return bool(self.metadata.get("deletionTimestamp"))

    def get(self, *path: str | int, default: Any = None) -> Any:
        """Walk into the raw object: ``get("spec", "template", "spec", "containers", 0)``; a gap gives ``default``."""
        here: Any = self.raw
        for part in path:
            inside = (isinstance(here, Mapping) and part in here) or (
                isinstance(here, list) and isinstance(part, int) and -len(here) <= part < len(here)
            )
            if not inside:
                return default
            here = here[part]
        return default if here is None else here


def is_well(pod: KubeObject) -> bool:
    """Whether a pod is ready, or has done its work."""
    if pod.get("status", "phase") == "Succeeded":
        return True
    known = pod.get("status", "conditions", default=[])
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in known)
