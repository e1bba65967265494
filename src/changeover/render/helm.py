"""HelmChart documents (kots.io/v1beta1 and v1beta2): which chart, under which name, with which values.

* the document's whole file was rendered before it was decoded, so types follow YAML after rendering;
* `exclude` empty means include; a text must be readable as a boolean;
* `optionalValues` are applied in their order when `when` is true: top-level keys replaced, or, with `recursiveMerge`,
  mappings merged deeply and lists replaced;
* a v1beta1 document stands back when a v1beta2 one has the same chart and release;
* charts go in by weight, then by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from changeover.errors import Problem
from changeover.package.application import mapping, mappings, text
from changeover.package.charts import Chart
from changeover.release import versions
from changeover.release.versions import Scheme
from changeover.render.admission import parse_bool


class BadHelmChart(Problem):
    """A HelmChart document that cannot be carried out."""

    reference = "bad-helm-chart"


class MissingChart(Problem):
    """A HelmChart document whose chart is not in the package."""

    reference = "missing-chart"


class ChartNotForCluster(Problem):
    """A chart that says itself that it is not made for this version of Kubernetes."""

    reference = "chart-not-for-cluster"


@dataclass(frozen=True, slots=True)
class HelmRelease:
    """One chart to render. `native` = installed by Helm itself in KOTS: after all manifests, images untouched."""

    chart: str
    version: str
    release: str
    where: str
    namespace: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    weight: int = 0
    native: bool = True
    flags: tuple[str, ...] = ()
    generation: int = 2


def read_helm_chart(raw: Mapping[str, Any], *, where: str) -> HelmRelease | None:
    """Decode a rendered HelmChart document; None when it excludes itself. Raises BadHelmChart."""
    spec = mapping(raw.get("spec"))
    chart = mapping(spec.get("chart"))
    if not text(chart.get("name")):
        raise BadHelmChart(f"The HelmChart in {where} names no chart.", hint="set spec.chart.name and chartVersion")
    if _flag(spec.get("exclude"), "spec.exclude", where):
        return None
    generation = 1 if raw.get("apiVersion") == "kots.io/v1beta1" else 2
    own_name = text(chart.get("releaseName")) if generation == 1 else text(spec.get("releaseName"))
    return HelmRelease(
        chart=text(chart.get("name")),
        version=str(chart.get("chartVersion") or ""),
        release=own_name or text(chart.get("name")),
        where=where,
        namespace=text(spec.get("namespace")),
        values=_values(spec, where),
        weight=spec["weight"] if isinstance(spec.get("weight"), int) else 0,
        native=generation == 2 or spec.get("useHelmInstall") is True,
        flags=tuple(str(flag) for flag in spec.get("helmUpgradeFlags") or ()),
        generation=generation,
    )


def in_order(releases: Iterable[HelmRelease]) -> list[HelmRelease]:
    """What is installed and in which order. Raises BadHelmChart when two want the same release."""
    found = list(releases)
    newer = {(one.chart, one.release) for one in found if one.generation == 2}
    kept = [one for one in found if one.generation == 2 or (one.chart, one.release) not in newer]
    seen: dict[tuple[str, str], HelmRelease] = {}
    for one in kept:
        other = seen.setdefault((one.namespace, one.release), one)
        if other is not one:
            raise BadHelmChart(
                f"Two HelmCharts want the release {one.release}.",
                found=f"{other.where} and {one.where}",
                hint="give one of them another releaseName",
            )
    return sorted(kept, key=lambda one: (one.weight, one.chart))


def find_chart(release: HelmRelease, charts: Iterable[Chart]) -> Chart:
    """The package's chart of that name and version. Raises MissingChart, saying which ones there are."""
    there = list(charts)
    for chart in there:
        if chart.name == release.chart and chart.version == release.version:
            if chart.missing:
                raise MissingChart(
                    f"The chart {chart.name} {chart.version} in {chart.path} is not complete.",
                    found=f"{', '.join(chart.missing)} not in its charts/ folder",
                    hint="put the chart's finished .tgz into the package (helm package --dependency-update)",
                )
            return chart
    raise MissingChart(
        f"The chart {release.chart} {release.version} that {release.where} names is not in the package.",
        found=", ".join(f"{chart.name} {chart.version} in {chart.path}" for chart in there) or "no chart at all",
        hint="put its .tgz into the package; name and version must be those of its Chart.yaml",
    )


def check_kubernetes(chart: Chart, kubernetes: str) -> None:
    """Raise ChartNotForCluster when Chart.yaml's kubeVersion leaves the target's version out; unknown ones pass."""
    wanted = str(chart.meta.get("kubeVersion") or "")
    if not wanted or not kubernetes:
        return
    try:
        fits = versions.in_range(versions.parse(kubernetes, Scheme.SEMVER), wanted, Scheme.SEMVER)
    except versions.UnreadableVersion:
        return  # Helm says it when it reads the chart
    if not fits:
        raise ChartNotForCluster(
            f"The chart {chart.name} {chart.version} is made for Kubernetes {wanted}.",
            found=f"the cluster is {kubernetes}",
            hint="take a version of the chart that is made for it: `changeover releases` lists them",
        )


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings merged deeply; everything else, lists too, is replaced."""
    merged = dict(base)
    for key, value in over.items():
        before = merged.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(before, value) if isinstance(before, Mapping) and both else value
    return merged


def _values(spec: Mapping[str, Any], where: str) -> dict[str, Any]:
    values: dict[str, Any] = dict(mapping(spec.get("values")))
    for number, optional in enumerate(mappings(spec.get("optionalValues"))):
        when = optional.get("when")
        name = f"spec.optionalValues[{number}].when"
        wanted = when if isinstance(when, bool) else parse_bool(str(when if when is not None else ""))
        if wanted is None:
            raise BadHelmChart(f"{where}: {name} must be true or false.", found=repr(when), hint="check its template")
        if wanted:
            more = mapping(optional.get("values"))
            values = merge(values, more) if optional.get("recursiveMerge") is True else {**values, **more}
    return values


def _flag(value: Any, name: str, where: str) -> bool:
    if value is None or value == "":
        return False
    read = value if isinstance(value, bool) else parse_bool(str(value))
    if read is None:
        raise BadHelmChart(f"{where}: {name} must be true or false.", found=repr(value), hint="check its template")
    return read
