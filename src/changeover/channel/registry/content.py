"""What images are made of: manifests, and the contents that they name by digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from changeover.errors import Problem

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEXES = frozenset(
    {"application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json"}
)
MANIFESTS = frozenset({DOCKER_MANIFEST, OCI_MANIFEST})
ACCEPTED = ", ".join(sorted(INDEXES | MANIFESTS))
MOST_BYTES = 8 * 1024 * 1024
"""Of one manifest."""


class BadImage(Problem):
    """An image whose parts are not what its manifest says, or that has a form nobody uses any more."""

    reference = "bad-image"


@dataclass(frozen=True, slots=True)
class Blob:
    """One content: a layer, or an image's settings."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest, or an index of manifests for several machines, byte by byte as it was signed."""

    media_type: str
    content: bytes = field(repr=False)
    digest: str

    @property
    def is_index(self) -> bool:
        """Whether it only lists manifests."""
        return self.media_type in INDEXES

    def children(self) -> tuple[str, ...]:
        """Digests of the manifests that an index lists."""
        listed = self._data().get("manifests") or [] if self.is_index else []
        return tuple(str(one["digest"]) for one in listed)

    def blobs(self) -> Iterator[Blob]:
        """Settings and layers; those that lie elsewhere (``urls``) are not ours to copy."""
        if self.is_index:
            return
        data = self._data()
        for one in (data.get("config"), *(data.get("layers") or ())):
            if isinstance(one, Mapping) and not one.get("urls"):
                yield Blob(str(one["digest"]), int(one.get("size") or 0))

    def _data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.content)
        return data


class Images(Protocol):
    """Where images are read: one repository of a registry, or an archive."""

    async def manifest(self, reference: str) -> Manifest | None:
        """By tag or digest; None when it is not there."""
        ...

    def read(self, blob: Blob, *, offset: int = 0) -> AsyncIterator[bytes]:
        """A content from there on."""
        ...


def manifest_of(content: bytes, media_type: str, *, name: str, digest: str = "") -> Manifest:
    """Check and make a manifest. Raises BadImage."""
    found = sha256(content)
    if digest and digest.startswith("sha256:") and found != digest:
        raise BadImage(
            f"The manifest of {name} is not the one that was asked for.", found=found, hint=f"wanted {digest}"
        )
    try:
        data = json.loads(content)
        stated = data.get("mediaType") or media_type.partition(";")[0].strip()
    except (ValueError, AttributeError):
        raise BadImage(f"{name} has no manifest that can be read.", found="no JSON") from None
    if stated not in INDEXES | MANIFESTS:
        hint = "images of schema 1 are copied by pulling and pushing them once with a current tool"
        raise BadImage(f"The image {name} has a form that is not copied.", found=stated or "none", hint=hint)
    return Manifest(stated, content, found)


def sha256(content: bytes) -> str:
    """``sha256:…``."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
