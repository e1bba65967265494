"""The preflights of a release as a part of every plan for it: what fails becomes a finding, all of it is kept.

* only reading collectors are carried out, unless more was allowed; lists that no analyzer reads are left out
* a strict check that fails, or that nobody could make, blocks; its name, typed, lets the change go on all the same
* another that fails warns; what could not be judged is named in one line, never counted as passed
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from changeover.actions import checking, following
from changeover.actions.ask import Checks
from changeover.actions.checking import Checked, Judged
from changeover.actions.outside import Outside
from changeover.checks import specs
from changeover.checks.consent import Consent
from changeover.objects import KubeObject
from changeover.plan.model import Finding, Severity
from changeover.ports import Bounds
from changeover.release.catalog import Release
from changeover.render.context import Context
from changeover.render.revision import Revision

FAILED = "preflight-failed"
KINDS = frozenset({"Preflight", "Redactor"})
BOUNDS = Bounds(seconds=15)
"""Somebody waits for the plan."""

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the plan says about it, and what the run keeps."""

    findings: tuple[Finding, ...] = ()
    checked: Checked | None = None

    @property
    def record(self) -> bytes:
        """Every verdict as JSON; empty when there was nothing to check."""
        return json.dumps(self.checked.as_json(), sort_keys=True).encode() if self.checked else b""


@dataclass(frozen=True, slots=True)
class Target:
    """The release that is planned, as it was rendered."""

    installation: KubeObject
    release: Release
    rendered: following.Rendered
    revision: Revision


async def look(outside: Outside, target: Target, checks: Checks) -> Outcome:
    """Carry out the release's preflights; nothing happens for a release without any."""
    documents = (one for one in target.rendered.package.documents if one.kind == "Preflight")
    labelled = any(label in one.labels for one in target.revision.everything for label in specs.LABELS)
    if not labelled and next(documents, None) is None:
        return Outcome()
    context = await context_of(outside, target)
    values = target.rendered.carried.values
    subject = checking.of_rendered(outside, target.rendered.package, target.revision, values=values, context=context)
    wanted = specs.read(subject.documents, kinds=KINDS)
    if checks.skip:
        wanted = replace(wanted, analyzers=tuple(one for one in wanted.analyzers if specs.is_strict(one)))
    if not wanted.analyzers:
        return Outcome()
    how = checking.How(frozenset(Consent(one) for one in checks.allowed), BOUNDS)
    checked = await checking.check(outside, specs.lighter(wanted), how, hide=subject.secrets)
    return Outcome(tuple(findings(checked, checks)), checked)


async def context_of(outside: Outside, target: Target) -> Context:
    """What its templates are rendered with."""
    package = target.rendered.package
    context = await following.context_of(outside, target.installation, package, target.release)
    return replace(context, kept={**context.kept, **target.rendered.kept})


def findings(checked: Checked, checks: Checks) -> Iterator[Finding]:
    """What the plan says: each check that failed, each strict one left open, the others left open in one line."""
    for one in checked.judged:
        if one.verdict == "fail" or (one.verdict == "unknown" and one.strict):
            yield _failed(one, accepted=one.title in checks.accepted)
        elif one.verdict == "warn":
            yield Finding(
                "preflight-warned",
                Severity.NOTES,
                f"{one.title}: {_line(one.message)}",
                found=_found(one),
                hint=one.uri or one.hint,
            )
    unknown = [one.title for one in checked.judged if one.verdict == "unknown" and not one.strict]
    if unknown:
        names = ", ".join(unknown[:_NAMED]) + (f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else "")
        yield Finding(
            "preflight-unknown",
            Severity.NOTES,
            f"{len(unknown)} preflight checks were not made: {names}.",
            hint="`changeover preflight` makes them, with --allow also those that start pods",
        )


def _failed(one: Judged, *, accepted: bool) -> Finding:
    blocks = one.strict and not accepted
    words = "could not be made" if one.verdict == "unknown" else "failed"
    hint = one.uri or one.hint or "`changeover preflight` shows every check"
    if blocks:
        hint = f'{hint}; to go on all the same, say --accept-check "{one.title}"'
    return Finding(
        FAILED,
        Severity.BLOCKS if blocks else Severity.WARNS,
        f'The release\'s check "{one.title}" {words}: {_line(one.message)}',
        found=_found(one),
        hint=hint,
    )


def _found(one: Judged) -> str:
    """What was measured, by which condition, of which objects."""
    threshold = f"threshold {one.threshold}" if one.threshold else ""
    objects = ", ".join(str(about) for about in one.about[:_NAMED])
    return "; ".join(filter(None, (one.measured, threshold, objects)))


def _line(message: str) -> str:
    return " ".join(message.split())
