"""Packages from folders, archives and single files; channels from folders."""

import hashlib
from pathlib import Path

import httpx2
import pytest

from changeover.channel import files, sources
from changeover.channel.folder import ChannelUnreachable, FolderChannel, WrongPackage
from changeover.package import archive
from changeover.release.catalog import UnknownRelease

MANIFEST = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"


def test_a_folder_an_archive_and_a_file_give_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_bytes(b"x")
    (folder / "x.yaml").write_bytes(MANIFEST)
    (tmp_path / "p.tgz").write_bytes(archive.pack({"x.yaml": MANIFEST}))
    assert files.load(folder) == files.load(tmp_path / "p.tgz") == files.load(folder / "x.yaml") == {"x.yaml": MANIFEST}


def test_links_in_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").symlink_to("/etc/passwd")
    with pytest.raises(archive.UnsafeArchive, match=r"the link x\.yaml"):
        files.load(tmp_path)
    (tmp_path / "x.yaml").unlink()
    (tmp_path / "d").symlink_to("/etc", target_is_directory=True)
    with pytest.raises(archive.UnsafeArchive, match="the link d"):
        files.load(tmp_path)


def test_a_folder_that_is_too_large_is_refused(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.yaml").write_bytes(MANIFEST)
    with pytest.raises(archive.UnsafeArchive, match="larger than a package may be"):
        files.load(tmp_path, limits=archive.Limits(entries=2))


@pytest.mark.parametrize("name", ["absent", "empty", "notes.txt"])
def test_nothing_there_is_said_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(archive.NoPackage):
        files.load(tmp_path / name)


def _channel(folder: Path, *, sha256: str = "", package: str = "b.tgz") -> str:
    (folder / "a.yaml").write_bytes(MANIFEST)
    (folder / "b.tgz").write_bytes(archive.pack({"x.yaml": MANIFEST}))
    (folder / "channel.yaml").write_text(
        "apiVersion: changeover.dev/v1alpha1\nkind: Channel\nmetadata: {name: stable}\nreleases:\n"
        "- {version: 2022.08.0, cursor: 1, package: a.yaml}\n"
        f"- {{version: 2022.09.0, cursor: 2, package: {package}, sha256: '{sha256}'}}\n"
    )
    return str(folder)


def test_a_folder_with_a_listing_is_a_channel(tmp_path: Path) -> None:
    sha256 = hashlib.sha256(archive.pack({"x.yaml": MANIFEST})).hexdigest()
    channel = FolderChannel(_channel(tmp_path, sha256=sha256))
    catalog = channel.check()
    assert [release.version for release in catalog.releases] == ["2022.08.0", "2022.09.0"]
    assert channel.fetch(catalog.releases[0]) == {"a.yaml": MANIFEST}
    assert channel.fetch(catalog.releases[1]) == {"x.yaml": MANIFEST}


def test_a_package_that_was_changed_is_refused(tmp_path: Path) -> None:
    channel = FolderChannel(_channel(tmp_path, sha256="0" * 64))
    with pytest.raises(WrongPackage):
        channel.fetch(channel.check().releases[1])


def test_a_listing_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    channel = FolderChannel(_channel(tmp_path, package="../b.tgz"))
    with pytest.raises(archive.UnsafeArchive, match="leads outside"):
        channel.fetch(channel.check().releases[1])


def test_a_channel_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ChannelUnreachable):
        FolderChannel(str(tmp_path)).check()


def test_a_channel_over_http(tmp_path: Path) -> None:
    folder = Path(_channel(tmp_path))

    def answer(request: httpx2.Request) -> httpx2.Response:
        path = folder / request.url.path.removeprefix("/c/")
        return httpx2.Response(200, content=path.read_bytes()) if path.is_file() else httpx2.Response(404)

    channel = FolderChannel("http://channel.test/c/", transport=httpx2.MockTransport(answer))
    catalog = channel.check()
    assert channel.fetch(catalog.releases[1]) == {"x.yaml": MANIFEST}
    (folder / "b.tgz").unlink()
    with pytest.raises(ChannelUnreachable, match=r"c/b.tgz cannot be read") as caught:
        channel.fetch(catalog.releases[1])
    assert caught.value.found == "HTTP 404"


async def test_a_source_is_a_channel_or_one_package(tmp_path: Path) -> None:
    channel = sources.open_source(_channel(tmp_path))
    assert await channel.fetch("2022.08.0") == {"a.yaml": MANIFEST}
    single = sources.open_source(str(tmp_path / "a.yaml"))
    catalog = await single.catalog()
    assert [release.version for release in catalog.releases] == ["a"]
    assert await single.fetch("a") == {"a.yaml": MANIFEST}
    with pytest.raises(UnknownRelease):
        await single.fetch("b")


def test_a_support_bundle_is_the_same_packed_or_not_and_its_links_stay_within(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    (folder / "logs").mkdir(parents=True)
    (folder / "x.log").write_bytes(b"said")
    (folder / "logs" / "x.log").symlink_to("../x.log")
    (folder / "gone.log").symlink_to("nowhere")
    wanted = {"x.log": b"said", "logs/x.log": b"said"}
    (tmp_path / "b.tar.gz").write_bytes(archive.pack(wanted))
    assert files.load_bundle(folder) == files.load_bundle(tmp_path / "b.tar.gz") == wanted
    (folder / "out.log").symlink_to("/etc/passwd")
    with pytest.raises(archive.UnsafeArchive, match=r"the link out\.log"):
        files.load_bundle(folder)
    with pytest.raises(archive.NoPackage, match="no support bundle"):
        files.load_bundle(tmp_path / "absent")
    (tmp_path / "noise.tar.gz").write_bytes(b"noise")
    with pytest.raises(archive.BrokenArchive):
        files.load_bundle(tmp_path / "noise.tar.gz")
