"""Host collectors at every node, by pods with the product's own image: what they bring, and how it is judged.

The cluster has one real node; on the simulated ones nothing is ever carried out, so they stay unknown.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from changeover.kube.client import KubeCluster
from tests.flows.commands import Commands
from tests.flows.test_collect_nodes import left, real_node
from tests.flows.test_support_bundle import read
from tools import kubebox, product_image

pytestmark = [pytest.mark.cluster]


@pytest.fixture
def commands(real_nodes: kubebox.Cluster, namespace: str) -> Commands:
    """The command line on the cluster whose nodes run pods."""
    return Commands(real_nodes.kubeconfig, namespace)


@pytest.fixture(scope="module")
def image(real_nodes: kubebox.Cluster) -> str:
    return product_image.build_and_push(real_nodes)


def outcomes(when: str) -> list[dict[str, Any]]:
    return [{"fail": {"when": when, "message": "no"}}, {"pass": {"message": "yes"}}]


@pytest.fixture
def spec(tmp_path: Path) -> str:
    document = {
        "apiVersion": "troubleshoot.sh/v1beta2",
        "kind": "SupportBundle",
        "metadata": {"name": "hosts"},
        "spec": {
            "runHostCollectorsInPod": True,
            "hostCollectors": [
                {"cpu": {}},
                {"hostOS": {}},
                {"sysctl": {}},
                {"kernelModules": {}},
                {"diskUsage": {"collectorName": "root", "path": "/"}},
                {"tcpPortStatus": {"collectorName": "free", "port": 39871}},
                {"hostServices": {}},
                {"systemPackages": {"collectorName": "debian", "debian": ["dpkg", "no-such-package"]}},
                {"filesystemPerformance": {}},
            ],
            "hostAnalyzers": [
                {"cpu": {"checkName": "Processors", "outcomes": outcomes("count < 1")}},
                {"hostOS": {"outcomes": outcomes("kernelVersion < 2.6")}},
                {"diskUsage": {"collectorName": "root", "outcomes": outcomes("total < 1Mi")}},
                {"tcpPortStatus": {"collectorName": "free", "outcomes": outcomes("address-in-use")}},
            ],
        },
    }
    file = tmp_path / "hosts.yaml"
    file.write_text(yaml.safe_dump(document))
    return str(file)


def test_they_look_at_each_node_only_with_consent_and_an_image(commands: Commands, spec: str, tmp_path: Path) -> None:
    words = ("support-bundle", "--spec", spec, "--out", str(tmp_path))
    done = commands.ask(*words)
    told = {one["collector"]: one["reason"] for one in done["collectors"]}
    assert told["node cpu"] == "not agreed to: --allow host,privileged,run"
    done = commands.ask(*words, "--allow", "host,privileged,run")
    told = {one["collector"]: one["reason"] for one in done["collectors"]}
    assert "needs the product's image: --image" in told["node cpu"]
    hints = {one["hint"] for one in done["findings"] if one["kind"] == "cpu"}
    assert any("--image or CHANGEOVER_IMAGE" in hint for hint in hints)


async def test_what_a_pod_on_each_node_finds(
    commands: Commands, cluster: KubeCluster, image: str, spec: str, tmp_path: Path
) -> None:
    node = await real_node(cluster)
    words = ("--allow", "host,privileged,run", "--image", image, "--timeout", "60", "--out", str(tmp_path))
    done = commands.ask("support-bundle", "--spec", spec, *words)
    files = read(Path(done["file"]))
    place = "host-collectors/system"
    assert node in json.loads(files[f"{place}/node_list.json"])["nodes"]
    assert json.loads(files[f"{place}/{node}/cpu.json"])["logicalCount"] >= 1
    assert json.loads(files[f"{place}/{node}/hostos_info.json"])["kernelVersion"]
    assert "kernel.pid_max" in json.loads(files[f"{place}/{node}/sysctl.json"])
    assert json.loads(files[f"host-collectors/diskUsage/{node}/root.json"])["total_bytes"] > 0
    assert json.loads(files[f"host-collectors/tcpPortStatus/{node}/free.json"])["status"] == "connected"
    system = json.loads(files[f"{place}/{node}/hostos_info.json"])
    if system["platform"] == "debian" and shutil.which("dpkg-query"):
        packages = json.loads(files[f"{place}/{node}/debian-packages.json"])["packages"]
        assert [one["exitCode"] for one in packages] == ["0", "1"], "the node's own programs and files were asked"
    states = {one["collector"]: one for one in done["collectors"]}
    assert states["node filesystemPerformance"]["reason"] == "not supported"
    assert states["node cpu"]["state"] == "partial", "the simulated nodes bring nothing"
    found = {one["title"]: one for one in done["findings"]}
    assert found[f"Processors - Node {node}"]["verdict"] == "pass"
    assert found[f"Processors - Node {node}"]["objects"] == [{"kind": "Node", "namespace": "", "name": node}]
    others = [one for title, one in found.items() if title.startswith("Processors - ") and not title.endswith(node)]
    assert {one["verdict"] for one in others} == {"unknown"}
    assert await left(cluster, commands.namespace) == []
