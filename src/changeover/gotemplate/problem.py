"""What is wrong with a template, and where: name, line, column, the expression itself."""

from __future__ import annotations

from changeover.errors import Problem


class TemplateProblem(Problem):
    """A template that cannot be read or carried out; says the file, line, column and expression."""

    reference = "broken-template"

    def __init__(
        self, reason: str, *, name: str, line: int, column: int = 0, expression: str = "", hint: str | None = None
    ) -> None:
        where = f"{name} line {line}" + (f", column {column}" if column else "")
        super().__init__(f"{where}: {reason}", found=expression or None, hint=hint)
        self.reason, self.name, self.line, self.column, self.expression = reason, name, line, column, expression


class CallFailed(Exception):
    """Raised by a template function that cannot do what it was asked; the engine adds the place."""
