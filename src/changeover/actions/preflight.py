"""Check a cluster before something is installed or updated: what a package's preflights say, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from changeover.actions import checking, installations
from changeover.actions.checking import Checked, How, Subject
from changeover.actions.outside import Outside
from changeover.checks import consent, specs
from changeover.checks.consent import Consent
from changeover.checks.specs import Specs
from changeover.package.answers import Given

KINDS = frozenset({"Preflight", "Collector", "Analyzer", "Redactor"})
Agree = Callable[[Mapping[Consent, Sequence[str]]], frozenset[Consent]]
"""Asks a person for what is needed beyond what was allowed beforehand; returns everything that is allowed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to check: a package by its address, a release of an Installation, or only files."""

    package: str = ""
    release: str = ""
    installation: str = ""
    files: tuple[tuple[str, str], ...] = ()
    """(name, text) of spec files."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """For templated spec files."""
    answers: Given | None = None
    place: checking.Place = field(default_factory=checking.Place)


async def preflight(outside: Outside, wanted: Wanted, how: How, *, agree: Agree) -> Checked:
    """Collect, judge, redact. Raises NoSpec when nothing says what to check."""
    subject = await subject_of(outside, wanted)
    found = specs.read(subject.documents, kinds=specs.KINDS if wanted.files else KINDS)
    if not found.analyzers and not found.host_analyzers:
        raise specs.NoSpec(
            f"{subject.title} says nothing about what to check.",
            found=", ".join(found.documents) or "no Preflight",
            hint="--spec names a file with a Preflight",
        )
    return await checking.check(outside, found, agreed(found, how, agree), hide=subject.secrets)


def agreed(found: Specs, how: How, agree: Agree) -> How:
    """The same with what a person agrees to now."""
    asked = {
        one: titles
        for one, titles in consent.asked((*found.collectors, *found.host_collectors)).items()
        if one not in how.allowed
    }
    return replace(how, allowed=how.allowed | agree(asked)) if asked else how


async def subject_of(outside: Outside, wanted: Wanted) -> Subject:
    """The documents that are meant; files alone when files are all that was named."""
    parts: list[Subject] = []
    if wanted.files:
        parts.append(checking.of_files(wanted.files, values=wanted.values))
    if wanted.package:
        parts.append(
            await checking.of_package(
                outside, wanted.package, wanted.release, answers=wanted.answers, given=wanted.place
            )
        )
    elif wanted.release or not wanted.files:
        installation = await installations.find(outside, wanted.installation)
        parts.append(await checking.of_release(outside, installation, wanted.release, answers=wanted.answers))
    return Subject(
        " and ".join(part.title for part in parts),
        tuple(one for part in parts for one in part.documents),
        tuple(secret for part in parts for secret in part.secrets),
    )
