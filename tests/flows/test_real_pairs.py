"""Real manifests in pairs, whatever lies in the folder: each is installed, and changed over to the other of its pair.

A file is called NAME-VERSION.yaml. Files of one name follow each other by version; files of one version are the same
release with other answers, and are changed over both ways. What holds data is given up only by name; a pod whose
workload the plan does not restart keeps its uid.
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import CASES
from tests.flows.commands import Commands, until
from tests.flows.test_chain import QUICK, gitpod

__all__ = ["gitpod"]
pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("simulated")]

FOLDERS = sorted(CASES.glob("*/pairs"))
UNSERVED = {"PodSecurityPolicy"}
"""No cluster serves it any more."""
KEEPING = {"unchanged", "patch", "recreate-keeping-pods"}


def found() -> Iterator[tuple[Path, Path]]:
    """The pairs of all folders."""
    for folder in FOLDERS:
        files = sorted(folder.glob("*.yaml"), key=_version)
        for one, other in itertools.permutations(files, 2):
            same = _version(one) == _version(other)
            follows = _name(one) == _name(other) and files.index(other) == files.index(one) + 1
            if same or follows:
                yield one, other


def _name(file: Path) -> str:
    return file.stem.rpartition("-")[0]


def _version(file: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", file.stem.rpartition("-")[2]))


def objects(file: Path) -> list[dict[str, Any]]:
    listed = yaml.load_all(file.read_text(), Loader=yaml.CSafeLoader)
    return [raw for raw in listed if raw and raw["kind"] not in UNSERVED]


PAIRS = list(found())


@pytest.fixture(params=PAIRS or [None], ids=[f"{one.stem}->{other.stem}" for one, other in PAIRS] or ["none"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path, Path]:
    """Both files as releases of a channel: 1 and 2."""
    if request.param is None:
        pytest.skip(f"the real cases are not here: {CASES}/*/pairs does not exist")
    releases = []
    for cursor, file in enumerate(request.param, 1):
        (tmp_path / f"{cursor}.yaml").write_text(yaml.safe_dump_all(objects(file)))
        releases.append({"version": f"{cursor}.0.0", "cursor": cursor, "package": f"{cursor}.yaml"})
    head = {"apiVersion": "changeover.dev/v1alpha1", "kind": "Channel", "metadata": {"name": "gitpod"}}
    (tmp_path / "channel.yaml").write_text(yaml.safe_dump({**head, "releases": releases}))
    return tmp_path, *request.param


def pods(commands: Commands) -> dict[str, tuple[str, str]]:
    """Uid -> the workload that it belongs to."""
    listed = {}
    for pod in commands.objects("pods"):
        owner = (pod["metadata"].get("ownerReferences") or [{"kind": "", "name": ""}])[0]
        name = owner["name"].rpartition("-")[0] if owner["kind"] == "ReplicaSet" else owner["name"]
        listed[pod["metadata"]["uid"]] = ("Deployment" if owner["kind"] == "ReplicaSet" else owner["kind"], name)
    return listed


def restarted(plan: dict[str, Any]) -> set[tuple[str, str]]:
    """Workloads whose pods the plan does not promise to keep."""
    return {
        (one["object"]["kind"], one["object"]["name"])
        for one in plan["changes"]
        if one["effect"] not in KEEPING or one["restarts"]
    }


def holding_data(file: Path) -> set[str]:
    """What mounts a claim or is one, by the manifests alone."""
    names = set()
    for raw in objects(file):
        spec = raw.get("spec") or {}
        volumes = ((spec.get("template") or {}).get("spec") or {}).get("volumes") or []
        mounts = any("persistentVolumeClaim" in volume for volume in volumes)
        if raw["kind"] == "PersistentVolumeClaim" or spec.get("volumeClaimTemplates") or mounts:
            names.add(f"{raw['kind']}/{raw['metadata']['name']}")
    return names


def names(file: Path) -> set[str]:
    return {f"{raw['kind']}/{raw['metadata']['name']}" for raw in objects(file)}


def test_a_real_pair_changes_over(gitpod: Commands, pair: tuple[Path, Path, Path]) -> None:
    channel, one, other = pair
    gitpod.run("install", str(channel), "--version", "1.0.0", "--name", "gitpod", *QUICK)
    plan = gitpod.ask("plan", "--to", "2.0.0", "--strategy", "plain")
    blocking = [found for found in plan["findings"] if found["severity"] == "blocks"]
    goes = holding_data(one) - names(other)
    assert {found["reference"] for found in blocking} == ({"data-removed"} if goes else set())
    assert {f"{found['object']['kind']}/{found['object']['name']}" for found in blocking} == goes
    words = [word for name in sorted(goes) for word in ("--accept-data-loss", name)]
    if goes:
        assert gitpod.run("update", "2.0.0", *QUICK, *words[2:], expect=3).code == 3, "one name was not typed"
        plan = gitpod.ask("plan", "--to", "2.0.0", "--strategy", "plain", *words)
    assert not plan["blocked"]

    before = pods(gitpod)
    assert gitpod.ask("update", "2.0.0", *QUICK, *words)["verdict"] == "committed"
    gone = restarted(plan)
    lost = {uid: owner for uid, owner in before.items() if owner not in gone}.keys() - pods(gitpod).keys()
    assert {before[uid] for uid in lost if before[uid][0] != "Job"} == set()
    status = gitpod.ask("status", "--drift")
    assert (status["runs"], status["missing"], status["drift"]) == ("2.0.0", [], [])
    live = {f"{raw['kind']}/{raw['metadata']['name']}" for raw in gitpod.objects("statefulsets,deployments")}
    assert not live & goes
    until(lambda: not {f"PersistentVolumeClaim/{raw['metadata']['name']}" for raw in gitpod.objects("pvc")} & goes)
