"""A folder in which files arrive in parts; implements `arrivals.Arrivals`.

Each file has a folder of its own, named by its id: ``about.json``, the content with holes where parts are missing, one
byte a part that says whether it is there, and ``whole`` once the sha256 was checked. It outlives the process.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from changeover.arrivals import BUNDLE, PART_BYTES, Arrival, BadUpload, File, NoRoom, NoUpload
from changeover.channel import scratch

AT_ONCE = 4
"""Unfinished files."""
FORGOTTEN_SECONDS = 24 * 3600
_ID = re.compile(r"[0-9a-f]{16}")
_ABOUT, _THERE, _WHOLE, _CONTENT = "about.json", "there", "whole", "content"
_PIECE = 1024 * 1024


class FolderArrivals:
    """The folder; made when the first file begins."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, file: File) -> Arrival:
        """Expect a file, or go on with it. Raises NoRoom, BadUpload."""
        place = self._folder / file.id
        if (place / _ABOUT).is_file():
            return self.find(file.id)
        scratch.own(self._folder)
        self._make_room(file)
        place.mkdir(mode=0o700, exist_ok=True)
        with (place / _content(file)).open("wb") as content:
            content.truncate(file.size)
        (place / _THERE).write_bytes(bytes(file.parts))
        (place / _ABOUT).write_text(json.dumps({"name": file.name, "size": file.size, "sha256": file.sha256}))
        return self.find(file.id)

    def put(self, id_: str, number: int, content: bytes) -> int:
        """Keep a part; how many are still missing. Raises NoUpload, BadUpload."""
        file, place = self._file(id_), self._folder / id_
        wanted = file.part_bytes(number)
        if not content or len(content) != wanted:
            raise BadUpload(
                f"Part {number} of {file.name} does not fit.",
                found=f"{len(content)} bytes; the file has {file.parts} parts, this one {wanted} bytes",
                hint="choose the same file again: what is there already is not sent twice",
            )
        with (place / _content(file)).open("r+b", buffering=0) as whole, (place / _THERE).open("r+b") as there:
            os.pwrite(whole.fileno(), content, number * PART_BYTES)
            os.pwrite(there.fileno(), b"\1", number)
        return (place / _THERE).read_bytes().count(0)

    def find(self, id_: str) -> Arrival:
        """How far a file is. Raises NoUpload."""
        file, place = self._file(id_), self._folder / id_
        there = (place / _THERE).read_bytes()
        missing = tuple(number for number in range(file.parts) if not there[number])
        return Arrival(file, missing, whole=not missing and (place / _WHOLE).exists())

    def settle(self, id_: str) -> Path:
        """The whole file. Raises NoUpload, BadUpload."""
        arrival, place = self.find(id_), self._folder / id_
        file = arrival.file
        path = place / _content(file)
        if arrival.missing:
            found = f"{len(arrival.missing)} of {file.parts} parts are missing"
            raise BadUpload(f"{file.name} is not whole yet.", found=found, hint="send them, then finish again")
        if not arrival.whole:
            found = _sha256(path)
            if found != file.sha256:
                self.forget(id_)
                raise BadUpload(
                    f"{file.name} is not what was sent: its sha256 is another. It was let go.",
                    found=found,
                    hint=f"{file.sha256 or 'no sha256'} was said; choose the file again",
                )
            (place / _WHOLE).touch()
        return path

    def listed(self) -> Sequence[Arrival]:
        """Every file that is here or on its way, oldest first."""
        return [self.find(place.name) for place in sorted(self._places(), key=lambda one: one.stat().st_ctime)]

    def forget(self, id_: str) -> None:
        """Let go of a file; gone is fine."""
        if _ID.fullmatch(id_):
            shutil.rmtree(self._folder / id_, ignore_errors=True)

    def _places(self) -> Iterator[Path]:
        if self._folder.is_dir():
            yield from (one for one in self._folder.iterdir() if _ID.fullmatch(one.name) and (one / _ABOUT).is_file())

    def _file(self, id_: str) -> File:
        about = self._folder / id_ / _ABOUT
        if not _ID.fullmatch(id_) or not about.is_file():
            raise NoUpload("No such file is on its way.", hint="begin it again; what lies unfinished goes after a day")
        return File(**json.loads(about.read_text()))

    def _make_room(self, file: File) -> None:
        """Forget files that nobody went on with; refuse one too many, and one that does not fit."""
        unfinished, promised = 0, 0
        for place in self._places():
            other = self.find(place.name)
            if other.whole:
                continue
            if (place / _THERE).stat().st_mtime < time.time() - FORGOTTEN_SECONDS:
                self.forget(place.name)
                continue
            unfinished += 1
            promised += len(other.missing) * PART_BYTES
        if unfinished >= AT_ONCE:
            hint = "finish them or forget one; what lies unfinished goes after a day"
            raise BadUpload(f"{AT_ONCE} other files are being sent already.", hint=hint)
        wanted = file.size * (2 if file.is_bundle else 1)
        left = max(scratch.free(self._folder) - promised, 0)
        if wanted > left:
            more = ", and about as much again while its images are unpacked" if file.is_bundle else ""
            raise NoRoom(
                f"There is no room for {file.name} here: it needs {_words(file.size)}{more}.",
                found=f"{_words(left)} can be used in {self._folder.parent}",
                hint="make room there; or start the console with TMPDIR on a larger disk (in the cluster: "
                "upgrade-console --room); or send the file from a machine that has room: changeover upload",
            )


def _content(file: File) -> str:
    """The ending tells what it is; nothing else of the name is believed."""
    return f"{_CONTENT}{BUNDLE}" if file.is_bundle else _CONTENT


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _words(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
