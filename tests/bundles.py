"""Makes air-gap bundles in every form that vendors ship."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def tarred(files: Mapping[str, bytes], *, mode: str = "w") -> bytes:
    """A tar of these files, in this order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def about(**spec: Any) -> bytes:
    """``airgap.yaml``."""
    told = {"versionLabel": "1.0.0", "updateCursor": "7", "channelID": "c1", "channelName": "Stable", **spec}
    head = {"apiVersion": "kots.io/v1beta1", "kind": "Airgap", "metadata": {"name": "letters"}}
    return yaml.safe_dump({**head, "spec": told}).encode()


def bundle(path: Path, package: Mapping[str, bytes], images: Mapping[str, bytes], **spec: Any) -> Path:
    """Write a bundle; `images` are files under ``images/``."""
    files = {"airgap.yaml": about(**spec), "app.tar.gz": tarred(package, mode="w:gz")}
    path.write_bytes(tarred({**files, **{f"images/{name}": one for name, one in images.items()}}, mode="w:gz"))
    return path


def docker_saved(*layers: bytes) -> bytes:
    """An image as ``docker save`` writes it: no manifest, layers not compressed."""
    config = json.dumps({"rootfs": {"type": "layers", "diff_ids": [sha256(one) for one in layers]}}).encode()
    names = [f"{number}/layer.tar" for number, _ in enumerate(layers)]
    manifest = json.dumps([{"Config": "config.json", "RepoTags": ["x:1"], "Layers": names}]).encode()
    return tarred({"config.json": config, **dict(zip(names, layers, strict=True)), "manifest.json": manifest})


def manifest_of(*layers: bytes) -> tuple[bytes, dict[str, bytes]]:
    """An OCI manifest, and its contents by digest."""
    blobs = {sha256(one): one for one in (b"{}", *layers)}
    media = "application/vnd.oci.image.layer.v1.tar"
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": sha256(b"{}"), "size": 2},
        "layers": [{"mediaType": media, "digest": sha256(one), "size": len(one)} for one in layers],
    }
    return json.dumps(manifest).encode(), blobs


def oci_layout(*layers: bytes) -> tuple[bytes, str]:
    """An image as an OCI layout in a tar, and its digest."""
    manifest, blobs = manifest_of(*layers)
    listed = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": sha256(manifest),
        "size": len(manifest),
    }
    files = {f"blobs/{digest.replace(':', '/')}": one for digest, one in {**blobs, sha256(manifest): manifest}.items()}
    index = json.dumps({"schemaVersion": 2, "manifests": [listed]}).encode()
    return tarred({"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": index, **files}), sha256(manifest)


def registry_tree(repository: str, tag: str, *layers: bytes) -> tuple[dict[str, bytes], str]:
    """A registry's folder with one image, as files of a bundle, and its digest."""
    manifest, blobs = manifest_of(*layers)
    digest = sha256(manifest)
    root = "docker/registry/v2"
    files = {
        f"{root}/blobs/sha256/{name[7:9]}/{name[7:]}/data": one for name, one in {**blobs, digest: manifest}.items()
    }
    inside = f"{root}/repositories/{repository}/_manifests"
    files[f"{inside}/revisions/sha256/{digest[7:]}/link"] = digest.encode()
    files[f"{inside}/tags/{tag}/current/link"] = digest.encode()
    return files, digest
