"""Pushing an image archive to a registry over plain HTTP; blobs that it has already are not sent again."""

import json
import tarfile
from pathlib import Path
from typing import IO

import httpx2

from .problem import KubeboxProblem

TIMEOUT = 60.0  # seconds


def push_image(archive: Path, registry: str, repository: str, tag: str) -> str:
    """Push the image of an OCI archive; returns ``registry/repository@digest``.

    Raises:
        KubeboxProblem: when the archive is none or the registry refuses it.
    """
    with tarfile.open(archive) as tar, httpx2.Client(base_url=f"http://{registry}", timeout=TIMEOUT) as client:
        try:
            described = json.load(_member(tar, "index.json"))["manifests"][0]
            content = _blob(tar, described["digest"]).read()
            manifest = json.loads(content)
            for part in [manifest["config"], *manifest["layers"]]:
                _push_blob(client, repository, part["digest"], _blob(tar, part["digest"]))
            headers = {"Content-Type": described["mediaType"]}
            answer = client.put(f"/v2/{repository}/manifests/{tag}", content=content, headers=headers)
            answer.raise_for_status()
        except KeyError as error:
            raise KubeboxProblem(f"{archive} should be an OCI archive.", found=f"it lacks {error}") from error
        except httpx2.HTTPError as error:
            raise KubeboxProblem(f"{registry} should take {repository}:{tag}.", found=str(error)) from error
    return f"{registry}/{repository}@{described['digest']}"


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    found = tar.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found


def _blob(tar: tarfile.TarFile, digest: str) -> IO[bytes]:
    return _member(tar, f"blobs/{digest.replace(':', '/')}")


def _push_blob(client: httpx2.Client, repository: str, digest: str, content: IO[bytes]) -> None:
    if client.head(f"/v2/{repository}/blobs/{digest}").status_code == 200:
        return
    begun = client.post(f"/v2/{repository}/blobs/uploads/")
    begun.raise_for_status()
    place = begun.headers["Location"]
    client.put(place, params={"digest": digest}, content=content.read()).raise_for_status()
