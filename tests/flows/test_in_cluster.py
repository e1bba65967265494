"""A run that a Job in the cluster carries out, with the product's own image: killed in the middle, it goes on."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from changeover.settings import ACCOUNTS, ENGINE
from tests.flows.commands import Commands, until
from tests.flows.real_workbench import RealWorkbench
from tests.flows.workbench import QUICK
from tools import kubebox, product_image

pytestmark = [pytest.mark.cluster, pytest.mark.nodes]

CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: backups}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
NAMESPACE = "in-cluster"


@pytest.fixture(scope="module")
def image(real_nodes: kubebox.Cluster) -> str:
    return product_image.build_and_push(real_nodes)


@pytest.fixture(scope="module")
def bench(real_nodes: kubebox.Cluster, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealWorkbench]:
    """Installed from a channel, with backups on a claim."""
    folder: Path = tmp_path_factory.mktemp("in-cluster")
    changeover = Commands(real_nodes.kubeconfig, NAMESPACE)
    changeover.run("setup", "--yes")
    (folder / "claim.yaml").write_text(CLAIM)
    changeover.kubectl("create", "namespace", NAMESPACE)
    changeover.kubectl("apply", "-f", str(folder / "claim.yaml"))
    with RealWorkbench(real_nodes, changeover, folder) as made:
        words = ("--version", "2022.09.2", "--name", "workbench", "--profile", "workbench", "--yes", *QUICK)
        backups = ("--backup-to", "pvc:backups", "--backup-image", image)
        changeover.run("install", str(made.channel), *words, *backups)
        yield made
    changeover.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def update(bench: RealWorkbench, image: str, *more: str) -> tuple[str, ...]:
    return ("update", "2022.10.2", "--strategy", "window", "--in-cluster", "--image", image, "--yes", *QUICK, *more)


def test_it_says_what_is_missing_before_anything_begins(bench: RealWorkbench, image: str) -> None:
    refused = bench.changeover.run(*update(bench, ""), expect=3)
    assert "make image" in refused.err
    refused = bench.changeover.run(*update(bench, image), expect=3)
    assert "needs ServiceAccount changeover-observer" in refused.err
    for account in ACCOUNTS:
        bench.changeover.kubectl("create", "serviceaccount", account)
    refused = bench.changeover.run(*update(bench, image), expect=3)
    assert "ServiceAccount changeover-observer lacks" in refused.err
    assert bench.changeover.ask("status")["run"] == ""


def test_a_job_carries_it_to_its_end_although_its_pod_is_killed(
    bench: RealWorkbench, image: str, tmp_path: Path
) -> None:
    rights = bench.changeover.run("plan", "rbac", "--to", "2022.10.2").out
    (tmp_path / "rights.yaml").write_text(rights)
    bench.changeover.kubectl("apply", "-f", str(tmp_path / "rights.yaml"))
    bench.people(3)
    bench.record()
    watching = bench.changeover.start(*update(bench, image))
    until(lambda: bench.changeover.ask("status")["gate_closed_by"] or watching.poll() is not None, seconds=180)
    assert watching.poll() is None, bench.changeover.wait(watching)
    (first,) = executors(bench)
    bench.changeover.kubectl("delete", "pod", first, "--grace-period=0", "--force")
    bench.changeover.wait(watching, seconds=400).ended(0)
    bench.whole_at("2022.10.2")
    assert bench.nothing_lost() == {"saved": 3}
    (job,) = bench.changeover.objects("jobs", "-l", "changeover.dev/executor")
    assert (job["status"]["failed"], job["status"]["succeeded"]) == (1, 1)
    assert job["spec"]["template"]["spec"]["serviceAccountName"] == ENGINE, "which speaks as the other two"


def test_one_account_may_do_everything_instead(bench: RealWorkbench, image: str, tmp_path: Path) -> None:
    rights = bench.changeover.run("plan", "rbac", "--to", "2022.11.0", "--account", "porter").out
    (tmp_path / "rights.yaml").write_text(rights)
    bench.changeover.kubectl("apply", "-f", str(tmp_path / "rights.yaml"))
    words = ("--strategy", "plain", "--in-cluster", "--image", image, "--account", "porter", "--yes", "--hold", "0.5")
    bench.changeover.run("update", "2022.11.0", *words)
    bench.whole_at("2022.11.0")


def executors(bench: RealWorkbench) -> list[str]:
    """Pods of the Job that run now."""
    listed = json.loads(bench.changeover.kubectl("get", "pods", "-l", "changeover.dev/executor", "-o", "json"))["items"]
    return [one["metadata"]["name"] for one in listed if one["status"].get("phase") == "Running"]
