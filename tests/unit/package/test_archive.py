"""Archives that nobody vouches for."""

import contextlib
import gzip
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.package import archive


def _tar(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as out:
        for entry, content in entries:
            entry.size = len(content) if entry.isreg() else 0
            out.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def _entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type = kind
    entry.linkname = target
    return entry


def test_regular_files_come_out_with_clean_names() -> None:
    content = _tar((_entry("./a", tarfile.DIRTYPE), b""), (_entry("./a/b.yaml"), b"x"), (_entry("c"), b"y"))
    assert archive.read_tar(content) == {"a/b.yaml": b"x", "c": b"y"}
    assert archive.read_tar(gzip.compress(content)) == {"a/b.yaml": b"x", "c": b"y"}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (_entry("../x"), "leads outside"),
        (_entry("a/../../x"), "leads outside"),
        (_entry("/etc/x"), "leads outside"),
        (_entry("C:/x"), "leads outside"),
        (_entry("a\\..\\x"), "leads outside"),
        (_entry("../d", tarfile.DIRTYPE), "leads outside"),
        (_entry("x", tarfile.SYMTYPE, "/etc/passwd"), "a link"),
        (_entry("x", tarfile.LNKTYPE, "y"), "a link"),
        (_entry("x", tarfile.CHRTYPE), "a device"),
        (_entry("x", tarfile.FIFOTYPE), "a device"),
    ],
    ids=lambda value: value.name if isinstance(value, tarfile.TarInfo) else "",
)
def test_what_could_escape_is_refused(entry: tarfile.TarInfo, words: str) -> None:
    with pytest.raises(archive.UnsafeArchive, match=words):
        archive.read_tar(_tar((entry, b"")))


def test_a_name_twice_and_a_file_as_folder_are_refused() -> None:
    with pytest.raises(archive.UnsafeArchive, match="twice"):
        archive.read_tar(_tar((_entry("a"), b"1"), (_entry("./a"), b"2")))
    with pytest.raises(archive.UnsafeArchive, match="as a file and as a folder"):
        archive.read_tar(_tar((_entry("a"), b"1"), (_entry("a/b"), b"2")))


def test_bounds_hold() -> None:
    content = _tar((_entry("a"), b"x" * 600), (_entry("b"), b"x" * 600))
    for limits, words in (
        (archive.Limits(entries=1), "more than 1 entries"),
        (archive.Limits(file_bytes=500), "at most 500"),
        (archive.Limits(total_bytes=1000), "more than 1000"),
    ):
        with pytest.raises(archive.UnsafeArchive, match=words):
            archive.read_tar(content, limits=limits)


def test_a_gzip_bomb_is_refused() -> None:
    bomb = gzip.compress(b"\0" * 40_000_000)
    with pytest.raises(archive.UnsafeArchive, match="grows to more"):
        archive.read_tar(bomb, limits=archive.Limits(total_bytes=20_000_000))


@pytest.mark.parametrize("cut", [5, 600, 1100])
def test_a_cut_off_archive_is_never_half_read(cut: int) -> None:
    whole = _tar((_entry("a"), b"x" * 600), (_entry("b"), b"y" * 600))
    with pytest.raises(archive.BrokenArchive):
        archive.read_tar(whole[:cut])
    with pytest.raises(archive.BrokenArchive):
        archive.read_tar(gzip.compress(whole)[:40])


def test_the_digest_depends_on_names_and_contents_only() -> None:
    one = archive.digest({"a": b"1", "b": b"2"})
    assert one == archive.digest({"b": b"2", "a": b"1"})
    assert one != archive.digest({"a": b"12", "b": b""})
    assert one != archive.digest({"a": b"1", "c": b"2"})


def test_packing_is_repeatable_and_readable() -> None:
    files = {"Chart.yaml": b"name: x", "templates/a.yaml": b"{}"}
    packed = archive.pack(files, top="x")
    assert packed == archive.pack(dict(reversed(files.items())), top="x")
    assert archive.strip_common_folders(archive.read_tar(packed)) == files


@pytest.mark.parametrize(
    ("paths", "stripped"),
    [
        (["manifests/a", "manifests/b"], ["a", "b"]),
        (["x/y/a", "x/y/z/b"], ["a", "z/b"]),
        (["manifests/a", "charts/b"], ["manifests/a", "charts/b"]),
        (["manifests/a", "userdata/config.yaml"], ["a", "userdata/config.yaml"]),
        (["a", "m/b"], ["a", "m/b"]),
    ],
)
def test_common_folders_are_taken_off(paths: list[str], stripped: list[str]) -> None:
    assert list(archive.strip_common_folders(dict.fromkeys(paths, b""))) == stripped


@given(st.binary(max_size=2000), st.booleans())
def test_any_bytes_are_read_or_refused_with_words(noise: bytes, packed: bool) -> None:  # noqa: FBT001
    with contextlib.suppress(archive.BrokenArchive, archive.UnsafeArchive):
        archive.read_tar(gzip.compress(noise) if packed else noise)


@given(st.integers(0, 2000), st.integers(0, 255))
def test_one_damaged_byte_never_gets_through_unnoticed_in_a_header(place: int, value: int) -> None:
    whole = bytearray(_tar((_entry("a.yaml"), b"x" * 100)))
    whole[place % 512] = value
    with contextlib.suppress(archive.BrokenArchive, archive.UnsafeArchive):
        assert set(archive.read_tar(bytes(whole))) <= {"a.yaml"}


def test_links_are_followed_within_when_asked() -> None:
    content = _tar(
        (_entry("b/logs/x.log", tarfile.SYMTYPE, "../pods/x.log"), b""),
        (_entry("b/hard.log", tarfile.LNKTYPE, "b/pods/x.log"), b""),
        (_entry("b/gone.log", tarfile.SYMTYPE, "nowhere"), b""),
        (_entry("b/pods/x.log"), b"said"),
    )
    wanted = {"b/logs/x.log": b"said", "b/hard.log": b"said", "b/pods/x.log": b"said"}
    assert archive.read_tar(content, follow=True) == wanted


@pytest.mark.parametrize("target", ["/etc/passwd", "../../x", "../../../etc/passwd"])
def test_followed_links_that_lead_outside_are_refused(target: str) -> None:
    with pytest.raises(archive.UnsafeArchive, match="leads outside"):
        archive.read_tar(_tar((_entry("b/x", tarfile.SYMTYPE, target), b"")), follow=True)
