"""What a run tells while it goes on: one value for the terminal, the console, webhooks and events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from changeover.runs.state import Record


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: an event of the journal (see `runs.state`), or unkept ``progress`` and ``waiting``."""

    event: str
    at: str = ""
    step: str = ""
    text: str = ""
    done: int = 0
    total: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)


Tell = Callable[[Happening], None]


def from_records(records: Iterable[Record]) -> Iterable[Happening]:
    """The happenings of a stretch of journal."""
    for record in records:
        yield Happening(
            event=str(record["event"]),
            at=str(record.get("at", "")),
            step=str(record.get("step", "")),
            text=_text(record),
            data=record,
        )


def _text(record: Record) -> str:
    problem = record.get("problem") or {}
    return str(record.get("because") or record.get("verdict") or problem.get("message") or "")
