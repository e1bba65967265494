"""Helm v4 itself installs each chart of ours; what it sent to the cluster is what we would send."""

import asyncio
import importlib.util
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from changeover.channel import generators
from changeover.channel.charts import HelmCharts, Reach
from changeover.kube.connect import connect
from changeover.package import archive, yaml_text
from changeover.package.package import read_package
from changeover.render import pipeline, shape
from changeover.render.context import Context
from changeover.render.revision import Revision
from tests.flows import odd_chart, teahouse
from tests.flows.commands import Commands
from tests.flows.test_helm import helm

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        importlib.util.find_spec("helm_python") is None, reason="helm-python-sdk is not installed: pip install .[helm]"
    ),
]
NAME = "tea"
DRAWN = {("Secret", f"{NAME}-till", "password"), ("Secret", f"{NAME}-seal", "seal")}
"""What the chart draws anew each time."""
CREATE = "import helm_python as helm, sys; helm.Chart.create('starter', sys.argv[1])"
VALUES: list[Mapping[str, Any]] = [
    {},
    {"waiters": 3, "sign": "1.10", "menu": {"tea": "white", "sugar": False}, "password": "open sesame"},
    {"samovar": {"enabled": False}},
    {"samovar": {"size": 9}, "guests": {"anna": "{{ .Release.Name }} in {{ .Release.Namespace }}", "b": "{{ 1 }}"}},
]


@pytest.fixture
def starter(tmp_path: Path) -> dict[str, bytes]:
    """The chart that ``helm create`` makes."""
    subprocess.run([sys.executable, "-c", CREATE, str(tmp_path)], check=True, timeout=60)
    folder = tmp_path / "starter"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def ours(commands: Commands, chart: Mapping[str, bytes], values: Mapping[str, Any]) -> Revision:
    async def facts() -> tuple[str, frozenset[str]]:
        cluster, _ = connect(str(commands.kubeconfig), None, None)
        try:
            served = await cluster.served()
            return await cluster.version(), frozenset(text for v, k in served for text in (v, f"{v}/{k}"))
        finally:
            await cluster.close()

    version, served = asyncio.run(facts())
    context = Context(commands.namespace, kubernetes_version=version, api_versions=served, helm_release=NAME)
    with HelmCharts(reach=Reach(str(commands.kubeconfig))) as charts:
        package = read_package(chart, NAME)
        return pipeline.render(package, values, context, charts=charts, produce=generators.produce)[0]


def theirs(commands: Commands, chart: Mapping[str, bytes], values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    packed = folder / "chart.tgz"
    packed.write_bytes(archive.pack(chart, top="chart"))
    helm(commands, "install", chart=str(packed), name=NAME, values=values)
    manifest = helm(commands, "status", NAME)["manifest"]
    return by_name(yaml_text.load(part) for _, part in yaml_text.split_documents(manifest))


def by_name(objects: Any) -> dict[str, Any]:
    single = (item for raw in objects if raw for item in shape.items(raw))
    return {f"{raw['kind']}/{raw['metadata']['name']}": plain(raw) for raw in single}


def plain(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without what says the same in two ways: the namespace that is meant anyway, stringData, drawn values, marks."""
    found = {key: value for key, value in raw.items() if key not in ("data", "stringData")}
    found["metadata"] = {key: value for key, value in raw["metadata"].items() if key != "namespace"}
    data = dict(raw.get("data") or {}) | dict.fromkeys(raw.get("stringData") or {}, "a string")
    place = raw["kind"], raw["metadata"]["name"]
    found["data"] = {key: "drawn" if (*place, key) in DRAWN else value for key, value in data.items()}
    return found


@pytest.mark.parametrize("values", VALUES)
def test_our_chart_gives_what_helm_installs(commands: Commands, tmp_path: Path, values: Mapping[str, Any]) -> None:
    chart = teahouse.release("1.0.0", group=commands.namespace)
    revision = ours(commands, chart, values)
    expected = theirs(commands, chart, values, tmp_path)
    (release,) = revision.charts
    parts = by_name(obj.raw for obj in revision.objects if obj.ref.key in release.keys)
    definitions = {key: value for key, value in parts.items() if key.startswith("CustomResourceDefinition/")}
    assert {key: value for key, value in parts.items() if key not in definitions} == expected
    assert set(definitions) == {f"CustomResourceDefinition/teas.{commands.namespace}.example"}
    assert release.notes == helm(commands, "status", NAME)["notes"]

    hooks = {one["name"]: one for one in helm(commands, "get_all", NAME)["hooks"]}
    assert {one.raw["metadata"]["name"] for one in release.hooks} == set(hooks)
    for one in release.hooks:
        other = hooks[one.raw["metadata"]["name"]]
        assert yaml_text.load(other["manifest"]) == one.raw
        assert (sorted(other["events"]), other.get("weight", 0)) == (list(one.events), one.weight)


@pytest.mark.parametrize("values", [{}, {"autoscaling": {"enabled": True}, "ingress": {"enabled": True}}])
def test_helms_starter_chart_gives_what_helm_installs(
    commands: Commands, tmp_path: Path, starter: dict[str, bytes], values: Mapping[str, Any]
) -> None:
    revision = ours(commands, starter, values)
    expected = theirs(commands, starter, values, tmp_path)
    (release,) = revision.charts
    assert by_name(obj.raw for obj in revision.objects if obj.ref.key in release.keys) == expected
    assert [probe.source for probe in release.hooks] == ["starter/templates/tests/test-connection.yaml"]


@pytest.mark.parametrize("values", odd_chart.VALUES)
def test_an_odd_chart_gives_what_helm_installs(commands: Commands, tmp_path: Path, values: Mapping[str, Any]) -> None:
    chart = odd_chart.files(commands.namespace)
    revision = ours(commands, chart, values)
    expected = theirs(commands, chart, values, tmp_path)
    (release,) = revision.charts
    definition = f"CustomResourceDefinition/odds.{commands.namespace}.example"
    parts = by_name(obj.raw for obj in revision.objects if obj.ref.key in release.keys)
    assert {key: value for key, value in parts.items() if key != definition} == expected
    assert release.notes == helm(commands, "status", NAME)["notes"]
    hooks = {one["name"]: yaml_text.load(one["manifest"]) for one in helm(commands, "get_all", NAME)["hooks"]}
    assert {one.raw["metadata"]["name"]: one.raw for one in release.hooks} == hooks
    commands.kubectl("delete", "crd", definition.partition("/")[2], "--ignore-not-found")
