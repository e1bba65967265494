"""Images in files, read as if they lay in a registry: an archive of one image, or the folder of a registry.

* an OCI layout in a tar (``index.json``) keeps its digests;
* an archive of ``docker save`` has no manifest: one is made from its settings and layers, so its digest is ours;
* a registry's folder (``docker/registry/v2``) has everything as it was pushed, all machines' variants included.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from changeover.channel.registry.content import (
    DOCKER_MANIFEST,
    MOST_BYTES,
    BadImage,
    Blob,
    Manifest,
    manifest_of,
    sha256,
)

_PIECE = 1024 * 1024
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
_GZIP = b"\x1f\x8b"


class ArchiveImages:
    """One image in a tar file; implements `content.Images`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._tar = tarfile.open(path)  # noqa: SIM115 - closed by `close`
            self._members = {_clean(one.name): one for one in self._tar.getmembers() if one.isfile() or one.issym()}
        except (tarfile.TarError, OSError, EOFError) as error:
            raise BadImage(f"{path.name} is no image archive.", found=str(error)) from None
        self._places: dict[str, str] = {}
        self._made: Manifest | None = None

    def close(self) -> None:
        """Let go of the file."""
        self._tar.close()

    async def manifest(self, reference: str) -> Manifest | None:
        """By digest, or the one image that the archive holds. Raises BadImage."""
        if "index.json" in self._members:
            return self._from_layout(reference)
        if self._made is None:
            self._made = self._from_docker()
        return self._made if ":" not in reference or self._made.digest == reference else None

    async def read(self, blob: Blob, *, offset: int = 0) -> AsyncIterator[bytes]:
        """A content from there on."""
        with self._open(self._places.get(blob.digest) or _blob_path(blob.digest)) as file:
            file.seek(offset)
            while piece := file.read(_PIECE):
                yield piece

    def _from_layout(self, reference: str) -> Manifest | None:
        listed = self._json("index.json").get("manifests") or []
        if ":" in reference:
            path = _blob_path(reference)
            media_type = next((str(one.get("mediaType")) for one in listed if one.get("digest") == reference), "")
            if path not in self._members:
                return None
            return manifest_of(self._bytes(path), media_type, name=self._path.name, digest=reference)
        named = [one for one in listed if _tag(one) == reference] or (listed if len(listed) == 1 else [])
        if not named:
            return None
        digest = str(named[0]["digest"])
        content = self._bytes(_blob_path(digest))
        return manifest_of(content, str(named[0].get("mediaType") or ""), name=self._path.name, digest=digest)

    def _from_docker(self) -> Manifest:
        told = json.loads(self._bytes("manifest.json"))
        try:
            config, layers = str(told[0]["Config"]), [str(one) for one in told[0]["Layers"]]
        except (KeyError, IndexError, TypeError):
            raise BadImage(f"{self._path.name} is no image archive.", found="manifest.json names no image") from None
        parts = [self._described(path, _LAYER) for path in layers]
        data = {
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST,
            "config": self._described(config, _CONFIG),
            "layers": parts,
        }
        content = json.dumps(data, separators=(",", ":")).encode()
        return Manifest(DOCKER_MANIFEST, content, sha256(content))

    def _described(self, path: str, media_type: str) -> dict[str, Any]:
        digest, size, head = hashlib.sha256(), 0, b""
        with self._open(path) as file:
            while piece := file.read(_PIECE):
                head = head or piece[:2]
                digest.update(piece)
                size += len(piece)
        name = f"sha256:{digest.hexdigest()}"
        self._places[name] = path
        zipped = ".gzip" if media_type == _LAYER and head == _GZIP else ""
        return {"mediaType": media_type + zipped, "size": size, "digest": name}

    def _json(self, path: str) -> Mapping[str, Any]:
        try:
            data: Mapping[str, Any] = json.loads(self._bytes(path))
        except ValueError:
            raise BadImage(f"{self._path.name}: {path} cannot be read.", found="no JSON") from None
        return data

    def _bytes(self, path: str) -> bytes:
        with self._open(path) as file:
            return file.read(MOST_BYTES)

    def _open(self, path: str) -> IO[bytes]:
        member = self._members.get(_clean(path))
        try:
            file = self._tar.extractfile(member) if member else None
        except (KeyError, tarfile.TarError):
            file = None
        if file is None:
            raise BadImage(f"{self._path.name} lacks {path}.", hint="the archive was cut off or made by hand")
        return file


class FolderImages:
    """One repository in a registry's folder; implements `content.Images`."""

    def __init__(self, root: Path, repository: str) -> None:
        self._root = root
        self._manifests = root / "repositories" / repository / "_manifests"
        self.name = repository

    async def manifest(self, reference: str) -> Manifest | None:
        """By tag or digest. Raises BadImage."""
        kind, _, value = reference.partition(":")
        link = self._manifests / (f"revisions/{kind}/{value}" if value else f"tags/{reference}/current") / "link"
        if not link.is_file():
            return None
        digest = link.read_text().strip()
        return manifest_of(self._data(digest).read_bytes(), "", name=self.name, digest=digest)

    async def read(self, blob: Blob, *, offset: int = 0) -> AsyncIterator[bytes]:
        """A content from there on."""
        with self._data(blob.digest).open("rb") as file:
            file.seek(offset)
            while piece := file.read(_PIECE):
                yield piece

    def _data(self, digest: str) -> Path:
        kind, _, value = digest.partition(":")
        path = self._root / "blobs" / kind / value[:2] / value / "data"
        if not path.is_file():
            raise BadImage(f"The bundle lacks a content of {self.name}.", found=digest)
        return path


def repositories(root: Path) -> Iterator[str]:
    """The repositories in a registry's folder."""
    top = root / "repositories"
    for path in sorted(top.rglob("_manifests")):
        yield path.parent.relative_to(top).as_posix()


def _blob_path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _clean(name: str) -> str:
    return name.removeprefix("./")


def _tag(one: Mapping[str, Any]) -> str:
    """A layout's own name for an image: its tag, or the whole reference."""
    name = str((one.get("annotations") or {}).get("org.opencontainers.image.ref.name", ""))
    return name.rpartition(":")[2] if "/" in name or ":" in name else name
