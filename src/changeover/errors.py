"""The one root of every error that we can explain to a person.

An error is a small page of help: what was wanted, what was found, what to do. The ``reference`` is stable: it names
the documentation page (``docs/reference/problems/<reference>.md``), the JSON ``code`` and the test.
Subclasses live in the module that raises them.
"""

from __future__ import annotations


class Problem(Exception):
    """Anything we can explain to a person. Subclasses fix the reference; callers fill the rest."""

    reference: str = "problem"
    exit_code: int = 1

    def __init__(self, message: str, *, found: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.found = found
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.message]
        if self.found:
            lines.append(f"found: {self.found}")
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, str | None]:
        """The same words for a program: ``code``, ``message``, ``found``, ``hint``."""
        return {"code": self.reference, "message": self.message, "found": self.found, "hint": self.hint}
