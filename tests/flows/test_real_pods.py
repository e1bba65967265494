"""Crash layer 3: real pods. A window update of an application in which many people work; one kill per kind of step."""

import json
import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.flows.commands import Commands
from tests.flows.real_workbench import RealWorkbench
from tests.flows.workbench import QUICK
from tools import kubebox

pytestmark = [pytest.mark.cluster, pytest.mark.nodes]

OLD, NEW = "2022.09.2", "2022.10.2"
WINDOW = ("--strategy", "window", "--yes", *QUICK)
WHOLE = ("--announce", "1", "--soak", "1")
"""So that each kind of step is there."""
KILLED = -signal.SIGKILL
PEOPLE = 3
KINDS = {
    "announce": "announce",
    "recheck": "recheck/",
    "close-gate": "close-gate",
    "drain": "drain",
    "scale": "stop/",
    "back-up": "back-up/",
    "apply": "apply/",
    "wait-ready": "wait-ready",
    "probe": "probe/",
    "open-gate": "open-gate",
    "soak": "soak",
}
"""How the ids of steps of each kind begin. The process dies when the step has acted and has not yet said so."""
IN_CI = ("drain", "back-up", "apply")


@pytest.fixture(scope="module")
def real_cluster() -> Iterator[kubebox.Cluster]:
    """One real node of this module's own, so that nobody else's pods are in the way."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for nodes that run pods")
    started = kubebox.start(f"test-real-{os.getpid()}", nodes=kubebox.Nodes(real=1))
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def bench(real_cluster: kubebox.Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealWorkbench]:
    """Installed."""
    changeover = Commands(real_cluster.kubeconfig, "workbench")
    changeover.run("setup", "--yes")
    with RealWorkbench(real_cluster, changeover, tmp_path_factory.mktemp("workbench")) as made:
        made.install(OLD)
        yield made


def change(bench: RealWorkbench) -> tuple[str, tuple[str, ...]]:
    """The other version, and the words that bring it about."""
    runs = bench.changeover.ask("status")["runs"]
    return (NEW, ("update", NEW, *WINDOW)) if runs == OLD else (OLD, ("rollback", *WINDOW))


def saved(bench: RealWorkbench) -> dict[str, int]:
    """What both oracles count when nothing was lost."""
    return {"saved": len(bench.ledger.read_text().splitlines())}


@pytest.mark.parametrize("count", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_nobody_s_work_is_lost(bench: RealWorkbench, count: int) -> None:
    bench.people(count)
    bench.record()
    version, words = change(bench)
    began = time.monotonic()
    told = bench.changeover.ask(*words)
    print(f"proof: {count} real sessions, window {told['evidence']['gateClosedSeconds']:.0f} s closed")
    print(f"proof: {time.monotonic() - began:.0f} s for the whole run")
    bench.whole_at(version)
    assert bench.nothing_lost() == saved(bench)
    outcomes = [one["outcome"] for one in told["evidence"]["sessions"]]
    assert outcomes == ["proven"] * count


def test_files_on_a_claim_or_in_the_pod_itself_are_saved_too(bench: RealWorkbench) -> None:
    bench.people(6, storage="claim,memory")
    bench.record()
    version, words = change(bench)
    told = bench.changeover.ask(*words)
    assert [one["outcome"] for one in told["evidence"]["sessions"]] == ["proven"] * 6
    bench.whole_at(version)
    assert bench.nothing_lost() == saved(bench)
    claims = bench.changeover.objects("persistentvolumeclaims")
    assert not [one for one in claims if one["metadata"]["name"].startswith("ws-")]


@pytest.mark.parametrize("kind", [pytest.param(k, marks=[] if k in IN_CI else pytest.mark.slow) for k in KINDS])
def test_killed_in_this_kind_of_step(bench: RealWorkbench, kind: str) -> None:
    bench.people(PEOPLE)
    bench.record()
    version, words = change(bench)
    killing = ("tests.flows.kill_at", f"before done:{KINDS[kind]}")
    died = bench.changeover.run(*words, *WHOLE, expect=None, program=killing)
    assert died.code == KILLED, died
    bench.end_lease()
    bench.changeover.run("resume")
    bench.whole_at(version)
    assert bench.nothing_lost() == saved(bench)


def test_a_release_that_cannot_run_goes_back_by_itself(bench: RealWorkbench) -> None:
    if bench.changeover.ask("status")["runs"] == OLD:
        bench.changeover.run("update", NEW, *WINDOW)
    bench.people(PEOPLE)
    bench.record()
    told = bench.changeover.ask("update", "2022.10.3", *WINDOW, expect=4)
    assert told["verdict"] == "rolled back"
    assert "does-not-exist" in json.dumps(told["evidence"]["reason"])
    bench.whole_at(NEW)
    assert bench.nothing_lost() == saved(bench)
