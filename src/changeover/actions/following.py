"""What Changeover follows in an Installation: its profile, its strategy, and its package rendered with its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from changeover.actions import answers, helm_records, kots_answers, licensing, registries, revisions, uploads
from changeover.actions.answers import Answers
from changeover.actions.in_accounts import planning
from changeover.actions.outside import Outside, Source
from changeover.objects import GROUP, KubeObject
from changeover.package import asked, continuity
from changeover.package.answers import Given, layered
from changeover.package.continuity import Passage
from changeover.package.licence import Licence
from changeover.package.package import Form, Package, read_package
from changeover.release import documents, merge, signed_address
from changeover.release.catalog import Release
from changeover.release.documents import ReleaseDocument
from changeover.release.profile import Profile
from changeover.render import pipeline
from changeover.render.context import Context, ReleaseFacts
from changeover.render.revision import Revision
from changeover.render.shape import Namespaced


@dataclass(frozen=True, slots=True)
class Over:
    """What is laid over that which the Installation holds; None lays nothing."""

    answers: Given | None = None
    licence: licensing.Given | None = None


HELM_RELEASE = f"{GROUP}/helm-release"
"""On an Installation: the Helm release that it continues, when it is called otherwise."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A release's package with the answers that hold for it, and what became of each of them."""

    package: Package
    answers: Answers
    report: tuple[Passage, ...] = ()

    @property
    def values(self) -> Mapping[str, Any]:
        """The answers as rendering takes them."""
        values = self.answers.given.values
        return asked.nested(values) if self.package.form is Form.CHART else values


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered release, what its form still misses, and the generated values to be kept."""

    carried: Carried
    revision: Revision
    kept: Mapping[str, str]

    @property
    def package(self) -> Package:
        """What was rendered."""
        return self.carried.package

    @property
    def missing(self) -> tuple[str, ...]:
        """Required questions without an answer, in words."""
        return tuple(remark.message for remark in self.revision.remarks if remark.reference == "missing-answer")


def profile_of(installation: KubeObject, release: ReleaseDocument | None) -> Profile:
    """The Installation's profile, with the parts that the release says itself."""
    own = Profile.model_validate(installation.get("spec", "profile", default={}))
    return merge.merge_profiles((("release", release.profile if release else None), ("installation", own))).profile


def default_strategy(installation: KubeObject, profile: Profile) -> str:
    """What the Installation says, else a window where there are sessions to lose, else plain."""
    return str(installation.get("spec", "strategy", default="")) or ("window" if profile.sessions else "plain")


def source_of(outside: Outside, installation: KubeObject, elsewhere: str = "") -> Source:
    """Where its releases come from, and what was given by hand; `elsewhere` names another channel or package."""
    usual = str(installation.get("spec", "source", "channel", default=""))
    if elsewhere:
        return outside.source(signed_address.inherit(elsewhere, usual))
    return uploads.WithUploads(outside, installation) if uploads.listed(installation) else outside.source(usual)


def shown_source(installation: KubeObject) -> str:
    """Where its releases come from, for people: a key that they must be signed with is said, not shown."""
    signed = signed_address.split(str(installation.get("spec", "source", "channel", default="")))
    how = "a keyring" if signed.keyring else "a key" if signed.key else ""
    return f"{signed.address} (must be signed: {how})" if how else signed.address


async def carry(
    outside: Outside, installation: KubeObject, source: Source, release: Release, *, over: Given | None
) -> Carried:
    """A release's package with the answers that hold: those of what runs, those saved, those given now on top.

    Raises UnknownAnswer.
    """
    package = read_package(await source.fetch(release.version), installation.name)
    over = await kots_answers.opened(outside, over or Given())
    waiting = await answers.saved(outside, installation)
    found = carried(package, await answers.running(outside, installation), layered((waiting, over)))
    return replace(found, answers=replace(found.answers, saved=answers.mark_of(waiting)))


def carried(package: Package, held: Answers, over: Given) -> Carried:
    """Carry answers to a package, with others laid over them. Raises UnknownAnswer."""
    questions = asked.asked_by(package)
    if package.form is Form.CHART:
        over = asked.for_chart(over, questions)
    renames = documents.release_of(package).config.renames
    passed = continuity.carry_over(layered((held.given, over)), before=held.questions, now=questions, renames=renames)
    asked.check_names(passed.answers, questions)
    given = Given(passed.answers.values, passed.answers.origins)
    return Carried(package, Answers(given, questions), passed.report)


async def context_of(
    outside: Outside, installation: KubeObject, package: Package, release: Release, *, over: Over | None = None
) -> Context:
    """What rendering is told about the Installation, the release and the cluster."""
    given = (over.licence if over else None) or await licensing.held(outside, installation)
    licence = given.checked(documents.release_of(package).licence.key).licence if given else None
    return Context(
        namespace=outside.namespace,
        slug=(licence.application if licence else "") or package.application.name or installation.name,
        licence=licence.spec if licence else None,
        registry=await registries.held(outside, installation),
        release=ReleaseFacts(
            label=release.version,
            channel=channel_of(licence, release),
            sequence=len(revisions.listed(installation)),
            cursor=str(release.cursor),
            notes=release.notes,
            required=release.required,
            airgap=release.airgap is not None,
        ),
        kubernetes_version=await outside.cluster.version(),
        api_versions=await _api_versions(outside),
        helm_release=installation.annotations.get(HELM_RELEASE, "") or installation.name,
        helm_revisions=await helm_records.numbers(planning(outside)),
        now=outside.clock.now(),
        kept=await answers.read_kept(outside, installation),
    )


async def _api_versions(outside: Outside) -> frozenset[str]:
    served = await outside.cluster.served()
    return frozenset(text for version, kind in served for text in (version, f"{version}/{kind}"))


def channel_of(licence: Licence | None, release: Release) -> str:
    """The channel's name: what a bundle says, else the licence."""
    told = release.airgap.channel_name if release.airgap else ""
    return told or (str(licence.channel.get("channelName") or "") if licence else "")


async def render(
    outside: Outside, installation: KubeObject, source: Source, release: Release, *, over: Over
) -> Rendered:
    """Render a release with the answers that hold and the values kept earlier. Raises UnknownAnswer."""
    found = await carry(outside, installation, source, release, over=over.answers)
    revision, kept = pipeline.render(
        found.package,
        found.values,
        await context_of(outside, installation, found.package, release, over=over),
        charts=outside.charts,
        produce=outside.produce,
        namespaced=await namespaced_in(outside),
    )
    return Rendered(found, revision, kept)


async def namespaced_in(outside: Outside) -> Namespaced:
    """Whether the cluster serves a kind in namespaces; None for a kind that it does not serve."""
    served = await outside.cluster.served()
    return lambda kind: known.namespaced if (known := served.get((kind.api_version, kind.name))) else None
