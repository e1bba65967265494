"""A version is uploaded: in parts, again after an interruption, or as one form; and nothing bad gets in."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import random
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from changeover.actions import uploads
from changeover.actions.installations import INSTALLATION
from changeover.arrivals import PART_BYTES
from changeover.channel.arriving import AT_ONCE, FORGOTTEN_SECONDS
from changeover.package import archive
from tests.unit.console.pages.furnished import MAP, Furnished, done
from tests.unit.console.pages.questions import RELEASE
from tests.unit.console.pages.test_update import HELD, channel


@pytest.fixture
def desk(tmp_path: Path) -> Furnished:
    made = Furnished(channel(tmp_path / "desk"), HELD)
    done(made.cluster.create(MAP))
    return made


def package(version: str, *, weight: int = 0) -> bytes:
    """A package of that version, with so many bytes that cannot be packed."""
    objects = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: desk}\ndata: {host: b}\n"
    files = {"objects.yaml": objects, "release.yaml": RELEASE.replace("1.0.0", version).encode()}
    return archive.pack({**files, "ballast.bin": random.Random(7).randbytes(weight)})


def which(content: bytes, name: str = "desk.tgz") -> dict[str, Any]:
    return {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def parts_of(content: bytes) -> list[bytes]:
    return [content[at : at + PART_BYTES] for at in range(0, len(content), PART_BYTES)]


def lying(desk: Furnished) -> list[str]:
    """What lies on the console's disk."""
    folder = desk.package.parent / "arriving"
    return sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []


def begun(client: TestClient, said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.post("/versions/upload/begin", params=said).json()
    return found


def test_parts_come_in_any_order_and_are_not_sent_twice(desk: Furnished) -> None:
    content = package("1.2.0", weight=3 * PART_BYTES)
    pieces, said, olaf = parts_of(content), which(content), desk.client("olaf")
    assert len(pieces) == 4
    told = begun(olaf, said)
    at = f"/versions/upload/{told.pop('id')}"
    assert told == {"missing": [0, 1, 2, 3], "parts": 4, "partBytes": PART_BYTES}
    for number in (2, 0, 2):
        answer = olaf.put(f"{at}/{number}", content=pieces[number])
    assert answer.json() == {"left": 2}
    assert olaf.post(f"{at}/finish").json()["message"] == "desk.tgz is not whole yet."
    again = desk.client("ada")  # another browser goes on
    assert begun(again, said)["missing"] == [1, 3]
    for number in (1, 3):
        again.put(f"{at}/{number}", content=pieces[number])
    assert again.post(f"{at}/finish").json() == {"version": "1.2.0", "location": "/versions"}
    assert lying(desk) == []
    page = olaf.get("/versions").text
    assert "Uploaded by ada" in page
    assert "1.2.0 can be next." in page
    assert "data.host" in olaf.get("/versions/compare?before=1.1.0&after=1.2.0").text
    assert "Note mail of 1.1.0 must be acknowledged" in olaf.get("/update/1.2.0?strategy=plain").text, "it is passed"
    assert olaf.post("/versions/upload/remove", data={"version": "1.2.0"}).status_code == 303
    assert "1.2.0" not in olaf.get("/versions").text
    assert [what for _, what, _, _ in desk.log() if what in ("upload", "remove upload")] == ["upload", "remove upload"]


def test_a_form_without_a_script_serves_too(desk: Furnished) -> None:
    olaf = desk.client("olaf")
    sent = {"package": ("C:\\packages\\desk.tgz", package("1.3.0", weight=3 * 1024 * 1024))}
    assert olaf.post("/versions/upload", files=sent).status_code == 303
    (followed,) = done(desk.cluster.list(INSTALLATION, namespace="desk"))
    assert [(one.version, one.name) for one in uploads.listed(followed)] == [("1.3.0", "desk.tgz")]
    assert olaf.post("/versions/upload", files=sent).status_code == 409, "it is there already"


def bomb() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        entry = tarfile.TarInfo("big.yaml")
        entry.size = 512 * 1024 * 1024
        tar.addfile(entry, _Zeros(entry.size))
    return gzip.compress(target.getvalue(), 9)


class _Zeros(io.RawIOBase):
    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        given = min(len(buffer), self._left)
        buffer[:given] = bytes(given)
        self._left -= given
        return given


def escaping() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as tar:
        entry = tarfile.TarInfo("../../etc/cron.d/x.yaml")
        entry.size = 4
        tar.addfile(entry, io.BytesIO(b"a: b"))
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("desk.tgz", b"not an archive at all", "is no package"),
        ("desk.tgz", escaping(), "leads outside"),
        ("desk.airgap", b"x", "does not fit through this form"),
        ("desk.tgz", archive.pack({"x.yaml": MAP.name.encode()}), ""),
        ("desk.tgz", package("1.1.0"), "1.1.0 is there already"),
        ("desk.tgz", b"", "at most 32 MiB"),
    ],
)
def test_what_is_no_new_package_is_refused_and_nothing_is_kept(
    desk: Furnished, name: str, content: bytes, words: str
) -> None:
    olaf = desk.client("olaf")
    answer = olaf.post("/versions/upload", files={"package": (name, content)})
    assert answer.status_code == 409
    assert words in answer.text
    (followed,) = done(desk.cluster.list(INSTALLATION, namespace="desk"))
    assert uploads.listed(followed) == []


