"""What the linter says: one sentence about one place in a package, under the name that KOTS's linter uses for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from changeover.package.documents import Document


class Level(StrEnum):
    """How bad it is: an error breaks for the operator, a warning will hurt somebody, info is taste."""

    ERROR = "error"
    WARN = "warn"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `line` is 1-based, 0 when it is about the whole file or package."""

    rule: str
    level: Level
    message: str
    file: str = ""
    line: int = 0
    hint: str = ""

    @property
    def where(self) -> str:
        """``manifests/app.yaml:12``, empty for the whole package."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def as_json(self) -> dict[str, str | int]:
        """For programs, and for the command line's table."""
        return {
            "rule": self.rule,
            "level": str(self.level),
            "message": self.message,
            "where": self.where,
            "file": self.file,
            "line": self.line,
            "hint": self.hint,
        }


def at(document: Document, rule: str, level: Level, message: str, *, hint: str = "") -> Finding:
    """A finding about a document as a whole."""
    return Finding(rule, level, message, document.file, document.line, hint)
