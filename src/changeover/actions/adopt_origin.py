"""Under which tool an application runs before Changeover follows it, and what that tool knows about it.

* Helm: its newest deployed release Secret (``helm.sh/release.v1``) holds the values and the very manifests that it sent
* KOTS: the answers, the licence and the sequence stand in the archive that `kubectl kots download` writes (see
  `adopt_kots`); without it only in the Secrets of an automated installation
* otherwise objects were applied by kubectl, and the package is all that is known
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from changeover.actions.outside import Outside
from changeover.objects import Kind, KubeObject
from changeover.package.helm_record import HELM_TYPE, NoRelease, open_record
from changeover.release.catalog import Catalog, Release
from changeover.release.versions import scheme_of

SECRET = Kind("v1", "Secret")


@dataclass(frozen=True, slots=True)
class Origin:
    """What was there before: `tool` is kubectl, helm or kots."""

    tool: str = "kubectl"
    name: str = ""
    """The Helm release or the KOTS slug."""
    version: str = ""
    answers: Mapping[str, Any] | None = None
    """The operator's values; None when the tool keeps none."""
    licence: str = field(default="", repr=False)
    sequence: int = 0
    """Helm's revision or the cursor of KOTS's channel."""
    manifest: str = field(default="", repr=False)
    """Exactly what was sent to the cluster, when the tool keeps it."""
    customisations: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """The operator's kustomize overlay, as customisations."""

    @property
    def words(self) -> str:
        """``Helm release web, revision 3``."""
        told = {
            "helm": f"Helm release {self.name}, revision {self.sequence}",
            "kots": f"KOTS installation {self.name}, sequence {self.sequence}",
        }
        return told.get(self.tool, "objects applied by kubectl")


class Manifests:
    """The manifests of a Helm release as a source with one release, so that they are read like any package."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    async def catalog(self) -> Catalog:
        """One release: what runs."""
        release = Release(version=self._origin.version, cursor=0, package=self._origin.name)
        return Catalog(self._origin.name, (release,), scheme_of(self._origin.version))

    async def fetch(self, version: str) -> Mapping[str, bytes]:
        """The manifests as one file."""
        (await self.catalog()).find(version)
        return {"manifests.yaml": self._origin.manifest.encode()}


async def of_helm(outside: Outside, name: str) -> Origin:
    """The deployed revision of a Helm release. Raises NoRelease."""
    selector = f"owner=helm,status=deployed,name={name}"
    found = await outside.cluster.list(SECRET, namespace=outside.namespace, selector=selector)
    releases = [secret for secret in found if secret.get("type", default="") == HELM_TYPE]
    if not releases:
        others = await outside.cluster.list(SECRET, namespace=outside.namespace, selector="owner=helm,status=deployed")
        raise NoRelease(
            f"Namespace {outside.namespace} has no deployed Helm release {name}.",
            found=", ".join(sorted({str(secret.labels.get("name")) for secret in others})) or "no release at all",
            hint="`helm list -A` shows where it is; a failed release is repaired or rolled back with Helm first",
        )
    return read_helm(max(releases, key=lambda secret: int(secret.labels.get("version", "0"))))


def read_helm(secret: KubeObject) -> Origin:
    """What Helm's record says of a release. Raises NoRelease."""
    record = open_record(secret)
    about = (record.get("chart") or {}).get("metadata") or {}
    return Origin(
        tool="helm",
        name=str(record.get("name", "")),
        version=str(about.get("version", "")) or str(record.get("version", "")),
        answers=record.get("config") or {},
        sequence=int(record.get("version", 0)),
        manifest=str(record.get("manifest", "")),
    )
