"""What Changeover follows in an Installation: its profile, its strategy, and its package rendered with its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from changeover.actions import installations, revisions
from changeover.actions.outside import Outside, Source
from changeover.objects import KubeObject
from changeover.package.package import Package, read_package
from changeover.release import merge
from changeover.release.catalog import Release
from changeover.release.documents import ReleaseDocument
from changeover.release.profile import Profile
from changeover.render import pipeline
from changeover.render.context import Context, ReleaseFacts
from changeover.render.revision import Revision


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered release, what its form still misses, and the generated values to be kept."""

    package: Package
    revision: Revision
    kept: Mapping[str, str]
    answers: Mapping[str, Any]
    missing: tuple[str, ...] = ()


def profile_of(installation: KubeObject, release: ReleaseDocument | None) -> Profile:
    """The Installation's profile, with the parts that the release says itself."""
    own = Profile.model_validate(installation.get("spec", "profile", default={}))
    return merge.merge_profiles((("release", release.profile if release else None), ("installation", own))).profile


def default_strategy(installation: KubeObject, profile: Profile) -> str:
    """What the Installation says, else a window where there are sessions to lose, else plain."""
    return str(installation.get("spec", "strategy", default="")) or ("window" if profile.sessions else "plain")


async def render(
    outside: Outside, installation: KubeObject, source: Source, release: Release, *, answers: Mapping[str, Any] | None
) -> Rendered:
    """Render a release with the Installation's answers (those given now on top) and the values kept earlier."""
    package = read_package(await source.fetch(release.version), installation.name)
    merged = {**await installations.read_answers(outside, installation), **(answers or {})}
    context = Context(
        namespace=outside.namespace,
        slug=package.application.name or installation.name,
        release=ReleaseFacts(
            label=release.version,
            sequence=len(revisions.listed(installation)),
            cursor=str(release.cursor),
            notes=release.notes,
            required=release.required,
        ),
        kubernetes_version=await outside.cluster.version(),
        now=outside.clock.now(),
        kept=await installations.read_kept(outside, installation),
    )
    served = await outside.cluster.served()
    revision, kept = pipeline.render(
        package,
        merged,
        context,
        charts=outside.charts,
        produce=outside.produce,
        namespaced=lambda kind: found.namespaced if (found := served.get((kind.api_version, kind.name))) else None,
    )
    missing = tuple(remark.message for remark in revision.remarks if remark.reference == "missing-answer")
    return Rendered(package, revision, kept, merged, missing)
