"""Files arrive in a folder: from any number of senders, through crashes, as far as there is room."""

import contextlib
import hashlib
import os
import random
from pathlib import Path

import pytest

from changeover.arrivals import PART_BYTES, BadUpload, File, NoRoom, NoUpload
from changeover.channel import airgap, scratch
from changeover.channel.airgap import Shelf, read_bundle
from changeover.channel.arriving import FolderArrivals
from changeover.images import Move
from changeover.package.archive import UnsafeArchive
from tests import bundles

CONTENT = random.Random(3).randbytes(2 * PART_BYTES + 5)
PIECES = [CONTENT[:PART_BYTES], CONTENT[PART_BYTES : 2 * PART_BYTES], CONTENT[2 * PART_BYTES :]]
PACKAGE = {"app.yaml": b"a: b\n"}


def file(content: bytes = CONTENT, name: str = "a.airgap") -> File:
    return File(name, len(content), hashlib.sha256(content).hexdigest())


def test_another_process_goes_on_where_one_was_killed(tmp_path: Path) -> None:
    first = FolderArrivals(tmp_path / "here")
    assert first.begin(file()).missing == (0, 1, 2)
    assert first.put(file().id, 2, PIECES[2]) == 2
    again = FolderArrivals(tmp_path / "here")
    assert again.begin(file()).missing == (0, 1)
    assert again.put(file().id, 0, PIECES[0]) == 1
    with pytest.raises(BadUpload, match="not whole yet"):
        again.settle(file().id)
    assert again.put(file().id, 1, PIECES[1]) == 0
    assert not again.find(file().id).whole
    assert again.settle(file().id).read_bytes() == CONTENT
    assert [one.whole for one in again.listed()] == [True]
    again.forget(file().id)
    assert list((tmp_path / "here").iterdir()) == []
    with pytest.raises(NoUpload):
        again.find(file().id)


def test_a_content_that_is_not_the_one_announced_is_let_go(tmp_path: Path) -> None:
    arrivals = FolderArrivals(tmp_path / "here")
    arrivals.begin(file())
    for number, piece in enumerate(PIECES):
        arrivals.put(file().id, number, bytes(len(piece)) if number == 1 else piece)
    with pytest.raises(BadUpload, match="sha256 is another"):
        arrivals.settle(file().id)
    assert arrivals.listed() == []


@pytest.mark.parametrize("id_", ["", "..", "../../etc", "0" * 15, "0" * 16, "A" * 16])
def test_an_id_is_ours_or_none(tmp_path: Path, id_: str) -> None:
    arrivals = FolderArrivals(tmp_path / "here")
    with pytest.raises(NoUpload):
        arrivals.put(id_, 0, b"x")
    arrivals.forget(id_)
    assert tmp_path.is_dir()


def test_a_folder_that_others_look_into_is_refused(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here").chmod(0o755)
    with pytest.raises(NoRoom, match="not ours alone"):
        FolderArrivals(tmp_path / "here").begin(file())
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(NoRoom, match="not ours alone"):
        FolderArrivals(tmp_path / "link").begin(file())


def test_room_is_what_the_volume_may_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert scratch.folder() == tmp_path
    everything = scratch.free(tmp_path)
    monkeypatch.setenv(scratch.ROOM, "1Gi")
    assert scratch.free(tmp_path) == min(everything, 1024**3 - scratch.RESERVE)
    (tmp_path / "much").write_bytes(os.urandom(8 * 1024 * 1024))
    assert scratch.free(tmp_path) <= 1024**3 - scratch.RESERVE - 8 * 1024 * 1024
    monkeypatch.setenv(scratch.ROOM, "1Mi")
    assert scratch.free(tmp_path) == 0


async def unpacked(path: Path, folder: Path, *sources: str) -> list[str]:
    """Which images are there to be copied, one after the other."""
    moves = [Move(source, "elsewhere") for source in sources]
    async with contextlib.aclosing(Shelf(path, folder).filled(moves)) as coming:
        return [move.source async for move in coming if (folder / "archive").exists()]


async def test_images_are_unpacked_only_as_far_as_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = {"docker-archive/a/b/1": os.urandom(4096), "docker-archive/a/c/1": os.urandom(64 * 1024)}
    path = bundles.bundle(tmp_path / "x.airgap", PACKAGE, images)
    monkeypatch.setattr(scratch, "free", lambda _: 20_000)
    assert await unpacked(path, tmp_path, "a/b:1") == ["a/b:1"]
    with pytest.raises(NoRoom, match="no room to unpack"):
        await unpacked(path, tmp_path, "a/b:1", "a/c:1")


async def test_a_bundle_that_grows_out_of_all_proportion_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airgap, "_LEAST_GROWN", 16 * 1024 * 1024)
    big = bytes(64 * 1024 * 1024)
    path = tmp_path / "bomb.airgap"
    path.write_bytes(bundles.tarred({"images/big": big, "airgap.yaml": bundles.about()}, mode="w:gz"))
    assert path.stat().st_size < 128 * 1024
    with pytest.raises(UnsafeArchive, match="more than a bundle can"):
        read_bundle(path)
    with pytest.raises(UnsafeArchive, match="more than a bundle can"):
        await unpacked(path, tmp_path, "big")
    assert not (tmp_path / "archive").exists()
