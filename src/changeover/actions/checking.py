"""What is checked, and doing it: collect, judge, take secrets out. Serves preflights, support bundles and plans.

Analyzers see what was collected as it was; everything that leaves this module, files and words, is redacted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from changeover.actions import following, licensing
from changeover.actions.answers import Answers
from changeover.actions.in_accounts import planning
from changeover.actions.installations import SECRET
from changeover.actions.outside import Outside
from changeover.checks import analyzers, collector_images, consent, gaps, specs
from changeover.checks.bundle import SPEC_FILE, Mask
from changeover.checks.consent import Consent
from changeover.checks.finding import About, Finding
from changeover.checks.specs import Specs
from changeover.objects import Kind, KubeObject
from changeover.package.answers import Given
from changeover.package.package import Form, Package, read_package
from changeover.ports import Bounds, ClusterProblem, Collected, Progress
from changeover.release.catalog import Release
from changeover.render import pipeline, pull_secret, vendor
from changeover.render.context import Context, Registry, ReleaseFacts
from changeover.render.helm import MissingChart
from changeover.render.pipeline import Produce
from changeover.render.revision import Revision

Verdict = Literal["pass", "warn", "fail", "unknown"]
ORDER: tuple[Verdict, ...] = ("fail", "unknown", "warn", "pass")
"""Worst first; what could not be judged is worse than a warning."""

CONFIG_MAP = Kind("v1", "ConfigMap")


@dataclass(frozen=True, slots=True)
class Place:
    """What a package that is not installed is looked at with."""

    licence: licensing.Given | None = None
    registry: Registry | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked: the documents that say how, and what must never be shown of it."""

    title: str
    documents: tuple[Mapping[str, Any], ...]
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What one analyzer says; `strict` = the application must not be installed while it does not pass."""

    verdict: Verdict
    title: str
    message: str
    kind: str
    strict: bool = False
    measured: str = ""
    uri: str = ""
    threshold: str = ""
    """The condition that held, or those that did not."""
    about: tuple[About, ...] = ()
    hint: str = ""
    """What to do, beside what the message says; of what is unknown, what would make it known."""

    def as_json(self) -> dict[str, Any]:
        """For programs and records."""
        told = {name: getattr(self, name) for name in self.__slots__ if name != "about"}
        return {**told, "objects": [one.as_json() for one in self.about]}


@dataclass(frozen=True, slots=True)
class Bench:
    """What analyzers are judged by, and what their words must not show."""

    brought: gaps.Brought
    mask: Mask
    now: datetime


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything that a check brought, without secrets."""

    specs: Specs
    collected: Collected
    judged: tuple[Judged, ...]
    seconds: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The worst of all; unknown when nothing was judged."""
        return next((one for one in ORDER if any(each.verdict == one for each in self.judged)), "unknown")

    def as_json(self) -> dict[str, Any]:
        """For programs and records, without the files."""
        return {
            "verdict": self.verdict,
            "documents": list(self.specs.documents),
            "findings": [one.as_json() for one in self.judged],
            "collectors": [one.as_json() for one in self.collected.fetched],
        }


@dataclass(frozen=True, slots=True)
class How:
    """How to check: what was agreed to, how much it may take, who hears of it."""

    allowed: frozenset[Consent] = frozenset()
    bounds: Bounds = field(default_factory=Bounds)
    tell: Progress = lambda _: None
    image: str = ""
    """The product's, for collectors that look at each node; without it they are skipped."""


