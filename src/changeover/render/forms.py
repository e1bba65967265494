"""From the three forms of packages to placed manifests: plain manifests, a plain chart, KOTS.

* manifests are taken as they are: a ``{{`` in them belongs to somebody else;
* a chart's values are the answers; its hooks are kept with its release;
* in a KOTS package every text file is a template and is rendered whole, before it is read as YAML; then its documents
  are judged one by one (`admission`); HelmChart documents are decoded from their rendered file, and their charts
  rendered with the values found there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from changeover.package import charts as packaged
from changeover.package import package as packages
from changeover.package import yaml_text
from changeover.package.documents import Document
from changeover.package.package import Package
from changeover.ports import ChartRequest, Charts, RenderedChart
from changeover.render import admission, chart_release, finish, helm, ordering, steady
from changeover.render.chart_release import ChartRelease
from changeover.render.ordering import Placed
from changeover.render.revision import Remark
from changeover.render.steady import Keepsakes

Template = Callable[[str, str], str]
"""(file, text) -> the text with the vendor's templates carried out."""

_HELM_CHART = re.compile(r"^[\"']?kind[\"']?:\s*[\"']?HelmChart\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Setting:
    """What charts are rendered for. `charts` None = charts are left out, each with a remark."""

    namespace: str
    kubernetes: str = ""
    charts: Charts | None = None
    keepsakes: Keepsakes = field(default_factory=Keepsakes)
    api_versions: frozenset[str] = frozenset()
    revisions: Mapping[str, int] = field(default_factory=dict)
    """The number of the last revision of each Helm release."""
    release: str = ""
    """What a plain chart's release is called."""
    schema: bool = True
    """Let Helm judge a chart's values; not when they are refused already and the plan shall be seen nevertheless."""


@dataclass(slots=True)
class Formed:
    """What a package gives: placed manifests, what was remarked on, and the releases that Helm would know."""

    placed: list[Placed] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    releases: list[ChartRelease] = field(default_factory=list)

    def add(self, other: Formed) -> None:
        """Append another's."""
        self.placed += other.placed
        self.remarks += other.remarks
        self.releases += other.releases


def manifests(package: Package) -> Formed:
    """The objects of a folder of manifests."""
    placed, remarks = [], []
    for document in package.documents:
        found = _admit_plain(document)
        if document.api_version.startswith("kustomize.config.k8s.io/"):
            remarks.append(
                Remark("not-built", "left out: a kustomization is an instruction", document.file, document.line)
            )
        elif found is None:
            remarks.append(Remark("broken-yaml", "left out: not a kubernetes document", document.file, document.line))
        elif admission.is_included(found, where=document.where):
            placed.append(Placed(found, document.where, ordering.phase_of(found)))
    return Formed(placed, remarks)


def chart(package: Package, values: Mapping[str, Any], setting: Setting) -> Formed:
    """The objects of a plain chart; the release is called like the Installation, else like the chart."""
    own = package.charts[0]
    release = helm.HelmRelease(own.name, own.version, setting.release or own.name, package.name, values=values)
    return _rendered_chart(release, helm.find_chart(release, [own]), setting, start=0)


def kots(package: Package, template: Template, setting: Setting) -> Formed:
    """The objects of a KOTS package, manifests first, then what Helm would install."""
    formed = Formed()
    releases: list[helm.HelmRelease] = []
    for file, text in _texts(package):
        rendered = template(file, text)
        releases += _helm_charts(file, rendered)
        for line, part in yaml_text.split_documents(rendered):
            judged = admission.admit(file, part, first_line=line)
            if judged.remark:
                formed.remarks.append(judged.remark)
            if judged.raw is not None:
                formed.placed.append(Placed(judged.raw, f"{file} line {line}", ordering.phase_of(judged.raw)))
    for release in sorted(helm.in_order(releases), key=lambda one: one.native):
        start = ordering.next_phase(formed.placed)
        formed.add(_from_package(release, package.charts, setting, start=start))
    return formed


def _admit_plain(document: Document) -> Mapping[str, Any] | None:
    return document.data if document.api_version and document.kind else None


def _texts(package: Package) -> Iterator[tuple[str, str]]:
    """The files that can become objects: not those that hold nothing but other vendor kinds."""
    vendor: dict[str, bool] = {}
    for document in package.documents:
        only = document.is_vendor and document.kind != "HelmChart"
        vendor[document.file] = vendor.get(document.file, True) and only
    folders = packaged.folders(package.files)
    for path, content in package.files.items():
        if path.startswith(folders) or vendor.get(path) or not packages.may_hold_documents(path, content):
            continue
        yield path, content.decode("utf-8")


def _helm_charts(file: str, rendered: str) -> Iterator[helm.HelmRelease]:
    if not _HELM_CHART.search(rendered):
        return
    for line, part in yaml_text.split_documents(rendered):
        if not _HELM_CHART.search(part):
            continue
        raw = yaml_text.load(part, file=file, first_line=line)
        if not (isinstance(raw, dict) and str(raw.get("apiVersion", "")).startswith("kots.io/")):
            continue
        where = f"{file} line {line}"
        if admission.is_included(raw, where=where, vendor_kinds=True):
            release = helm.read_helm_chart(raw, where=where)
            if release:
                yield release


def _from_package(
    release: helm.HelmRelease, charts: Iterable[packaged.Chart], setting: Setting, *, start: int
) -> Formed:
    if setting.charts is None:
        message = f"the chart {release.chart} {release.version} was left out, as asked"
        return Formed(remarks=[Remark("chart-left-out", message, release.where)])
    found = helm.find_chart(release, charts)
    return _rendered_chart(release, found, setting, start=max(start, 1) if release.native else None)


def _rendered_chart(release: helm.HelmRelease, chart: packaged.Chart, setting: Setting, *, start: int | None) -> Formed:
    if setting.charts is None:
        left_out = Remark("chart-left-out", f"the chart {chart.name} was left out, as asked", chart.path)
        return Formed(remarks=[left_out])
    helm.check_kubernetes(chart, setting.kubernetes)
    namespace = release.namespace or setting.namespace
    first, second = (_stream(setting.charts, release, chart, setting) for _ in range(2))
    objects, remarks = _chart_objects(first.manifests, release, chart, namespace)
    mark = finish.digest([chart.version, release.values])
    if first.manifests != second.manifests:
        scope = "\n".join((f"{namespace}/{release.release}", mark))
        again, _ = _chart_objects(second.manifests, release, chart, namespace)
        raws = [[item.raw for item in found] for found in (objects, again)]
        settled = steady.settle(raws[0], raws[1], scope=scope, keepsakes=setting.keepsakes)
        objects = [replace(item, raw=raw) for item, raw in zip(objects, settled, strict=True)]
    upgrade = setting.revisions.get(release.release, 0) > 0
    if start is None:
        return Formed(ordering.place_among_manifests(objects, upgrade=upgrade, mark=mark), remarks)
    placed = ordering.place_chart(objects, start=start)
    made = chart_release.release_of(chart, objects, name=release.release, namespace=namespace)
    phase = max((item.phase for item in placed), default=start)
    made = replace(made, values=release.values, notes=first.notes, upgrade=upgrade, phase=phase)
    return Formed(placed, remarks, [made])


def _stream(charts: Charts, release: helm.HelmRelease, chart: packaged.Chart, setting: Setting) -> RenderedChart:
    return charts.render(
        ChartRequest(
            archive=chart.archive,
            release=release.release,
            namespace=release.namespace or setting.namespace,
            values=release.values,
            kubernetes=setting.kubernetes,
            api_versions=setting.api_versions,
            revision=setting.revisions.get(release.release, 0) + 1,
            schema=setting.schema,
        )
    )


def _chart_objects(
    stream: str, release: helm.HelmRelease, chart: packaged.Chart, namespace: str
) -> tuple[list[Placed], list[Remark]]:
    objects: list[Placed] = []
    remarks: list[Remark] = []
    for line, part in yaml_text.split_documents(stream):
        judged = admission.admit("manifests.yaml", part, first_line=line)
        where = f"chart {chart.name} ({_source(part) or f'line {line}'})"
        if judged.remark:
            remarks.append(replace(judged.remark, file=where, line=0))
        if judged.raw is not None:
            objects.append(
                Placed(
                    judged.raw,
                    where,
                    namespace=namespace,
                    rewrite=not release.native,
                    source=_source(part),
                    release="" if ordering.is_hook(judged.raw) else f"{namespace}/{release.release}",
                )
            )
    return objects, remarks


def _source(part: str) -> str:
    """The template that Helm names in its comment."""
    match = re.search(r"^# Source: (\S+)", part, re.MULTILINE)
    return match.group(1) if match else ""
