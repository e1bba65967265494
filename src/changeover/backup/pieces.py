"""Where backup pieces lie: ``<key>/<name>.tar.zst`` (or ``.gz``), with ``<name>.json`` beside it, which makes it count.

The place follows from the step's key, so that a repetition finds what is finished; unfinished files end in ``.part``.
An address is a folder of this machine (``file:///...``) or of a claim (``pvc://NAME/...``); ``Folder`` is one that this
machine can read and write.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from changeover.backup import archive
from changeover.errors import Problem
from changeover.ports import BackupPiece


class BrokenBackup(Problem):
    """A backup that does not hold what its manifest says; it is never restored."""

    reference = "broken-backup"


class NoRoom(Problem):
    """There is not enough space: at the backup's destination, or in the volume that is restored."""

    reference = "no-room"


class NotCopied(Problem):
    """The files of a volume could not be copied."""

    reference = "not-copied"


KINDS: Mapping[str, type[Problem]] = {
    "no-room": NoRoom,
    "archive-broken": BrokenBackup,
    "archive-differs": BrokenBackup,
    "archive-missing": BrokenBackup,
    "archive-strays": BrokenBackup,
}


def problem_of(told: Mapping[str, Any], what: str) -> Problem:
    """The Problem that a copier's error means."""
    kind = KINDS.get(str(told.get("code")), NotCopied)
    return kind(f"{what}: {told.get('wanted')}", found=str(told.get("found")), hint=str(told.get("hint")) or None)


def place(key: str, name: str) -> str:
    """The path of a piece without its endings, below a destination."""
    safe = "".join(char if char.isalnum() or char in "-." else "-" for char in key)
    return f"{safe.strip('.')}/{name}"


def piece_of(manifest: Mapping[str, Any]) -> BackupPiece:
    """A manifest as a piece."""
    return BackupPiece(**{field: manifest[field] for field in BackupPiece.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Folder:
    """A destination on this machine; `address` is how its pieces' locations begin."""

    path: Path
    address: str

    def finished(self, key: str, name: str) -> BackupPiece | None:
        """The piece, when an earlier attempt finished it."""
        manifest = archive.read_manifest(self.path / f"{place(key, name)}.json")
        return piece_of(manifest) if manifest else None

    def finish(self, piece: BackupPiece, key: str) -> None:
        """Write the manifest: from now on the piece counts."""
        text = json.dumps(piece.as_json(), indent=1, sort_keys=True)
        archive.write_whole(self.path / f"{place(key, piece.name)}.json", text)

    def free(self) -> int:
        """Bytes that may still be written here."""
        return archive.free(self.path)

    def need(self, wanted: int) -> None:
        """Raise NoRoom when so many bytes do not fit."""
        free = self.free()
        if wanted > free:
            raise NoRoom(
                f"The backup needs up to {wanted:,} bytes in {self.path}.",
                found=f"{free:,} bytes free",
                hint="free some space, or name another destination in the Installation's policy.backup.destination",
            )

    def file_of(self, location: str) -> Path:
        """The archive that a location names. Raises BrokenBackup."""
        inside = location.removeprefix(f"{self.address}/")
        path = Path(location.removeprefix("file://")) if location.startswith("file://") else self.path / inside
        if not path.is_file():
            raise BrokenBackup(f"The backup {location} must be there.", found="no such file")
        return path


def verify(path: Path, expected: BackupPiece) -> None:
    """Read an archive back, whole: raises BrokenBackup unless it holds exactly what went in."""
    try:
        with archive.expanded(path) as stream:
            found = archive.check(stream)
    except archive.MoveError as error:
        raise problem_of(error.told, f"Reading {expected.location}") from error
    if found != {"sha256": expected.sha256, "bytes": expected.bytes, "files": expected.files}:
        raise BrokenBackup(
            f"The backup {expected.location} must hold what was copied.",
            found=f"{found['files']} files, {found['bytes']} bytes, {found['sha256'][:19]}",
            hint=f"wanted {expected.files} files, {expected.bytes} bytes, {expected.sha256[:19]}",
        )
