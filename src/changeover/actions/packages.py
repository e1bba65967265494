"""Look into a package without a cluster: show it, lint it, render it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from changeover.actions import checking, following, licensing
from changeover.actions.answers import Answers
from changeover.actions.outside import Desk
from changeover.checks import collector_images
from changeover.lint import lint as rules
from changeover.lint import rendered as rendered_rules
from changeover.lint import sarif, succession
from changeover.lint.finding import Finding
from changeover.objects import KubeObject
from changeover.package import yaml_text
from changeover.package.answers import Given
from changeover.package.package import Package, read_package
from changeover.release.catalog import Release
from changeover.render import customisations, pipeline
from changeover.render.context import Context, Registry, ReleaseFacts
from changeover.render.customisations import Target
from changeover.render.helm import MissingChart
from changeover.render.overlay.overridden import Form
from changeover.render.revision import Revision

HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to render, and with what."""

    path: str
    version: str = ""
    namespace: str = "default"
    kept: str = ""
    """JSON of values kept by an earlier rendering."""
    answers: Given = field(default_factory=Given)
    licence: licensing.Given | None = None
    registry: Registry | None = None
    customisations: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A revision without a cluster, the values to keep, and the images that its collectors start."""

    revision: Revision
    kept: str
    collectors: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Of the revision."""
        return self.revision.digest

    @property
    def count(self) -> int:
        """How many objects."""
        return len(self.revision.objects)

    @property
    def undone(self) -> tuple[str, ...]:
        """What was not done of the customisations, in words."""
        return tuple(one.message for one in self.revision.remarks if one.reference in customisations.UNDONE)

    def as_yaml(self, *, show_secrets: bool) -> str:
        """The manifests as one stream."""
        return yaml_text.dump_all([_shown(obj, show_secrets=show_secrets) for obj in self.revision.everything])

    def as_json(self, *, show_secrets: bool) -> dict[str, Any]:
        """Version, digest, objects and what rendering tolerated."""
        return {
            "version": self.revision.version,
            "digest": self.digest,
            "objects": [_shown(obj, show_secrets=show_secrets) for obj in self.revision.everything],
            "remarks": [asdict(remark) for remark in self.revision.remarks],
        }


def _shown(obj: KubeObject, *, show_secrets: bool) -> dict[str, Any]:
    raw = dict(obj.raw)
    if obj.kind != "Secret" or show_secrets:
        return raw
    return {
        **raw,
        **{
            part: dict.fromkeys(raw[part], HIDDEN)
            for part in ("data", "stringData")
            if isinstance(raw.get(part), Mapping)
        },
    }


async def read(desk: Desk, path: str, version: str) -> tuple[Package, Release]:
    """The package at a path, or a release of the channel at a path (the newest when none is named)."""
    source = desk.source(path)
    catalog = await source.catalog()
    release = catalog.find(version) if version or catalog.newest is None else catalog.newest
    return read_package(await source.fetch(release.version), catalog.name), release


async def show(desk: Desk, path: str, version: str) -> dict[str, Any]:
    """Plain facts about a package."""
    package, release = await read(desk, path, version)
    kinds: dict[str, int] = {}
    for document in package.documents:
        if document.kind:
            kinds[document.kind] = kinds.get(document.kind, 0) + 1
    return {
        "title": package.title,
        "version": release.version,
        "form": package.form.value,
        "files": len(package.files),
        "documents": ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())),
        "charts": ", ".join(f"{chart.name} {chart.version}" for chart in package.charts),
        "status informers": ", ".join(package.application.status_informers),
        "links": ", ".join(f"{text or url}: {url}" for text, url in package.application.links),
        "ports": ", ".join(f"{one.service}:{one.port}" for one in package.application.ports),
        "graphs": ", ".join(one.title for one in package.application.graphs),
        "additional namespaces": ", ".join(package.application.additional_namespaces),
        "additional images": len(package.application.additional_images) or "",
        "made for KOTS": _kots(package),
        "images in the bundle": len(release.airgap.images) if release.airgap else "",
        "required": release.required,
        "notes": release.notes,
        "digest": package.digest,
    }


def _kots(package: Package) -> str:
    """What it says of KOTS's version; Changeover is none."""
    least, most = package.application.min_version, package.application.target_version
    return ", ".join(part for part in (f"at least {least}" if least else "", f"at most {most}" if most else "") if part)


async def lint(desk: Desk, path: str, version: str, *, after: str = "") -> tuple[Finding, ...]:
    """Findings for the author, worst first; `after` is the release that customers update from."""
    package, _ = await read(desk, path, version)
    following_it: tuple[Finding, ...] = ()
    if after:
        old, _ = await read(desk, after, "")
        following_it = tuple(succession.check(_by_default(desk, package, cursor=2), _by_default(desk, old, cursor=1)))
    names = pipeline.function_names()
    return rules.lint(package, functions=names, produce=desk.produce, succession=following_it)


def _by_default(desk: Desk, package: Package, *, cursor: int) -> tuple[Package, Revision]:
    """The package with what it becomes when every answer is left at its default."""
    context = rendered_rules.somebodys(package, cursor=cursor)
    values = following.carried(package, Answers(), Given()).values
    try:
        revision, _ = pipeline.render(package, values, context, charts=desk.charts, produce=desk.produce)
    except MissingChart:  # said by a rule of its own; what is not from charts is compared nevertheless
        revision, _ = pipeline.render(package, values, context, charts=None, produce=desk.produce)
    return package, revision


def as_sarif(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings in the form that code hosts read."""
    return sarif.as_sarif(findings)


async def render(desk: Desk, wanted: Wanted) -> Rendered:
    """Render with the given answers and kept values."""
    package, release = await read(desk, wanted.path, wanted.version)
    licence = wanted.licence.checked().licence if wanted.licence else None
    channel = following.channel_of(licence, release)
    context = Context(
        namespace=wanted.namespace,
        slug=(licence.application if licence else "") or package.application.name or package.name,
        licence=licence.spec if licence else None,
        registry=wanted.registry,
        release=ReleaseFacts(
            label=release.version,
            cursor=str(release.cursor),
            notes=release.notes,
            channel=channel,
            airgap=release.airgap is not None,
        ),
        now=desk.clock.now(),
        kept=json.loads(wanted.kept or "{}"),
    )
    values = following.carried(package, Answers(), wanted.answers).values
    revision, kept = pipeline.render(package, values, context, charts=desk.charts, produce=desk.produce)
    if wanted.customisations:
        target = Target(wanted.namespace, form=Form(package, wanted.answers.values))
        revision = customisations.apply(revision, wanted.customisations, target)
    found = checking.documents(package, revision, values, context, produce=desk.produce)
    started = tuple(sorted(set(collector_images.used(found)) - set(package.application.excluded_images)))
    return Rendered(revision, json.dumps(dict(kept), indent=2, sort_keys=True), started)
