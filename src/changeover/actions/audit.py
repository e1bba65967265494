"""The console's audit log: who did what, when, with what result. Only ever appended to, as journals are.

It is a chain of Secrets beside the application, full ones immutable; each record is small and holds no answer, no
password and no session. Two consoles may write at once: who comes second reads again and appends after the first.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from changeover.actions.installations import CHANGEOVER
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.ports import Fenced, JournalStore

NAME = "changeover-console-audit"
_TRIES = 5
_LONGEST = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Result = Literal["done", "refused", "failed"]


class AuditBusy(Problem):
    """So many write the audit log that ours could not be added."""

    reference = "audit-busy"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that somebody did, or was kept from doing."""

    at: str
    who: str
    what: str
    """In words: ``sign in``, ``POST /config``."""
    result: Result
    address: str = ""
    """Where the request came from."""
    detail: str = ""
    """What it was done to, or why not; never a secret."""


class Log:
    """The log as one process writes it: reads the chain once, and again when another wrote meanwhile."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._journal: JournalStore | None = None

    async def record(self, entry: Entry) -> None:
        """Append an entry. Raises AuditBusy."""
        row = {name: value[:_LONGEST] for name, value in asdict(entry).items()}
        for _ in range(_TRIES):
            if self._journal is None:
                journal = self._outside.journal(_chain(self._outside))
                await journal.read()
                self._journal = journal
            try:
                await self._journal.append([row])
            except Fenced:
                self._journal = None
                continue
            return
        raise AuditBusy("The audit log could not be written.", found=f"{_TRIES} others were faster", hint="try again")


async def entries(outside: Outside) -> tuple[Entry, ...]:
    """The whole log, newest first."""
    records = await outside.journal(_chain(outside)).read()
    return tuple(_entry(one) for one in reversed(records))


def as_lines(log: Iterable[Entry]) -> str:
    """JSON, an entry a line."""
    return "".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in log)


def as_csv(log: Iterable[Entry]) -> str:
    """CSV with a header; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    rows = csv.DictWriter(out, list(Entry.__dataclass_fields__))
    rows.writeheader()
    rows.writerows({name: _inert(value) for name, value in asdict(one).items()} for one in log)
    return out.getvalue()


def _inert(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value


def _entry(row: Mapping[str, str]) -> Entry:
    return Entry(**{name: row.get(name, "") for name in Entry.__dataclass_fields__})  # type: ignore[arg-type]


def _chain(outside: Outside) -> KubeObject:
    """What the chain hangs on: never written itself, only the name of its segments."""
    metadata = {"name": NAME, "namespace": outside.namespace, "uid": "console"}
    return KubeObject({"apiVersion": CHANGEOVER.api_version, "kind": CHANGEOVER.name, "metadata": metadata})
