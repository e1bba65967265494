"""Decides which of the vendor's notes concern an update, and which of them somebody must have read. Pure.

* the notes of every release that the update passes count; one with the same id counts once, in its newest words
* a note concerns the operator when all that its `appliesWhen` says holds; what cannot be known counts as holding, and
  then somebody must have read it
* a note that asks for it, or a breaking one whose check does not pass, must be acknowledged; a check that passes proves
  it done, and nobody needs to say so
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from changeover.release import versions
from changeover.release.documents import Guide, Predicate, ReleaseDocument
from changeover.release.versions import Scheme, UnreadableVersion

Verdict = Literal["pass", "warn", "fail", "unknown"]


class Concern(StrEnum):
    """Whether a note is about this installation."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Note:
    """One entry of a release's guide."""

    release: str
    guide: Guide

    @property
    def key(self) -> str:
        """By which an acknowledgement names it: it holds for these words, not for those of a later release."""
        return f"{self.release}/{self.guide.id}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether something concerns the operator, and why that is so."""

    concern: Concern
    why: str = ""


def passed(said: Sequence[tuple[str, ReleaseDocument]]) -> tuple[Note, ...]:
    """The notes of releases, given oldest first; breaking ones first, then by release."""
    newest = {guide.id: Note(release, guide) for release, document in said for guide in document.guide}
    return tuple(sorted(newest.values(), key=lambda note: note.guide.severity != "breaking"))


def by_version(predicate: Predicate | None, installed: str, scheme: Scheme) -> Judgement:
    """What the version that is updated from says."""
    if predicate is None or not predicate.from_:
        return Judgement(Concern.YES)
    try:
        holds = versions.in_range(versions.parse(installed, scheme), predicate.from_, scheme)
    except UnreadableVersion as unreadable:
        return Judgement(Concern.UNKNOWN, unreadable.message)
    return Judgement(Concern.YES) if holds else Judgement(Concern.NO, f"it is for {predicate.from_}")


def by_answers(predicate: Predicate | None, answers: Mapping[str, str]) -> Judgement:
    """What the answers that hold say; `answers`: every question by its name."""
    for name, value in (predicate.answers if predicate else {}).items():
        if name not in answers:
            return Judgement(Concern.UNKNOWN, f"nothing is asked by the name {name}")
        if answers[name] != value:
            return Judgement(Concern.NO, f"{name} is answered otherwise")
    return Judgement(Concern.YES)


def by_check(verdict: Verdict | None, message: str) -> Judgement:
    """What the predicate's own check says, when it has one: it holds when the check passes."""
    if verdict in (None, "pass"):
        return Judgement(Concern.YES)
    return Judgement(Concern.UNKNOWN if verdict == "unknown" else Concern.NO, message)


def must_be_read(guide: Guide, concern: Concern, verdict: Verdict | None) -> bool:
    """Whether nothing begins before somebody has acknowledged it; `verdict` is that of the guide's check, if any."""
    if verdict == "pass":
        return False
    breaks = guide.severity == "breaking" and verdict in ("fail", "unknown")
    return guide.acknowledge or breaks or concern is Concern.UNKNOWN
