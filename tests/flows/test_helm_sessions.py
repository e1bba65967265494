"""Workbench as a chart in a real registry: people work in it, it is updated with sessions drained, and goes back."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from changeover.channel import files, generators
from changeover.channel.charts import HelmCharts
from changeover.package import yaml_text
from changeover.package.package import read_package
from changeover.render import pipeline
from changeover.render.context import Context, ReleaseFacts
from tests.flows.chart_servers import OciRegistry, registry
from tests.flows.test_helm import history
from tests.flows.workbench import QUICK, Workbench

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        importlib.util.find_spec("helm_python") is None, reason="helm-python-sdk is not installed: pip install .[helm]"
    ),
]
OLD, NEW = "2022.10.2", "2022.11.0"
WINDOW = ("--strategy", "window", "--yes", *QUICK)


def publish(bench: Workbench, found: OciRegistry) -> None:
    """Both releases as charts: what the vendor's package renders to, as templates, with its Release document."""
    kept: Mapping[str, str] = {}
    for version in (OLD, NEW):
        package = read_package(files.load(bench.channel / version), "workbench")
        context = Context(bench.changeover.namespace, release=ReleaseFacts(label=version), kept=kept)
        with HelmCharts() as charts:
            revision, kept = pipeline.render(package, {}, context, charts=charts, produce=generators.produce)
        meta = {"apiVersion": "v2", "name": "workbench", "version": version}
        release = (bench.channel / version / "release.yaml").read_text()
        chart = {"Chart.yaml": yaml.safe_dump(meta), "values.yaml": "{}\n", "release.yaml": release}
        for number, obj in enumerate(revision.objects):
            text = yaml_text.dump(obj.raw).replace("{{", '{{ "{{" }}')
            chart[f"templates/{number:03}-{obj.kind.lower()}.yaml"] = text
        found.publish({path: text.encode() for path, text in chart.items()})


def test_a_chart_is_updated_with_sessions_drained_and_goes_back(workbench: Workbench, tmp_path: Path) -> None:
    folder = tmp_path / "oci"
    folder.mkdir()
    with registry(folder) as found:
        publish(workbench, found)
        address = f"oci://{found.host}/charts/workbench"
        named = ("--version", OLD, "--name", "workbench", "--profile", "workbench")
        backups = ("--backup-to", str(tmp_path / "backups"), "--yes", *QUICK)
        workbench.changeover.run("install", address, *named, *backups)
        workbench.people(3)
        workbench.record()
        assert [one["version"] for one in workbench.changeover.ask("check")["newer"]] == [NEW]

        workbench.changeover.run("update", *WINDOW)
        workbench.whole_at(NEW)
        assert workbench.nothing_lost() == {"saved": 3}
        assert history(workbench.changeover, "workbench") == [
            (1, "superseded", OLD),
            (2, "deployed", NEW),
        ]

        workbench.changeover.run("rollback", *WINDOW)
        workbench.whole_at(OLD)
        assert history(workbench.changeover, "workbench")[-1] == (3, "deployed", OLD)
