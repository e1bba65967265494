"""The real Gitpod, as its installer made it: installed, changed over, back, and away; all hops: test_adopted_chain."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.flows.commands import Commands, until
from tools import kubebox

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

HOPS = ("2022.09.0", "2022.09.2", "2022.10.2", "2022.11.0", "2022.11.1", "2022.11.3")
DEFINITIONS = Path(__file__).parents[1] / "cluster" / "cert_manager_crds.yaml"
QUICK = ("--strategy", "plain", "--hold", "1", "--yes")
DATA = {
    "PersistentVolumeClaim/data-mysql-0",
    "PersistentVolumeClaim/minio",
    "PersistentVolumeClaim/redis-data-openvsx-proxy-0",
    "PersistentVolumeClaim/registry",
}
PART = "applyset.kubernetes.io/part-of"


@pytest.fixture
def gitpod(simulated: kubebox.Cluster) -> Iterator[Commands]:
    """The command line in namespace ``default``, which these objects name; all of Gitpod goes afterwards."""
    made = Commands(simulated.kubeconfig, "default")
    made.kubectl("apply", "--server-side", "-f", str(DEFINITIONS))
    yield made
    kinds = made.kubectl("api-resources", "--verbs=delete,list", "-o", "name").split()
    made.kubectl("delete", ",".join(kinds), "-l", PART, "--wait=false", "--ignore-not-found")
    made.kubectl("delete", "pvc,installations,changeovers", "--all", "--wait=false")
    made.kubectl("delete", "secrets", "-l", "changeover.dev/installation")


@pytest.fixture
def channel(cases: Path, tmp_path: Path) -> Path:
    """The chain as a channel: each file a package."""
    releases = []
    for cursor, version in enumerate(("2022.08.0", *HOPS), 1):
        file = cases / "gitpod" / "chain" / f"{version}.yaml"
        (tmp_path / file.name).write_bytes(file.read_bytes())
        releases.append({"version": version, "cursor": cursor, "package": file.name})
    head = {"apiVersion": "changeover.dev/v1alpha1", "kind": "Channel", "metadata": {"name": "gitpod"}}
    (tmp_path / "channel.yaml").write_text(yaml.safe_dump({**head, "scheme": "calver", "releases": releases}))
    return tmp_path


def test_gitpod_is_installed_changed_over_and_back_and_goes(gitpod: Commands, channel: Path) -> None:
    before, after = HOPS[-2:]
    gitpod.run("install", str(channel), "--version", before, "--name", "gitpod", *QUICK)
    assert gitpod.ask("update", after, *QUICK)["verdict"] == "committed"
    runs(gitpod, after)
    assert gitpod.ask("rollback", *QUICK)["verdict"] == "committed"
    runs(gitpod, before)
    assert [run["verdict"] for run in gitpod.ask("history")["runs"]] == ["committed"] * 3
    drifts(gitpod)
    goes(gitpod)


def runs(gitpod: Commands, version: str) -> None:
    """Every object is of this version, and differs from it in nothing."""
    status = gitpod.ask("status", "--drift")
    seen = {key: status[key] for key in ("runs", "healthy", "missing", "changed", "run", "drift")}
    assert seen == {"runs": version, "healthy": True, "missing": [], "changed": [], "run": "", "drift": []}


def drifts(gitpod: Commands) -> None:
    gitpod.kubectl("scale", "deployment", "server", "--replicas=2")
    gitpod.kubectl("delete", "service", "dashboard")
    gitpod.kubectl("delete", "job", "migrations", "--ignore-not-found")  # as its time-to-live does: no drift
    status = gitpod.ask("status", "--drift")
    assert status["runs"].startswith("mixed (")
    assert status["missing"] == ["Service/dashboard"]
    changed = {f"{one['object']['kind']}/{one['object']['name']}": one["fields"] for one in status["drift"]}
    replicas = {"path": "spec.replicas", "before": "2", "after": "1"}
    assert changed == {"Deployment/server": [replicas], "Service/dashboard": []}


def goes(gitpod: Commands) -> None:
    """Uninstalled, nothing of it stays but what holds data."""
    removed = gitpod.ask("uninstall", "--yes")
    assert set(removed["kept"]) == DATA
    assert {f"PersistentVolumeClaim/{one['metadata']['name']}" for one in gitpod.objects("pvc")} == DATA
    until(
        lambda: not gitpod.objects("deployments,statefulsets,daemonsets,jobs,cronjobs,services,configmaps", "-l", PART)
    )
