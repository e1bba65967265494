"""The same seven real updates by ``kubectl apply --server-side`` alone: each ends half-applied.

Changeover's half, where each succeeds, is `test_adopted_chain`. Nobody deletes by hand here what Kubernetes refuses to
change: from the first update on three workloads stay what they were in 2022.07, whatever is applied around them.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows.commands import Commands
from tests.flows.test_adopted_chain import FIRST, VERSIONS
from tests.flows.test_chain import DEFINITIONS
from tools import kubebox

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("simulated")]

APPLY = ("apply", "--server-side", "--force-conflicts", "-f")
REFUSED = re.compile(r'(\w+)(?:\.\w+)? "([^"]+)" is invalid')
STUCK = {("StatefulSet", "mysql"), ("StatefulSet", "messagebus"), ("Deployment", "minio")}
Objects = dict[tuple[str, str], dict[str, Any]]


class Kubectl:
    """One release after the other, by kubectl alone."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def apply(self, release: Path) -> tuple[int, set[tuple[str, str]], int]:
        """Its exit code, what it was refused (kind, name), and how many objects it applied."""
        command = [*self._commands.kubectl_command, *APPLY, str(release)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
        return done.returncode, set(REFUSED.findall(done.stderr)), done.stdout.count(" serverside-applied")

    def live(self, release: Path) -> Objects:
        """What the release names, as it is."""
        text = self._commands.kubectl("get", "-f", str(release), "--ignore-not-found", "-o", "json")
        found = json.loads(text)["items"] if text.strip() else []
        return {(one["kind"], one["metadata"]["name"]): one for one in found}


@pytest.fixture
def releases(cases: Path, tmp_path: Path) -> list[Path]:
    """All eight, oldest first; the first without the policies that no cluster serves any more."""
    chain = cases / "gitpod" / "chain"
    first = tmp_path / f"{FIRST}.yaml"
    listed = yaml.load_all((chain / first.name).read_text(), Loader=yaml.CSafeLoader)
    first.write_text(yaml.safe_dump_all(raw for raw in listed if raw and raw["kind"] != "PodSecurityPolicy"))
    return [first, *(chain / f"{version}.yaml" for version in VERSIONS[1:])]


@pytest.fixture
def kubectl(simulated: kubebox.Cluster, releases: list[Path]) -> Iterator[Kubectl]:
    """Towards a cluster that knows cert-manager's kinds; what was applied goes afterwards."""
    commands = Commands(simulated.kubeconfig, "default")
    commands.kubectl("apply", "--server-side", "-f", str(DEFINITIONS))
    yield Kubectl(commands)
    for release in (releases[0], releases[-1]):
        commands.kubectl("delete", "-f", str(release), "--wait=false", "--ignore-not-found")


def test_kubectl_ends_half_applied_on_each_of_the_seven_updates(kubectl: Kubectl, releases: list[Path]) -> None:
    assert kubectl.apply(releases[0])[0] == 0
    first = kubectl.live(releases[0])
    for release in releases[1:]:
        before = kubectl.live(release)
        code, refused, applied = kubectl.apply(release)
        after = kubectl.live(release)
        changed = {key for key, one in after.items() if key in before and wanted(before[key]) != wanted(one)}
        told = ", ".join(sorted(name for _, name in refused))
        print(f"proof: {release.stem}: kubectl applied {applied}, {len(changed)} changed; refused: {told}")
        assert code != 0
        assert refused >= STUCK
        assert changed
        assert not changed & refused
    for key in STUCK:
        assert wanted(first[key])["spec"] == wanted(kubectl.live(releases[-1])[key])["spec"], key


def wanted(obj: dict[str, Any]) -> dict[str, Any]:
    """All but what the server and controllers keep of it."""
    kept = {name: value for name, value in obj.items() if name not in ("status", "metadata")}
    return {**kept, "labels": obj["metadata"].get("labels"), "annotations": obj["metadata"].get("annotations")}
