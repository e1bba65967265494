"""Charts, rendered by Helm's own code in its own process."""

import importlib.util
from collections.abc import Iterator

import pytest

from changeover.channel.chart_rewriting import OpaqueChart
from changeover.channel.charts import ChartFailed, HelmCharts
from changeover.package import archive, yaml_text
from changeover.ports import ChartRequest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("helm_python") is None, reason="helm-python-sdk is not installed: pip install .[helm]"
)
FILES = {
    "Chart.yaml": b"apiVersion: v2\nname: web\nversion: 1.2.3\n",
    "values.yaml": b"size: 1\n",
    "values.schema.json": b'{"type": "object", "properties": {"size": {"type": "integer"}}}',
    "crds/x.yaml": b"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: xs.e.x}\n",
    "templates/NOTES.txt": b"hello",
    "templates/_part.tpl": b'{{ define "name" }}{{ .Release.Name }}-web{{ end }}',
    "templates/a.yaml": b'kind: ConfigMap\napiVersion: v1\nmetadata: {name: {{ include "name" . }}}\n'
    b"data: {size: {{ .Values.size | quote }}, in: {{ .Release.Namespace }}}\n",
}


@pytest.fixture(scope="module")
def charts() -> Iterator[HelmCharts]:
    with HelmCharts(program="") as found:
        yield found


def _render(charts: HelmCharts, size: object = 2, **more: bytes) -> list[dict]:
    files = {**FILES, **{f"templates/{name}.yaml": content for name, content in more.items()}}
    request = ChartRequest(archive.pack(files, top="web"), "r", "apps", {"size": size}, kubernetes="1.30.0")
    return [yaml_text.load(text) for _, text in yaml_text.split_documents(charts.render(request).manifests)]


def test_definitions_come_first_and_notes_stay_out(charts: HelmCharts) -> None:
    definition, settings = _render(charts)
    assert definition["kind"] == "CustomResourceDefinition"
    assert settings["metadata"]["name"] == "r-web"
    assert settings["data"] == {"size": "2", "in": "apps"}


def test_helms_own_words_are_passed_on(charts: HelmCharts) -> None:
    with pytest.raises(ChartFailed) as caught:
        _render(charts, bad=b'{{ fail "no way" }}')
    assert "no way" in (caught.value.found or "")
    with pytest.raises(ChartFailed) as caught:
        _render(charts, "large")
    assert "size" in (caught.value.found or "")


SERVED = frozenset({"v1", "policy/v1", "policy/v1/PodDisruptionBudget"})
ASKING = [
    ("{{ .Capabilities.KubeVersion.Version }}", "v1.36.2"),
    ("{{ .Capabilities.KubeVersion }}", "v1.36.2"),
    ("{{ $.Capabilities.KubeVersion.Major }}.{{ $.Capabilities.KubeVersion.Minor -}}", 1.36),
    ('{{ semverCompare ">=1.30-0" .Capabilities.KubeVersion.GitVersion }}', True),
    ('{{ .Capabilities.APIVersions.Has "policy/v1" }}', True),
    ('{{ .Capabilities.APIVersions.Has "policy/v1/PodDisruptionBudget" }}', True),
    ('{{ $.Capabilities.APIVersions.Has "route.openshift.io/v1" }}', False),
    ('{{ .Capabilities.APIVersions.Has (printf "%s/v1" "policy") }}', True),
    ('{{ and (.Capabilities.APIVersions.Has "v1") (not ($.Capabilities.APIVersions.Has "v9")) }}', True),
    ('{{ $top := . }}{{ with .Values }}{{ $top.Capabilities.APIVersions.Has "v1" }}{{ end }}', True),
    ('{{ $with := dict "root" . }}{{ with $with }}{{ .root.Capabilities.APIVersions.Has "v1" }}{{ end }}', True),
    ('{{ has "v1" .Capabilities.APIVersions }}', True),
    ('{{/* .Capabilities is never asked */}}{{ "x" }}', "x"),
    ('{{ (splitList "." .Capabilities.HelmVersion.Version) | first }}', "v4"),
]


def _asked(charts: HelmCharts, action: str, **more: bytes) -> object:
    files = {**FILES, "templates/b.yaml": b"kind: A\napiVersion: v1\nasked: " + action.encode(), **more}
    request = ChartRequest(
        archive.pack(files, top="web"), "r", "apps", {"size": 2}, kubernetes="1.36.2", api_versions=SERVED
    )
    stream = charts.render(request).manifests
    return next(yaml_text.load(text)["asked"] for _, text in yaml_text.split_documents(stream) if "asked:" in text)


@pytest.mark.parametrize(("action", "answer"), ASKING)
def test_capabilities_are_those_of_the_target(charts: HelmCharts, action: str, answer: object) -> None:
    assert _asked(charts, action) == answer


def test_subcharts_are_told_the_same_also_packed_ones(charts: HelmCharts) -> None:
    files = {**FILES, "templates/a.yaml": b"kind: A\napiVersion: v1\nasked: {{ .Capabilities.KubeVersion.Version }}"}
    outer = {
        **FILES,
        "Chart.yaml": b"apiVersion: v2\nname: outer\nversion: 1.0.0\n",
        "values.yaml": b"web: {size: 1}\n",
    }
    outer["charts/web-1.2.3.tgz"] = archive.pack(files, top="web")
    del outer["templates/a.yaml"]
    request = ChartRequest(archive.pack(outer, top="outer"), "r", "apps", {"size": 1}, "1.36.2", SERVED)
    assert "asked: v1.36.2" in charts.render(request).manifests


@pytest.mark.parametrize("action", ["{{ (index (list .) 0).Capabilities.KubeVersion }}", "{{ toYaml .Capabilities }}"])
def test_what_cannot_be_answered_is_refused_not_answered_wrongly(charts: HelmCharts, action: str) -> None:
    with pytest.raises(OpaqueChart, match=r"templates/b.yaml asks about the cluster"):
        _asked(charts, action)


def test_without_a_target_helms_own_defaults_hold(charts: HelmCharts) -> None:
    files = {**FILES, "templates/b.yaml": b'asked: {{ .Capabilities.APIVersions.Has "apps/v1" }}'}
    found = charts.render(ChartRequest(archive.pack(files, top="web"), "r", "apps", {"size": 2})).manifests
    assert "asked: true" in found


def test_refused_values_can_be_rendered_all_the_same(charts: HelmCharts) -> None:
    content = archive.pack(FILES, top="web")
    found = charts.render(ChartRequest(content, "r", "apps", {"size": "large"}, schema=False))
    assert 'size: "large"' in found.manifests


def test_notes_come_apart_and_an_upgrade_knows_that_it_is_one(charts: HelmCharts) -> None:
    notes = b"{{ .Release.Name }} {{ .Release.Revision }} {{ .Release.IsUpgrade }} {{ .Release.IsInstall }}"
    content = archive.pack({**FILES, "templates/NOTES.txt": notes}, top="web")
    assert charts.render(ChartRequest(content, "r", "apps", {})).notes == "r 1 false true"
    assert charts.render(ChartRequest(content, "r", "apps", {}, revision=3)).notes == "r 3 true false"


def test_a_killed_worker_is_started_again(charts: HelmCharts) -> None:
    _render(charts)
    assert charts._worker is not None
    charts._worker.kill()
    charts._worker.wait()
    assert len(_render(charts)) == 2


def test_closing_leaves_no_process() -> None:
    with HelmCharts(program="") as found:
        _render(found)
        worker = found._worker
    assert worker is not None
    assert worker.poll() is not None
