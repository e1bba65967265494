"""Air-gap bundles: read as a channel of one release, images copied out of every form; bad ones refused by name."""

import asyncio
import contextlib
import tarfile
from pathlib import Path
from typing import Any

import pytest

from changeover import images
from changeover.channel.airgap import AirgapSource, Shelf, read_bundle
from changeover.channel.registry.copying import Copier
from changeover.channel.registry.logins import Logins
from changeover.channel.registry.repository import Repository
from changeover.channel.registry.session import Session
from changeover.channel.sources import open_source
from changeover.errors import Problem
from changeover.images import Move
from changeover.package.airgap import Stop, from_spec, missing
from tests import bundles
from tests.memory_registry import MemoryRegistry, transport

PACKAGE = {"manifests/app.yaml": b"apiVersion: kots.io/v1beta1\nkind: Application\nmetadata: {name: letters}\n"}
LAYERS = (b"first" * 1000, b"second")


def test_a_bundle_is_a_channel_of_one_release(tmp_path: Path) -> None:
    path = bundles.bundle(tmp_path / "letters.airgap", PACKAGE, {}, releaseNotes="new", isRequired=True)
    source = open_source(str(path))
    assert isinstance(source, AirgapSource)
    catalog = asyncio.run(source.catalog())
    release = catalog.releases[0]
    assert (release.version, release.cursor, release.required, release.notes) == ("1.0.0", 7, True, "new")
    assert release.airgap is not None
    assert release.airgap.channel_name == "Stable"
    assert asyncio.run(source.fetch("1.0.0")) == PACKAGE


def copied(path: Path, folder: Path, *references: str) -> tuple[MemoryRegistry, list[str]]:
    """The registry after images were copied there, and what came of each: its digest."""
    there = MemoryRegistry()

    async def through() -> list[str]:
        shelf, digests = Shelf(path, folder), []
        session = Session(Logins({}, frozenset({"r.example"})), transport=transport({"r.example": there}))
        moves = [Move(one, "r.example/mirror/x") for one in references]
        async with contextlib.aclosing(shelf.filled(moves)) as coming, session:
            async for move in coming:
                image = images.full(move.source)
                assert image is not None
                place = Repository(session, "r.example", "mirror/x")
                opened = shelf.opened(session, image)
                digests.append(await Copier().copy(opened, image.suffix[1:], place, image.suffix[1:]))
                assert sum(one.is_file() for one in folder.rglob("archive")) <= 1
        return digests

    return there, asyncio.run(through())


def test_images_are_unpacked_one_by_one_and_only_those_that_are_wanted(tmp_path: Path) -> None:
    folder = tmp_path / "shelf"
    folder.mkdir()
    saved = {f"docker-archive/quay.io/a/b/{tag}": bundles.docker_saved(b"layer" + tag.encode()) for tag in "123"}
    tree, digest = bundles.registry_tree("quay.io/a/b", "4", *LAYERS)
    path = bundles.bundle(tmp_path / "x.airgap", PACKAGE, {**saved, **tree, "docker-archive/other": b"no image"})
    there, digests = copied(path, folder, "quay.io/a/b:4", "quay.io/a/b:3", "quay.io/a/b:1")
    assert len(digests) == 3
    assert digests[-1] == digest
    assert {key for key in there.manifests if "sha256" not in key} == {f"mirror/x:{tag}" for tag in "134"}
    assert not (folder / "archive").exists()


@pytest.mark.parametrize("reference", ["nginx:1.25", "quay.io/a/b:2", "registry.example:5000/c/d:3"])
def test_images_of_docker_save_are_copied(tmp_path: Path, reference: str) -> None:
    image = images.full(reference)
    assert image is not None
    name = f"docker-archive/{image.host}/{image.path}/{image.tag}"
    path = bundles.bundle(tmp_path / "x.airgap", PACKAGE, {name: bundles.docker_saved(*LAYERS)})
    there, _ = copied(path, tmp_path, reference)
    assert {f"mirror/x@{bundles.sha256(one)}" for one in LAYERS} <= there.blobs.keys()
    assert f"mirror/x:{image.tag}" in there.manifests


