"""Charts, rendered by Helm's own code in its own process."""

import importlib.util
from collections.abc import Iterator

import pytest

from changeover.channel.charts import ChartFailed, HelmCharts, HelmMissing
from changeover.package import archive, yaml_text

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
    stream = charts.render(
        archive.pack(files, top="web"), release="r", namespace="apps", values={"size": size}, kubernetes="1.30.0"
    )
    return [yaml_text.load(text) for _, text in yaml_text.split_documents(stream)]


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


def test_a_chart_that_asks_about_the_cluster_is_not_answered_wrongly(charts: HelmCharts) -> None:
    with pytest.raises(HelmMissing, match="asks about the cluster"):
        _render(charts, asks=b"v: {{ .Capabilities.KubeVersion.Version }}")


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