def test_a_bomb_is_not_unpacked(desk: Furnished) -> None:
    content = bomb()
    assert len(content) < 1024 * 1024
    answer = desk.client("olaf").post("/versions/upload", files={"package": ("desk.tgz", content)})
    assert answer.status_code == 409
    assert "are accepted" in answer.text


def test_only_what_was_announced_is_taken(desk: Furnished) -> None:
    content = package("1.2.0", weight=PART_BYTES)
    pieces, said, olaf = parts_of(content), which(content), desk.client("olaf")
    at = f"/versions/upload/{begun(olaf, said)['id']}"
    for number, piece in ((0, pieces[0][:-1]), (0, pieces[0] + b"x"), (2, b"x"), (1, b"")):
        assert olaf.put(f"{at}/{number}", content=piece).status_code == 422, number
    assert olaf.put(f"{at}/-1", content=b"x").status_code == 404
    assert begun(olaf, said)["missing"] == [0, 1]
    assert olaf.put(f"/versions/upload/{'0' * 16}/0", content=pieces[0]).json()["code"] == "no-upload"
    assert olaf.put("/versions/upload/..%2F..%2Fdesk/0", content=pieces[0]).status_code == 404
    for size in (33 * 1024 * 1024, 0, -5):
        assert olaf.post("/versions/upload/begin", params={**said, "size": size}).status_code == 422
    for number, piece in enumerate((pieces[0], b"x" * len(pieces[1]))):
        olaf.put(f"{at}/{number}", content=piece)
    assert "is not what was sent" in olaf.post(f"{at}/finish").json()["message"]
    assert lying(desk) == [], "what is wrong does not stay"
    vera = desk.client("vera")
    assert vera.post("/versions/upload/begin", params=said).status_code == 403
    assert vera.put(f"{at}/0", content=pieces[0]).status_code == 403
    assert vera.post("/versions/upload", files={"package": ("a.tgz", content)}).status_code == 403
    olaf.headers.pop("x-csrf-token")
    assert olaf.put(f"{at}/0", content=pieces[0]).status_code == 403


def test_so_many_files_at_once_and_no_more_and_forgotten_ones_go(desk: Furnished) -> None:
    olaf = desk.client("olaf")

    def began(number: int) -> dict[str, Any]:
        return begun(olaf, which(package(f"2.{number}.0"), f"{number}.tgz"))

    first = began(0)["id"]
    long_ago = time.time() - FORGOTTEN_SECONDS - 1
    os.utime(desk.package.parent / "arriving" / first / "there", (long_ago, long_ago))
    assert all("id" in began(number) for number in range(1, AT_ONCE + 1))
    assert len(lying(desk)) == AT_ONCE
    assert first not in lying(desk), "the one of yesterday went"
    assert began(AT_ONCE + 1)["code"] == "bad-upload"


def test_what_does_not_fit_on_the_disk_is_refused_before_it_is_sent(
    desk: Furnished, monkeypatch: pytest.MonkeyPatch
) -> None:
    olaf, said = desk.client("olaf"), which(b"x" * 100, "desk.airgap")
    monkeypatch.setenv("TMPDIR", str(desk.package.parent))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("CHANGEOVER_ROOM", "1Gi")
    refused = begun(olaf, {**said, "size": 300 * 1024 * 1024})
    assert refused["code"] == "no-disk-space"
    assert "314.6 MB, and about as much again" in refused["message"]
    assert lying(desk) == []
    assert "id" in begun(olaf, {**said, "size": 200 * 1024 * 1024})
    assert begun(olaf, {**said, "size": 170 * 1024 * 1024})["code"] == "no-disk-space", (
        "the other one was promised its room"
    )
