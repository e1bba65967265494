"""What goes in and comes out of the API, as models: their words are those of ``-o json``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel

Text = Annotated[str, Field(max_length=500)]
Word = Annotated[str, Field(max_length=253, pattern=r"^[^\x00-\x1f\x7f]*$")]
Words = Annotated[
    list[Word], Field(max_length=100), BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]
"""A query that names a parameter once gives a text."""
Facts = dict[str, Any]


class Answer(BaseModel):
    """Comes out."""

    model_config = ConfigDict(from_attributes=True, extra="ignore", populate_by_name=True)


class Asked(BaseModel):
    """Goes in; what we do not know is a mistake."""

    model_config = ConfigDict(extra="forbid")


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


class UploadAsked(Asked):
    """Which file will be sent."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f\x7f]+$")]
    size: Annotated[int, Field(ge=1, le=2**40)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class FinishAsked(Asked):
    """What a package does not say itself."""

    version: Word = ""


class PushAsked(Asked):
    """How images get into the registry: with another login than the one that is kept, or without being sent."""

    push: bool = True
    plain_http: bool = False
    username: Word = ""
    password: Annotated[str, Field(max_length=4000)] = ""


class PlanAsked(Asked):
    """Which plan: an update to a release, or the way back to a revision."""

    to: Word = ""
    revision: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    strategy: Literal["", "window", "plain"] = ""
    accept: Words = []
    acknowledge: Words = []


class RunAsked(PlanAsked):
    """Begin exactly the plan that was read."""

    plan: Word
    message: Text = ""
    where: Literal["here", "cluster"] = "here"


class RequestAsked(Asked):
    """What is asked of a run."""

    do: Literal["pause", "resume", "abort", "answer"]
    choice: Word = ""
    reason: Text = ""
    sessions: Annotated[list[Word], Field(max_length=1000)] = []


class GateAsked(Asked):
    """Close the gate for new sessions, or open it."""

    do: Literal["close", "open"]
    message: Text = ""


class StopAsked(Asked):
    """Sessions to save and stop."""

    names: Annotated[list[Word], Field(min_length=1, max_length=1000)]


class ConfigAsked(Asked):
    """Of which release; empty = the running one."""

    to: Word = ""


class AnswersAsked(Asked):
    """Answers to save for the next change; null takes one back."""

    values: Annotated[dict[str, str | bool | int | float | None], Field(min_length=1, max_length=1000)]


class PreflightAsked(Asked):
    """Which release's preflights, and what collectors may do beyond reading."""

    release: Word = ""
    allow: Annotated[list[Word], Field(max_length=20)] = []


class AuditAsked(Asked):
    """How many of the newest."""

    most: Annotated[int, Field(ge=1, le=10_000)] = 1000
