"""What goes into the API, as models: their words are those of the command line."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Text = Annotated[str, Field(max_length=500)]
Word = Annotated[str, Field(max_length=253, pattern=r"^[^\x00-\x1f\x7f]*$")]
Words = Annotated[
    list[Word], Field(max_length=100), BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]
"""A query that names a parameter once gives a text."""


class Asked(BaseModel):
    """Goes in; what we do not know is a mistake."""

    model_config = ConfigDict(extra="forbid")


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
    conflicts: Literal["take", "keep", "stop"] = "take"
    at: Word = ""
    """Not before this time (RFC 3339), or ``next`` for the next window in which it fits."""
    accept: Words = []
    acknowledge: Words = []
    override: Words = []
    """Freezes in which it begins nevertheless, by their names; takes the role approver."""
    override_reason: Text = ""


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


class WindowAsked(Asked):
    """A window as a text: ``0 22 * * 6 for 120 in Europe/Berlin``."""

    window: Text
    instead: Text = ""
    """Another one, which goes."""


class WindowNamed(Asked):
    """A window by its text."""

    window: Text


class FreezeAsked(Asked):
    """A freeze: from and to, or cron and minutes."""

    name: Word
    reason: Text
    begins: Word = Field("", alias="from")
    ends: Word = Field("", alias="to")
    cron: Word = ""
    minutes: Annotated[int, Field(ge=0, le=132_480)] = Field(0, alias="durationMinutes")
    zone: Word = Field("UTC", alias="timeZone")
    instead: Word = ""
    """Another one, which goes."""


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
