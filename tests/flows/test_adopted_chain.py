"""The real Gitpod 2022.07 that kubectl once applied: adopted without a restart, then changed over to 2022.11.3."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.flows import test_chain
from tests.flows.commands import Commands, until
from tests.flows.test_chain import HOPS, QUICK, gitpod

__all__ = ["gitpod"]
pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("simulated")]

FIRST = "2022.07.main-20220802"
VERSIONS = (FIRST, "2022.08.0", *HOPS)


@pytest.fixture
def chain(cases: Path, tmp_path: Path) -> Path:
    """All eight releases as a channel, called by the calendar."""
    releases = []
    for cursor, version in enumerate(VERSIONS, 1):
        file = cases / "gitpod" / "chain" / f"{version}.yaml"
        (tmp_path / file.name).write_bytes(file.read_bytes())
        releases.append({"version": version.partition(".main")[0], "cursor": cursor, "package": file.name})
    head = {"apiVersion": "changeover.dev/v1alpha1", "kind": "Channel", "metadata": {"name": "gitpod"}}
    (tmp_path / "channel.yaml").write_text(yaml.safe_dump({**head, "scheme": "calver", "releases": releases}))
    return tmp_path


@pytest.fixture
def running(gitpod: Commands, cases: Path, tmp_path: Path) -> Iterator[Commands]:
    """2022.07 as kubectl applied it, without the six PodSecurityPolicies that no cluster serves any more."""
    listed = yaml.load_all((cases / "gitpod" / "chain" / f"{FIRST}.yaml").read_text(), Loader=yaml.CSafeLoader)
    objects = [raw for raw in listed if raw and raw["kind"] != "PodSecurityPolicy"]
    (tmp_path / "applied.yaml").write_text(yaml.safe_dump_all(objects))
    gitpod.kubectl("apply", "-f", str(tmp_path / "applied.yaml"))
    until(lambda: all_ready(gitpod), 120)
    yield gitpod
    gitpod.kubectl("delete", "-f", str(tmp_path / "applied.yaml"), "--wait=false", "--ignore-not-found")


def all_ready(gitpod: Commands) -> bool:
    wanted = gitpod.objects("deployments,statefulsets")
    return all(one["status"].get("readyReplicas", 0) >= one["spec"].get("replicas", 1) for one in wanted)


def uids(gitpod: Commands) -> set[str]:
    return {pod["metadata"]["uid"] for pod in gitpod.objects("pods")}


def test_gitpod_of_kubectl_is_adopted_and_changes_over_seven_times(running: Commands, chain: Path) -> None:
    before = uids(running)
    adopted = running.ask("adopt", str(chain), "--version", "2022.07", "--name", "gitpod", "--yes")
    assert (adopted["pods"]["gone"], adopted["changedSpecs"]) == ([], [])
    assert before <= uids(running)
    assert len(running.ask("status")["changed"]) == 0

    for version in ("2022.08.0", *HOPS):
        assert running.ask("update", version, *QUICK)["verdict"] == "committed", version
        test_chain.runs(running, version)


def test_gitpod_of_kubectl_is_adopted_and_changes_over_to_the_newest_directly(running: Commands, chain: Path) -> None:
    """One update over all seven releases: no stop on the way is required by anything but the vendor's word."""
    running.run("adopt", str(chain), "--version", "2022.07", "--name", "gitpod", "--yes")
    data = {one["metadata"]["name"]: one["metadata"]["uid"] for one in running.objects("pvc")}
    plan = running.ask("plan", "--to", HOPS[-1], "--strategy", "plain")
    assert not plan["blocked"]
    assert running.ask("update", HOPS[-1], *QUICK)["verdict"] == "committed"
    test_chain.runs(running, HOPS[-1])
    after = {one["metadata"]["name"]: one["metadata"]["uid"] for one in running.objects("pvc")}
    assert data.items() <= after.items()
