"""Evidence: what happened in one run, as a value that a person can read and a program can check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from changeover.evidence.measured import Measured
from changeover.evidence.predicted import Prediction


@dataclass(frozen=True, slots=True)
class StepAccount:
    """One step as it went; times are RFC 3339 UTC, `seconds` is None while it has not ended."""

    id: str
    title: str
    phase: str
    way: str
    began: str
    ended: str
    seconds: float | None
    outcome: str
    """done | failed | cut off"""
    problem: Mapping[str, Any] | None = None
    times: int = 1
    """How often it was begun (more than once after a crash)."""


@dataclass(frozen=True, slots=True)
class SessionAccount:
    """One session that was stopped: whether its work was proven saved, and by what."""

    name: str
    owner: str
    outcome: str
    """proven | waived | unproven"""
    reason: str
    bytes: int
    sha256: str
    finished_at: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The record of one run."""

    run: str
    kind: str
    strategy: str
    installation: str
    namespace: str
    cluster_uid: str
    from_version: str
    to_version: str
    plan_digest: str
    verdict: str
    reason: str
    began: str
    ended: str
    seconds: float
    gate_closed_seconds: float | None
    holders: tuple[str, ...]
    summary: str
    classes: Mapping[str, int]
    steps: tuple[StepAccount, ...]
    sessions: tuple[SessionAccount, ...] = ()
    backups: tuple[Mapping[str, Any], ...] = ()
    answers: tuple[Mapping[str, Any], ...] = ()
    acknowledged: tuple[Mapping[str, Any], ...] = ()
    versions: tuple[str, ...] = ()
    """Of Changeover, that carried it, in order."""
    """The vendor's notes that were acknowledged before: id, release, by, at."""
    overrides: tuple[Mapping[str, Any], ...] = ()
    """Freezes in which it began nevertheless: freeze, until, setBy, by, at, reason."""
    captured: tuple[Mapping[str, Any], ...] = ()
    predictions: tuple[Prediction, ...] = ()
    """What the plan foretold beside what was seen."""
    measured: Measured | None = None
    """How long workloads had too few ready pods; None when nothing was to be watched."""

    def as_json(self) -> dict[str, Any]:
        """Plain JSON; the keys are the field names in camelCase."""
        document: dict[str, Any] = _camel(asdict(self))
        return document


def _camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {_camel_key(key): _camel(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_camel(item) for item in value]
    return value


def _camel_key(key: str) -> str:
    if "_" not in key.strip("_") or not key.islower():
        return key
    first, *rest = key.split("_")
    return first + "".join(part.capitalize() for part in rest)
