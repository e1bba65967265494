"""Prepare a change: get the package, render it, look at the cluster, plan. Nothing in the cluster is changed by it.

The same preparation serves the preview, the run, and the second look right before the first mutation (`replan`), so
that what was shown and what is done cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from changeover.actions import (
    bundles,
    chart_tests,
    continuing,
    customising,
    fields,
    following,
    guiding,
    installing,
    keys,
    kots_answers,
    learning,
    licensing,
    preflights,
    registries,
    revisions,
    runs_of,
    windows,
)
from changeover.actions.answers import Answers
from changeover.actions.ask import Ask
from changeover.actions.in_accounts import planning
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.package.answers import Given
from changeover.package.continuity import Passage
from changeover.package.package import Package
from changeover.plan import planner, rbac
from changeover.plan.intent import Intent
from changeover.plan.model import Finding, Plan, Snapshot
from changeover.plan.rbac import Right
from changeover.plan.strategy import Parameters
from changeover.release import documents
from changeover.release.catalog import Catalog
from changeover.release.profile import Profile
from changeover.release.route import NoRoute, route
from changeover.render.revision import Revision
from changeover.runs.observe import take_snapshot
from changeover.runs.scene import Subject
from changeover.strategies.table import strategy_named


class NothingToDo(Problem):
    """What was asked for is what runs."""

    reference = "nothing-to-do"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A planned change with everything that a run of it needs."""

    installation: KubeObject
    intent: Intent
    plan: Plan
    profile: Profile
    new: Revision
    old: Revision | None
    new_number: int
    old_number: int
    new_blob: str
    """For a rollback: the blob that is there already; empty when the revision must be kept first."""
    old_blob: str
    package_blob: str
    kept: Mapping[str, str]
    """Generated values, written down when the run begins; empty for a rollback."""
    answers: Answers | None
    """What the new revision was rendered with; None for a rollback, whose answers are there already."""
    report: tuple[Passage, ...] = ()
    """What becomes of each answer."""
    preflights: preflights.Outcome = field(default_factory=preflights.Outcome)
    """What the release's own checks said."""
    guides: guiding.Outcome = field(default_factory=guiding.Outcome)
    """The vendor's notes on the way."""
    overrides: Sequence[Mapping[str, Any]] = ()
    """Freezes in which it begins nevertheless: which, until when, by whom, why."""

    @property
    def rights(self) -> tuple[Right, ...]:
        """Exactly the rights that this change and its way back need."""
        return rbac.rights_of(self.intent, self.plan)

    def parameters_as_json(self) -> dict[str, Any]:
        """What a later process must know to plan the same change again."""
        return {
            **asdict(self.intent.parameters),
            "acceptDataLoss": sorted(self.intent.accept_data_loss),
        }


async def prepare(outside: Outside, installation: KubeObject, ask: Ask) -> Prepared:
    """Plan what was asked for."""
    outside = planning(outside)
    number = revisions.running_number(installation)
    old = await revisions.load(outside, installation, number) if number else None
    if ask.kind == "rollback":
        wanted = await _earlier(outside, installation, ask)
    else:
        wanted = await _release(outside, installation, ask, old=old)
    choice = windows.choice(outside, installation, ask)
    parameters = choice.first(ask)
    intent = Intent(
        kind=ask.kind,
        new=wanted.revision,
        old=old,
        namespace=outside.namespace,
        profile=wanted.profile,
        parameters=parameters,
        masking_key=(await keys.keys_of(outside, installation)).masking,
        history=learning.history_of(installation),
        accept_data_loss=ask.accept_data_loss,
        missing_answers=wanted.missing,
        requires_from=wanted.requires_from,
        findings=(*wanted.findings, *choice.standing.findings(choice.start(parameters))),
    )
    intent, plan = await _fitted(outside, installation, ask, intent, choice)
    return Prepared(
        installation=installation,
        intent=intent,
        plan=plan,
        profile=wanted.profile,
        new=wanted.revision,
        old=old,
        new_number=wanted.number or _next_number(installation),
        old_number=number,
        new_blob=wanted.blob,
        old_blob=str(revisions.entry(installation, number)["blob"]) if number else "",
        package_blob=wanted.package_blob,
        kept=wanted.kept,
        answers=wanted.answers,
        report=wanted.report,
        preflights=wanted.preflights,
        guides=wanted.guides,
        overrides=choice.standing.record(outside, choice.start(intent.parameters)),
    )


async def _fitted(
    outside: Outside, installation: KubeObject, ask: Ask, intent: Intent, choice: windows.Choice
) -> tuple[Intent, Plan]:
    """Planned in the window in which it fits, which only its plan can say."""
    name = ask.strategy or "plain"
    if not ask.strategy and intent.old is not None:
        name = following.default_strategy(installation, intent.profile)
    strategy, seen = strategy_named(name), await _snapshot(outside, installation, intent)
    plan = planner.make_plan(intent, seen, strategy=strategy)
    parameters, found = choice.fitted(ask, plan, intent.parameters)
    if parameters == intent.parameters and not found:
        return intent, plan
    intent = replace(intent, parameters=parameters, findings=(*intent.findings, *found))
    return intent, planner.make_plan(intent, seen, strategy=strategy)