async def worst_of_each(
    outside: Outside, analyzers: Sequence[Mapping[str, Any] | None], how: How, *, hide: Collection[str] = ()
) -> list[Judged | None]:
    """The worst that each of these analyzers says, in their order; None for None."""
    named = tuple(one for one in analyzers if one is not None)
    if not named:
        return [None] * len(analyzers)
    light = specs.lighter(Specs(analyzers=named))
    collectors = light.complete().collectors
    may, skipped = consent.split(collectors, how.allowed)
    raw = await outside.collect(may, bounds=how.bounds, tell=how.tell)
    mask = Mask(secrets=await _secrets(outside), values=hide)
    bench = Bench(gaps.Brought(collectors, (*raw.fetched, *skipped), raw.files), mask, outside.clock.now())
    nothing = Judged("unknown", "", "the check says nothing", "")
    return [
        None if one is None else min(judge(one, bench), key=lambda said: ORDER.index(said.verdict), default=nothing)
        for one in analyzers
    ]


async def check(outside: Outside, wanted: Specs, how: How, *, hide: Collection[str] = ()) -> Checked:
    """Collect what may be collected, judge it, and take secrets out. Raises BadRedactor."""
    began = outside.clock.monotonic()
    complete = wanted.complete()
    collectors = (*complete.collectors, *complete.host_collectors)
    may, skipped = consent.split(collectors, how.allowed)
    raw = await outside.collect(specs.in_pods(may, how.image), bounds=how.bounds, tell=how.tell)
    mask = Mask(complete.redactors, secrets=await _secrets(outside), values=hide)
    fetched = (*(replace(one, reason=mask.words(one.reason)) for one in raw.fetched), *skipped)
    judged = judge_all(complete, Bench(gaps.Brought(collectors, fetched, raw.files), mask, outside.clock.now()))
    files = mask.files(raw.files) | {SPEC_FILE: mask.documents(specs.documents_for(complete))}
    return Checked(complete, Collected(files, fetched), judged, outside.clock.monotonic() - began)


def judge_all(wanted: Specs, bench: Bench) -> tuple[Judged, ...]:
    """What every analyzer says, the worst first."""
    judged = [one for analyzer in wanted.analyzers for one in judge(analyzer, bench)]
    for analyzer in wanted.host_analyzers:
        judged += judge(analyzer, bench, host=True)
    return tuple(sorted(judged, key=lambda one: ORDER.index(one.verdict)))


def judge(analyzer: Mapping[str, Any], bench: Bench, *, host: bool = False) -> list[Judged]:
    """What one analyzer says of what was brought; `host`: it is one of a host."""
    kind, strict = specs.kind_of(analyzer), specs.is_strict(analyzer)
    found = [
        replace(one, hint=gaps.hint_for(one.missing, kind, bench.brought, host=host)) if one.missing else one
        for one in analyzers.analyze(analyzer, _Texts(bench.brought.files), host=host, now=bench.now)
    ]
    words = iter(bench.mask.each([word for one in found for word in _words(one)]))
    return [
        Judged(
            one.verdict,
            title=next(words),
            message=next(words),
            kind=kind,
            strict=strict,
            measured=next(words),
            uri=next(words),
            threshold=next(words),
            hint=next(words),
            about=tuple(replace(each, name=next(words)) for each in one.about),
        )
        for one in found
    ]


def _words(one: Finding) -> tuple[str, ...]:
    """What is shown of a finding, in the order in which it is put together again."""
    return one.title, one.message, one.measured, one.uri, one.threshold, one.hint, *(each.name for each in one.about)


class _Texts(Mapping[str, str]):
    """Files as text, decoded when they are looked at."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def __getitem__(self, path: str) -> str:
        return self._files[path].decode(errors="replace")

    def __iter__(self) -> Any:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


async def _secrets(outside: Outside) -> Sequence[KubeObject]:
    try:
        return await planning(outside).cluster.list(SECRET, namespace=outside.namespace)
    except ClusterProblem:
        return ()


# --- where documents come from ---------------------------------------------------------------------------------------


def of_files(files: Sequence[tuple[str, str]], *, values: Mapping[str, Any] | None = None) -> Subject:
    """Of (name, text) of files. Raises BrokenYaml, TemplateProblem, BrokenSpec, NoSpec."""
    found: list[Mapping[str, Any]] = []
    for name, text in files:
        read = specs.documents_of(text, file=name, values=values)
        specs.refuse_broken(read, file=name)
        found += read
    title = ", ".join(name for name, _ in files)
    if not found:
        kinds = ", ".join(sorted(specs.KINDS))
        raise specs.NoSpec(f"{title} holds no Troubleshoot document.", hint=f"kinds are {kinds}")
    return Subject(title, tuple(found))


async def of_cluster(outside: Outside) -> Subject:
    """Of Secrets and ConfigMaps in the namespace that carry Troubleshoot's label."""
    found: list[KubeObject] = []
    for label in specs.LABELS:
        for kind in (SECRET, CONFIG_MAP):
            found += await planning(outside).cluster.list(kind, namespace=outside.namespace, selector=label)
    return Subject("the cluster", tuple(specs.documents_within(found)))


