"""What kubebox tells a person when it cannot go on: what was wanted, what was found, what to do."""


class KubeboxProblem(Exception):
    """A reason to stop that a person can act upon."""

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
