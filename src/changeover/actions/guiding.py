"""The vendor's notes for an update: which concern this installation, what their checks say, who acknowledged them.

A note that must be read keeps the plan from running until somebody has acknowledged it: by its id in the request, or
once for everybody, kept in the Installation with name and time. Every run records what was acknowledged by whom.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from changeover.actions import audit, checking, preflights, settings_of
from changeover.actions.checking import Judged
from changeover.actions.outside import Outside, Source
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.package.package import Form, read_package
from changeover.plan.model import Finding, Severity
from changeover.release import documents, guides
from changeover.release.catalog import Catalog
from changeover.release.documents import ReleaseDocument
from changeover.release.guides import Concern, Judgement, Note

if TYPE_CHECKING:
    from changeover.actions.prepare import Prepared

READ, UNREAD = "guide", "guide-unread"
SHOWN = frozenset({READ, UNREAD})
"""References of findings that say no more than the notes themselves."""
_AT_ONCE = 4


class UnknownNote(Problem):
    """An acknowledgement of a note that no release on the way has."""

    reference = "unknown-note"


@dataclass(frozen=True, slots=True)
class Way:
    """An update: from what runs to a release of a source."""

    source: Source
    catalog: Catalog
    installed: str
    target: preflights.Target


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody's word for having read a note."""

    by: str
    at: str
    """RFC 3339."""


