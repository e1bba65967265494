"""What comes out of the API, as models: their words are those of ``-o json``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel

Facts = dict[str, Any]


class Answer(BaseModel):
    """Comes out."""

    model_config = ConfigDict(from_attributes=True, extra="ignore", populate_by_name=True)


class ProblemTold(Answer):
    """What was wanted, what was found, what to do."""

    code: str
    message: str
    found: str | None = None
    hint: str | None = None


class Component(Answer):
    """One workload."""

    name: str
    kind: str
    healthy: bool
    why: str
    ready: int
    wanted: int
    images: tuple[str, ...]


class Status(Answer):
    """The ten-second answer, as ``changeover status``."""

    installation: str
    namespace: str
    runs: str
    recorded: str
    revision: int
    healthy: bool | None
    unhealthy: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    gate_closed_by: str
    sessions: int | None
    run: str
    run_phase: str
    run_verdict: str
    question: Facts | None
    available: tuple[str, ...]
    next: str
    last_check: str
    last_backup: Facts
    components: tuple[Component, ...]
    addresses: tuple[str, ...]
    kept: tuple[str, ...]
    frozen: tuple[str, ...]
    opens: str
    begins: str


class Release(Answer):
    """One release of the channel."""

    version: str
    cursor: int
    required: bool
    notes: str
    created_at: datetime | None
    requires_from: str
    support_until: date | None
    withdrawn: str
    preview: bool
    deprecated: bool


class Hop(Answer):
    """One update on the way, and why it is there."""

    release: Release
    reason: str


class Releases(Answer):
    """The channel, oldest first, and the way to the newest."""

    installation: str
    running: str
    all: tuple[Release, ...]
    newer: tuple[Release, ...]
    hops: tuple[Hop, ...]
    no_route: str


class Plan(Answer):
    """As ``changeover plan -o json``; secrets are masked."""

    digest: str
    change: str
    strategy: str
    from_: Facts = Field(alias="from")
    to: Facts
    summary: str
    blocked: bool
    facts: Facts
    findings: tuple[Facts, ...]
    changes: tuple[Facts, ...]
    steps: Facts


class History(Answer):
    """Revisions and runs, oldest first, as ``changeover history``."""

    revisions: tuple[Facts, ...]
    running: int
    runs: tuple[Facts, ...]


class Run(Answer):
    """One run as it stands."""

    name: str
    by: str
    kind: str
    strategy: str
    from_version: str
    to_version: str
    way: str
    verdict: str | None
    paused: bool
    waiting_for: str
    holder: str
    question: Facts | None
    evidence: Facts


class Stretch(Answer):
    """A stretch of time, UTC."""

    begins: datetime
    ends: datetime


class Calendar(Answer):
    """When runs may happen, as ``changeover windows -o json``."""

    installation: str
    windows: tuple[Facts, ...]
    freezes: tuple[Facts, ...]
    upcoming: tuple[Stretch, ...]
    frozen: tuple[Facts, ...]
    trouble: str
    scheduled: Facts | None


class FitRow(Stretch):
    """One window, and whether the update fits."""

    latest_start: datetime = Field(alias="latestStart")
    fits: bool


class Fit(Answer):
    """How the newest release fits the windows, as ``changeover windows fit -o json``; empty when nothing is newer."""

    version: str = ""
    strategy: str = ""
    change_seconds: float = Field(0.0, alias="changeSeconds")
    usual_seconds: float = Field(0.0, alias="usualSeconds")
    reserve_seconds: float = Field(0.0, alias="reserveSeconds")
    runs: int = 0
    windows: tuple[FitRow, ...] = ()
    in_the_way: str = Field("", alias="inTheWay")


class SignedEvidence(Answer):
    """The evidence of a run and the signature under it."""

    evidence: Facts
    signature: Facts


class Session(Answer):
    """Who works now."""

    name: str
    owner: str
    node: str
    since: str
    state: str


class Sessions(RootModel[tuple[Session, ...]]):
    """All of them, oldest first."""

    model_config = ConfigDict(from_attributes=True)


class StoppedSession(Answer):
    """What became of one that was stopped."""

    name: str
    owner: str
    outcome: str
    reason: str


class StoppedSessions(RootModel[tuple[StoppedSession, ...]]):
    """All that were asked to stop."""

    model_config = ConfigDict(from_attributes=True)


class Config(Answer):
    """The questions with their answers; secret ones are hidden."""

    installation: str
    version: str
    settings: tuple[Facts, ...]
    continuity: tuple[Facts, ...]
    saved: tuple[str, ...]


class Difference(Answer):
    """One answer before and after; secrets are hidden."""

    name: str
    before: str | None
    after: str | None


class Differences(RootModel[tuple[Difference, ...]]):
    """What waits for the next change."""

    model_config = ConfigDict(from_attributes=True)


class Names(RootModel[tuple[str, ...]]):
    """Names alone."""


class Checked(Answer):
    """What preflights said, as ``changeover preflight -o json``."""

    verdict: str
    documents: tuple[str, ...]
    findings: tuple[Facts, ...]
    collectors: tuple[Facts, ...]


class AuditEntry(Answer):
    """One thing that somebody did, or was kept from doing."""

    at: str
    who: str
    what: str
    result: str
    address: str
    detail: str


class AuditEntries(RootModel[tuple[AuditEntry, ...]]):
    """Newest first."""

    model_config = ConfigDict(from_attributes=True)


class Begun(Answer):
    """A run that began."""

    run: str


class Noted(Answer):
    """What was asked of a run or of the gate."""

    done: str


class Pushed(Answer):
    """How far a push of images is."""

    under_way: bool
    problem: Facts | None
    images: tuple[Facts, ...]


class Upload(Answer):
    """A file on its way, or a bundle that waits for its push."""

    id: str
    name: str
    size: int
    sha256: str
    parts: int
    part_bytes: int
    missing: tuple[int, ...]
    whole: bool
    holds: Facts | None = None
    push: Pushed | None


class Uploads(RootModel[tuple[Upload, ...]]):
    """Oldest first."""

    model_config = ConfigDict(from_attributes=True)


class PartTaken(Answer):
    """How many parts are still missing."""

    left: int


class Finished(Answer):
    """The version that a package became, or that a bundle waits for its push."""

    version: str
    waits: bool
