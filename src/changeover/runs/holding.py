"""What ends a step other than success: it fails (a Problem), or it cannot go on without a person (Hold)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from changeover.errors import Problem


class Hold(Problem):
    """The run cannot go on without a person's answer; nothing is undone meanwhile."""

    reference = "held"
    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        choices: Sequence[str],
        subjects: Sequence[Mapping[str, Any]] = (),
        hint: str | None = None,
    ) -> None:
        names = ", ".join(str(subject.get("name", "")) for subject in subjects[:20])
        super().__init__(message, found=names or None, hint=hint)
        self.choices = tuple(choices)
        self.subjects = tuple(dict(subject) for subject in subjects)

    def as_json(self) -> dict[str, Any]:
        """The problem, with what is asked."""
        return {**super().as_json(), "choices": list(self.choices), "subjects": [dict(one) for one in self.subjects]}


class Overdue(Problem):
    """A step did not reach its postcondition before its deadline."""

    reference = "overdue"


class WindowCloses(Problem):
    """What is left of the window is needed to go back in."""

    reference = "window-closes"


class Aborted(Problem):
    """A person asked to stop and go back."""

    reference = "aborted"


class ElsewhereProblem(Problem):
    """Another process executes this run; only one may."""

    reference = "run-elsewhere"
    exit_code = 6