@dataclass(frozen=True, slots=True)
class _Target:
    revision: Revision
    profile: Profile
    number: int = 0
    blob: str = ""
    package_blob: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)
    answers: Answers | None = None
    report: tuple[Passage, ...] = ()
    findings: tuple[Finding, ...] = ()
    preflights: preflights.Outcome = field(default_factory=preflights.Outcome)
    guides: guiding.Outcome = field(default_factory=guiding.Outcome)
    missing: tuple[str, ...] = ()
    requires_from: str = ""


async def _release(outside: Outside, installation: KubeObject, ask: Ask, *, old: Revision | None) -> _Target:
    installed = old.version if old else ""
    source = following.source_of(outside, installation, ask.source)
    catalog = await source.catalog()
    newest = catalog.newest.version if catalog.newest else ""
    version = ask.version or (installed if ask.kind == "configure" else newest)
    release = catalog.find(version)
    rendered = await following.render(outside, installation, source, release, over=following.Over(ask.answers))
    document = documents.release_of(rendered.package)
    profile = _presented(following.profile_of(installation, document), rendered.package)
    revision = await customising.applied(outside, rendered, installation, ask.customisations)
    revision = installing.granted(revision, installation, ask.grants, profile)
    target = preflights.Target(installation, release, rendered, revision)
    looked = await preflights.look(outside, target, ask.checks)
    way = guiding.Way(source, catalog, installed, target)
    notes = await guiding.look(outside, way, acknowledged=ask.acknowledged)
    return _Target(
        revision=revision,
        profile=chart_tests.with_tests(profile, revision, namespace=outside.namespace),
        kept=rendered.kept,
        answers=rendered.carried.answers,
        report=rendered.carried.report,
        findings=(
            *notes.findings,
            *continuing.findings(rendered),
            *kots_answers.findings(await _opened(outside, ask), rendered.carried.answers.questions),
            *looked.findings,
            *customising.findings(revision),
            *registries.findings(revision),
            *await bundles.findings(outside, installation, release, rendered.package.application, old=old),
            *await installing.findings(outside, revision, profile),
            *await licensing.findings(outside, installation, rendered.package, document, kind=ask.kind),
        ),
        preflights=looked,
        guides=notes,
        missing=rendered.missing,
        requires_from=_why_no_route(catalog, installed, version),
    )


def _presented(profile: Profile, package: Package) -> Profile:
    """With the name and the picture by which people know the application."""
    own = {"title": profile.title or package.title, "icon": profile.icon or package.application.icon}
    return profile.model_copy(update=own)


async def _opened(outside: Outside, ask: Ask) -> Given | None:
    return await kots_answers.opened(outside, ask.answers) if ask.answers else None


def _why_no_route(catalog: Catalog, installed: str, version: str) -> str:
    if not installed or installed == version:
        return ""
    try:
        hops = route(catalog, installed, version).hops
    except NoRoute as problem:
        return str(problem)
    if len(hops) > 1:
        stops = ", ".join(hop.release.version for hop in hops[:-1])
        return f"{version} is not reached from {installed} directly: update to {stops} first ({hops[0].reason})."
    return ""


async def _earlier(outside: Outside, installation: KubeObject, ask: Ask) -> _Target:
    running = revisions.running_number(installation)
    numbers = [int(one["number"]) for one in revisions.listed(installation) if int(one["number"]) != running]
    number = ask.revision or await _ran_before(outside, installation, numbers)
    if number == running:
        raise NothingToDo(f"Revision {number} is what runs.", hint="`changeover history` lists the others")
    entry = revisions.entry(installation, number)
    revision = await revisions.load(outside, installation, number)
    return _Target(
        revision=revision,
        profile=chart_tests.with_tests(following.profile_of(installation, None), revision, namespace=outside.namespace),
        number=number,
        blob=str(entry["blob"]),
        package_blob=str(entry.get("packageBlob", "")),
    )


async def _ran_before(outside: Outside, installation: KubeObject, numbers: Sequence[int]) -> int:
    """The revision that the running one took the place of; not the one with the next lower number."""
    running = revisions.running_number(installation)
    for run in reversed(await runs_of.every(outside, installation.name)):
        if runs_of.verdict(run) == "committed" and run.get("spec", "toRevision", "number", default=0) == running:
            left = int(run.get("spec", "fromRevision", "number", default=0))
            if left in numbers:
                return left
            break
    return max((number for number in numbers if number < running), default=max(numbers, default=0))


def _next_number(installation: KubeObject) -> int:
    return max((int(one["number"]) for one in revisions.listed(installation)), default=0) + 1


async def _snapshot(outside: Outside, installation: KubeObject, intent: Intent) -> Snapshot:
    return await take_snapshot(
        outside.cluster,
        intent.new,
        intent.old,
        installation=installation.ref,
        namespace=outside.namespace,
        theirs=fields.theirs(installation, intent.parameters.conflicts),
    )


async def replan(outside: Outside, installation: KubeObject, run: KubeObject, subject: Subject) -> Plan:
    """Plan a run's change again, against the cluster as it is now."""
    given = dict(run.get("spec", "parameters", default={}))
    accepted = frozenset(given.pop("acceptDataLoss", ()))
    intent = Intent(
        kind=subject.plan.kind,
        new=subject.new,
        old=subject.old,
        namespace=subject.namespace,
        profile=subject.profile,
        parameters=replace(Parameters(), **given),
        masking_key=(await keys.keys_of(outside, installation)).masking,
        history=learning.history_of(installation),
        accept_data_loss=accepted,
    )
    seen = await _snapshot(outside, installation, intent)
    return planner.make_plan(intent, seen, strategy=strategy_named(subject.plan.strategy))