@dataclass(frozen=True, slots=True)
class Told:
    """One note as it stands."""

    note: Note
    judgement: Judgement
    check: Judged | None = None
    """What the note's own check says; None when it has none, or does not concern anybody here."""
    read: Acknowledged | None = None

    @property
    def concerns(self) -> bool:
        """Whether it is about this installation, as far as can be known."""
        return self.judgement.concern is not Concern.NO

    @property
    def waits(self) -> bool:
        """Whether nothing begins before somebody acknowledges it."""
        verdict = self.check.verdict if self.check else None
        due = self.concerns and guides.must_be_read(self.note.guide, self.judgement.concern, verdict)
        return due and self.read is None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        guide = self.note.guide
        return {
            "id": guide.id,
            "release": self.note.release,
            "severity": guide.severity,
            "text": guide.text,
            "concerns": self.judgement.concern.value,
            "why": self.judgement.why,
            "check": self.check.as_json() if self.check else None,
            "acknowledged": {"by": self.read.by, "at": self.read.at} if self.read else None,
            "waits": self.waits,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """All notes of an update, and the releases whose notes could not be read."""

    told: tuple[Told, ...] = ()
    unread: Mapping[str, str] | None = None
    """Release: why."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the plan says about them."""
        lost = (
            Finding(
                "guide-unreadable",
                Severity.WARNS,
                f"The notes of {release}, which this update passes, could not be read.",
                found=why,
                hint="read them where the vendor publishes them",
            )
            for release, why in (self.unread or {}).items()
        )
        return (*(_finding(one) for one in self.told if one.concerns), *lost)

    def record(self) -> list[dict[str, str]]:
        """What a run keeps: who acknowledged which note, and when."""
        return [
            {"id": one.note.guide.id, "release": one.note.release, "by": one.read.by, "at": one.read.at}
            for one in self.told
            if one.read is not None
        ]


async def look(outside: Outside, way: Way, *, acknowledged: frozenset[str]) -> Outcome:
    """All notes on the way; `acknowledged`: ids that who asks has read. Raises UnknownNote."""
    if not way.installed or way.installed == way.target.release.version:
        return Outcome()
    said, unread = await _documents(way)
    notes = guides.passed(said)
    _refuse_unknown(notes, acknowledged)
    judged = await _judged(outside, way, notes)
    read = _kept(way.target.installation)
    now = Acknowledged(outside.person, outside.clock.now().isoformat(timespec="seconds"))
    read |= {note.key: now for note in notes if note.guide.id in acknowledged and note.key not in read}
    told = tuple(
        Told(note, judgement, check, read.get(note.key)) for note, (judgement, check) in zip(notes, judged, strict=True)
    )
    return Outcome(told, unread)


async def acknowledge(outside: Outside, prepared: Prepared, ids: Sequence[str]) -> list[str]:
    """Keep in the Installation that who asks has read these notes; returns their ids. Raises UnknownNote."""
    notes = tuple(one.note for one in prepared.guides.told)
    _refuse_unknown(notes, frozenset(ids))
    now = {"by": outside.person, "at": outside.clock.now().isoformat(timespec="seconds")}
    chosen = {note.key: now for note in notes if note.guide.id in ids}
    await outside.cluster.patch(prepared.installation.ref, {"spec": {"acknowledged": chosen}})
    what = f"{prepared.installation.name}: {', '.join(chosen)}"
    await audit.Log(outside).record(audit.Entry(now["at"], outside.person, "acknowledge", "done", detail=what))
    return sorted(ids)


def _kept(installation: KubeObject) -> dict[str, Acknowledged]:
    held: Mapping[str, Mapping[str, str]] = installation.get("spec", "acknowledged", default={})
    return {key: Acknowledged(one.get("by", ""), one.get("at", "")) for key, one in held.items()}


def _refuse_unknown(notes: Sequence[Note], ids: frozenset[str]) -> None:
    known = {note.guide.id for note in notes}
    for name in sorted(ids - known):
        raise UnknownNote(
            f"No release on the way has a note {name}.",
            found=f"notes: {', '.join(sorted(known))}" if known else "there are no notes",
            hint="`changeover guides` lists them",
        )


async def _documents(way: Way) -> tuple[list[tuple[str, ReleaseDocument]], dict[str, str]]:
    """The Release documents from the first one passed to the goal, and why others could not be read."""
    slots, unread = asyncio.Semaphore(_AT_ONCE), dict[str, str]()

    async def read(version: str) -> ReleaseDocument | None:
        try:
            async with slots:
                files = await way.source.fetch(version)
            return documents.release_of(read_package(files, way.target.installation.name))
        except Problem as problem:
            unread[version] = problem.message
            return None

    goal, package = way.target.release.version, way.target.rendered.package
    ahead = [one.version for one in way.catalog.newer_than(way.installed, naming=goal)]
    between = ahead[: ahead.index(goal)] if goal in ahead and package.form is not Form.CHART else []
    found = await asyncio.gather(*(read(version) for version in between))
    said = [(version, one) for version, one in zip(between, found, strict=True) if one is not None]
    return [*said, (goal, documents.release_of(package))], unread


async def _judged(outside: Outside, way: Way, notes: Sequence[Note]) -> list[tuple[Judgement, Judged | None]]:
    """Whether each note concerns this installation, and what its check says."""
    early = await _without_cluster(outside, way, notes)
    wanted = []
    for note, judgement in zip(notes, early, strict=True):
        when = note.guide.applies_when
        asks = judgement.concern is not Concern.NO
        wanted += [one if asks else None for one in (when.check if when else None, note.guide.check)]
    how = checking.How(bounds=preflights.BOUNDS)
    worst = iter(await checking.worst_of_each(outside, wanted, how, hide=tuple(way.target.revision.secrets)))
    found: list[tuple[Judgement, Judged | None]] = []
    for judgement, (predicate, own) in zip(early, zip(worst, worst, strict=True), strict=True):
        late = guides.by_check(predicate.verdict, predicate.message) if predicate else Judgement(Concern.YES)
        both = _both(judgement, late)
        found.append((both, own if both.concern is not Concern.NO else None))
    return found


async def _without_cluster(outside: Outside, way: Way, notes: Sequence[Note]) -> list[Judgement]:
    document = documents.release_of(way.target.rendered.package)
    scheme = document.scheme or way.catalog.scheme
    asks = any(note.guide.applies_when and note.guide.applies_when.answers for note in notes)
    answers = await _answers(outside, way.target) if asks else {}
    return [
        _both(
            guides.by_version(note.guide.applies_when, way.installed, scheme),
            guides.by_answers(note.guide.applies_when, answers),
        )
        for note in notes
    ]


async def _answers(outside: Outside, target: preflights.Target) -> dict[str, str]:
    context = await preflights.context_of(outside, target)
    found = settings_of.settings(target.rendered.carried, context, produce=outside.produce)
    return {one.name: one.effective for one in found}


def _both(one: Judgement, other: Judgement) -> Judgement:
    """What both say together: no wins, then unknown."""
    order = (Concern.NO, Concern.UNKNOWN, Concern.YES)
    return min(one, other, key=lambda each: order.index(each.concern))


def _finding(told: Told) -> Finding:
    guide = told.note.guide
    found, text = "; ".join(_found(told)), " ".join(guide.text.split())
    if told.waits:
        message = f"Note {guide.id} of {told.note.release} must be acknowledged: {text}"
        hint = f"take care of it, then say --acknowledge {guide.id}"
        return Finding(UNREAD, Severity.BLOCKS, message, found=found, hint=hint)
    loud = told.read is None and (told.check.verdict != "pass" if told.check else guide.severity == "breaking")
    return Finding(READ, Severity.WARNS if loud else Severity.NOTES, text, found=found)


def _found(told: Told) -> Iterator[str]:
    yield f"{told.note.guide.severity}, from the notes of {told.note.release}"
    if told.judgement.concern is Concern.UNKNOWN:
        yield f"whether it concerns you cannot be known: {told.judgement.why}"
    if told.check:
        words = {"pass": "checked", "unknown": "could not be checked"}.get(told.check.verdict, "the check found")
        yield f"{words}: {told.check.message}"
    if told.read:
        yield f"acknowledged by {told.read.by}"
