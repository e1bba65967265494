"""What an analyzer says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["pass", "warn", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one analyzer says about one object."""

    verdict: Verdict
    title: str
    message: str
    uri: str = ""
    measured: str = ""
    """What was found, as it was compared: ``min(cpuCapacity) = 2``."""


class CannotJudge(ValueError):
    """A condition that cannot be read, or files that do not say what it asks."""