async def of_release(
    outside: Outside, installation: KubeObject, version: str = "", *, answers: Given | None = None
) -> Subject:
    """Of a release of an Installation's channel (the newest when none is named), with the answers that hold."""
    source = following.source_of(outside, installation)
    catalog = await source.catalog()
    release = catalog.find(version) if version or catalog.newest is None else catalog.newest
    over = following.Over(answers)
    rendered = await following.render(outside, installation, source, release, over=over)
    context = await following.context_of(outside, installation, rendered.package, release, over=over)
    context = replace(context, kept={**context.kept, **rendered.kept})
    values = rendered.carried.values
    return of_rendered(outside, rendered.package, rendered.revision, values=values, context=context)


async def of_package(
    outside: Outside,
    address: str,
    version: str = "",
    *,
    answers: Given | None = None,
    given: Place | None = None,
) -> Subject:
    """Of a package, or of a release of a channel, by its address, before anything is installed."""
    source = outside.source(address)
    catalog = await source.catalog()
    release = catalog.find(version) if version or catalog.newest is None else catalog.newest
    package = read_package(await source.fetch(release.version), catalog.name)
    values = following.carried(package, Answers(), answers or Given()).values
    context = await _fresh(outside, package, release, given or Place())
    try:
        revision, kept = pipeline.render(package, values, context, charts=outside.charts, produce=outside.produce)
    except MissingChart:
        revision, kept = pipeline.render(package, values, context, charts=None, produce=outside.produce)
    context = replace(context, kept={**context.kept, **kept})
    return of_rendered(outside, package, revision, values=values, context=context)


async def _fresh(outside: Outside, package: Package, release: Release, given: Place) -> Context:
    read = given.licence.checked().licence if given.licence else None
    return Context(
        namespace=outside.namespace,
        slug=(read.application if read else "") or package.application.name or package.name,
        licence=read.spec if read else None,
        registry=given.registry,
        release=ReleaseFacts(label=release.version, cursor=str(release.cursor), notes=release.notes),
        kubernetes_version=await outside.cluster.version(),
        now=outside.clock.now(),
    )


def of_rendered(
    outside: Outside, package: Package, revision: Revision, *, values: Mapping[str, Any], context: Context
) -> Subject:
    """Of a package that was rendered; what its collectors start comes from the private registry, when there is one."""
    found = documents(package, revision, values, context, produce=outside.produce)
    if context.registry:
        secret = pull_secret.name_of(context) if context.registry.username else ""
        found = [collector_images.moved(one, context.registry.address, secret) for one in found]
    return Subject(f"{package.title} {revision.version}", tuple(found), tuple(revision.secrets))


def documents(
    package: Package, revision: Revision, values: Mapping[str, Any], context: Context, *, produce: Produce
) -> list[Mapping[str, Any]]:
    """Troubleshoot's documents of a package that was rendered: its own, and those in Secrets of its charts."""
    is_kots = package.form is Form.KOTS
    templates = pipeline.templates_of(package, values, context, produce=produce) if is_kots else None
    texts = vendor.troubleshoot_texts(package, templates)
    found = [one for file, text in texts for one in specs.documents_of(text, file=file)]
    return found + specs.documents_within(revision.everything)