def test_an_oci_layout_keeps_the_digest_that_a_package_pins(tmp_path: Path) -> None:
    archive, digest = bundles.oci_layout(*LAYERS)
    name = f"docker-archive/quay.io/a/b/sha256/{digest[7:]}"
    path = bundles.bundle(tmp_path / "x.airgap", PACKAGE, {name: archive})
    there, found = copied(path, tmp_path, f"quay.io/a/b@{digest}")
    assert found == [digest]
    assert f"mirror/x:{digest}" in there.manifests


def test_docker_save_cannot_keep_a_pinned_digest_and_says_so(tmp_path: Path) -> None:
    digest = f"sha256:{'a' * 64}"
    name = f"docker-archive/quay.io/a/b/sha256/{digest[7:]}"
    path = bundles.bundle(tmp_path / "x.airgap", PACKAGE, {name: bundles.docker_saved(*LAYERS)})
    with pytest.raises(Problem, match="no image sha256"):
        copied(path, tmp_path, f"quay.io/a/b@{digest}")


@pytest.mark.parametrize("repository", ["quay.io/a/b", "a/b", "b"])
def test_a_registrys_folder_is_read_however_it_names_things(tmp_path: Path, repository: str) -> None:
    files, digest = bundles.registry_tree(repository, "2", *LAYERS)
    path = bundles.bundle(tmp_path / "x.airgap", PACKAGE, files, format="docker-registry")
    there, found = copied(path, tmp_path, "quay.io/a/b:2")
    assert found == [digest]
    assert there.manifests["mirror/x:2"] == there.manifests[f"mirror/x:{digest}"]


def test_an_image_that_is_not_in_the_bundle_is_said(tmp_path: Path) -> None:
    path = bundles.bundle(tmp_path / "x.airgap", PACKAGE, {})
    with pytest.raises(Problem, match=r"does not hold docker.io/library/nginx"):
        copied(path, tmp_path, "nginx:1")


def _link(path: Path) -> None:
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo("images/evil")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(member)


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"airgap.yaml": bundles.about()}, "it has no app.tar.gz"),
        ({"app.tar.gz": bundles.tarred(PACKAGE, mode="w:gz")}, "it has no airgap.yaml"),
        ({"airgap.yaml": b"kind: License\n"}, "no description of an air-gap bundle"),
        ({"airgap.yaml": bundles.about(format="zip")}, "the format zip"),
        ({"../airgap.yaml": bundles.about()}, "airgap.yaml"),
        (None, "cannot be read"),
    ],
)
def test_a_bundle_that_is_none_is_refused(tmp_path: Path, files: dict[str, bytes] | None, wanted: str) -> None:
    path = tmp_path / "x.airgap"
    path.write_bytes(b"hello" if files is None else bundles.tarred(files, mode="w:gz"))
    with pytest.raises(Problem) as raised:
        read_bundle(path)
    assert wanted in str(raised.value)


def test_links_in_a_bundle_are_refused(tmp_path: Path) -> None:
    _link(tmp_path / "x.airgap")
    with pytest.raises(Problem, match="something else than a file"):
        copied(tmp_path / "x.airgap", tmp_path, "nginx:1")


STOPS: dict[str, Any] = {
    "channelID": "c1",
    "requiredReleases": [
        {"versionLabel": "1.2.0", "updateCursor": "12"},
        {"versionLabel": "1.1.0", "updateCursor": "11"},
    ],
}


@pytest.mark.parametrize(
    ("installed", "by_version", "wanted"),
    [
        ((), False, ()),
        ((Stop("1.0.0", "10", "c1"),), False, ("1.1.0", "1.2.0")),
        ((Stop("1.1.5", "11", "c1"),), False, ("1.2.0",)),
        ((Stop("9", "99", "c2"),), False, ("1.1.0", "1.2.0")),
        ((Stop("v1.2", "1", "c1"),), True, ()),
        ((Stop("1.2.0-beta", "1", "c1"),), True, ("1.2.0",)),
    ],
)
def test_required_releases_come_first(
    installed: tuple[Stop, ...], wanted: tuple[str, ...], *, by_version: bool
) -> None:
    found = missing(from_spec(STOPS), installed, by_version=by_version)
    assert tuple(stop.version for stop in found) == wanted
