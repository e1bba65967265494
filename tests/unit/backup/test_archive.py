"""Folders into archives and back in place: all of it, or as it was."""

import io
import os
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from changeover.backup import archive
from changeover.backup.archive import MoveError


def content(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Everything in a folder: mode, and bytes or link target."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in archive.walk(folder):
        mode = path.lstat().st_mode
        what: bytes | str = (
            str(path.readlink()) if stat.S_ISLNK(mode) else path.read_bytes() if stat.S_ISREG(mode) else ""
        )
        found[str(path.relative_to(folder))] = (mode, what)
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "open").mkdir()
    (folder / "deep" / "open").chmod(0o777)
    (folder / "deep" / "er" / "log").write_bytes(b"line\n" * 1000)
    (folder / "secret").write_bytes(b"s")
    (folder / "secret").chmod(0o600)
    (folder / "empty").touch()
    (folder / "link").symlink_to("deep/er/log")
    (folder / "astray").symlink_to("/nowhere")
    os.link(folder / "secret", folder / "twin")
    (folder / "lost+found").mkdir()
    return folder


def back_up(source: Path, tmp_path: Path) -> tuple[Path, dict[str, object]]:
    manifest = archive.back_up(source, tmp_path / "backups" / "run-1" / "db", {"name": "db"})
    return tmp_path / "backups" / "run-1" / str(manifest["location"]), manifest


def restore(file: Path, target: Path, manifest: dict[str, object], key: str = "k") -> None:
    with archive.expanded(file) as stream:
        archive.restore(stream, target, sha256=str(manifest["sha256"]), key=key)


@pytest.mark.parametrize("zstd", [True, False])
def test_what_comes_back_is_what_went(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, zstd: bool
) -> None:
    if not zstd:
        monkeypatch.setattr(archive, "zstd_module", lambda: None)
    before = content(source)
    file, manifest = back_up(source, tmp_path)
    assert file.suffix == (".zst" if zstd else ".gz")
    assert manifest["files"] == 4 - 1  # of two names of one file, the second is a link
    (source / "secret").write_bytes(b"changed")
    (source / "new").mkdir()
    (source / "deep" / "er" / "log").unlink()
    restore(file, source, manifest)
    assert content(source) == before
    assert not (source / archive.STAGING).exists()


def test_the_same_place_is_not_written_twice(source: Path, tmp_path: Path) -> None:
    file, manifest = back_up(source, tmp_path)
    written = file.stat().st_mtime_ns
    (source / "secret").write_bytes(b"changed")
    assert back_up(source, tmp_path)[1] == manifest
    assert file.stat().st_mtime_ns == written


def test_an_unfinished_backup_is_written_again(source: Path, tmp_path: Path) -> None:
    file, manifest = back_up(source, tmp_path)
    (file.parent / "db.json").write_text('{"cut')
    file.write_bytes(b"half")
    assert back_up(source, tmp_path)[1] == manifest
    with archive.expanded(file) as stream:
        assert archive.check(stream)["sha256"] == manifest["sha256"]


def test_too_little_room_is_told_before_the_first_byte(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "free", lambda _: 100)
    with pytest.raises(MoveError) as caught:
        back_up(source, tmp_path)
    assert caught.value.told["code"] == "no-room"
    assert "100 bytes free" in caught.value.told["found"]
    assert not (tmp_path / "backups").exists()


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_a_damaged_archive_touches_nothing(source: Path, tmp_path: Path, damage: str) -> None:
    file, manifest = back_up(source, tmp_path)
    whole = file.read_bytes()
    half = len(whole) // 2
    other = tmp_path / "other"
    other.mkdir()
    (other / "x").write_bytes(b"x")
    broken = {
        "cut": whole[:half],
        "flip": whole[:half] + bytes([whole[half] ^ 255]) + whole[half + 1 :],
        "empty": b"",
        "other": back_up_of(other, tmp_path / "elsewhere"),
    }
    file.write_bytes(broken[damage])
    before = content(source)
    with pytest.raises(MoveError):
        restore(file, source, manifest)
    assert content(source) == before


def back_up_of(folder: Path, place: Path) -> bytes:
    manifest = archive.back_up(folder, place, {})
    return place.with_name(str(manifest["location"])).read_bytes()


class PowerCut(BaseException):
    """No handler can swallow it."""


def test_a_power_cut_anywhere_in_a_restore_ends_in_the_archive_s_content(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = content(source)
    file, manifest = back_up(source, tmp_path)
    real = {"rename": Path.rename, "replace": Path.replace, "touch": Path.touch, "mkdir": Path.mkdir}
    calls = {"left": 0}

    def cut(name: str) -> Callable[..., object]:
        def act(*args: object, **kwargs: object) -> object:
            calls["left"] -= 1
            if calls["left"] == 0:
                raise PowerCut
            return real[name](*args, **kwargs)  # type: ignore[operator]

        return act

    cuts = 0
    for cut_at in range(1, 100):
        (source / "secret").write_bytes(b"changed")
        (source / "added").write_bytes(b"later")
        old = content(source)
        with monkeypatch.context() as patch:
            for name in real:
                patch.setattr(Path, name, cut(name))
            calls["left"] = cut_at
            try:
                restore(file, source, manifest)
            except PowerCut:
                cuts += 1
            else:
                break
        names = set(content(source)) | set(content_of_staging(source))
        assert set(wanted) <= names or content(source) == old
        restore(file, source, manifest)
        assert content(source) == wanted
    assert cuts > 10


def content_of_staging(source: Path) -> dict[str, object]:
    new = source / archive.STAGING / "new"
    return dict(content(new)) if new.exists() else {}


@pytest.mark.parametrize("name", ["../out", "/etc/out", "way/out"])
def test_nothing_is_unpacked_outside(tmp_path: Path, name: str) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        link = tarfile.TarInfo("way")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        tar.addfile(link)
        tar.addfile(tarfile.TarInfo(name))
    stream.seek(0)
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(MoveError, match="inside"):
        archive.unpack(stream, inside)
    assert not (tmp_path / "out").exists()
