"""The backups of an Installation, as the runs that made them wrote them down: where each lies and what it holds.

The journals are the record: a piece stands there once it was written, read back and found whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from changeover.actions import installations, runs_of
from changeover.actions.outside import Outside
from changeover.objects import KubeObject
from changeover.ports import BackupPiece

_MARKS = frozenset(BackupPiece.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Backup:
    """One volume's backup, and the run that made it."""

    run: str
    version: str
    """Which release's data it holds."""
    at: str
    """RFC 3339: when it was whole."""
    claim: str
    location: str
    sha256: str
    bytes: int
    files: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


async def backups(outside: Outside, installation: str = "") -> Sequence[Backup]:
    """All backups of the runs that are kept, newest first."""
    followed = await installations.find(outside, installation)
    found: list[Backup] = []
    for run in await runs_of.every(outside, followed.name):
        found += _of_run(run, await outside.journal(run).read())
    return sorted(found, key=lambda one: one.at, reverse=True)


def destination(installation: KubeObject) -> str:
    """Where the next one goes: ``pvc:NAME`` or a folder; empty when the policy names none."""
    return str(installation.get("spec", "policy", "backup", "destination", default=""))


def _of_run(run: KubeObject, records: Sequence[Mapping[str, Any]]) -> Iterator[Backup]:
    for record in records:
        piece = record.get("data") if record.get("event") == "done" else None
        if isinstance(piece, Mapping) and piece.keys() >= _MARKS:
            yield Backup(
                run=run.name,
                version=str(run.get("spec", "fromVersion", default="")),
                at=str(record.get("at", "")),
                **{name: piece[name] for name in ("claim", "location", "sha256", "bytes", "files", "seconds")},
            )
