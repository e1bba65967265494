"""What can happen to a change on a real API server: every time it ends whole, with nothing lost and all of it told."""

import json
import os
import signal
import subprocess
import time

import pytest

from tests.flows.audit import Audit
from tests.flows.commands import until
from tests.flows.workbench import QUICK, Workbench

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("simulated")]

OLD, NEW, BROKEN = "2022.09.2", "2022.10.2", "2022.10.3"
NEWER, NEWER_BROKEN = "2022.11.3", "2022.12.1"
WINDOW = ("--strategy", "window", "--yes", *QUICK)
AWAY_SECONDS = 8
CONTROL_PLANE = ("kube-scheduler", "kube-apiserver")
"""The scheduler goes too: it may end itself when it finds its cache outdated, and here nobody starts it again."""


@pytest.fixture
def running(workbench: Workbench) -> Workbench:
    """Installed at OLD, and people work in it."""
    workbench.install(OLD)
    workbench.people(3)
    workbench.record()
    return workbench


def phase(bench: Workbench, run: str = "workbench-2") -> str:
    """How far the run is, in the API server's words; empty before it has begun."""
    found = bench.changeover.objects("changeovers.changeover.dev")
    return next((one.get("status", {}).get("phase", "") for one in found if one["metadata"]["name"] == run), "")


def begun(bench: Workbench, *phases: str) -> "subprocess.Popen[str]":
    """An update that has come to one of these phases."""
    process = bench.changeover.start("update", NEW, *WINDOW)
    until(lambda: phase(bench) in phases or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    return process


def saved(bench: Workbench) -> None:
    """Every session of the ledger is saved, or goes on."""
    counts = bench.nothing_lost()
    assert sum(counts.values()) == len(bench.ledger.read_text().splitlines())
    assert counts.keys() <= {"saved", "running"}


def test_a_process_that_slept_longer_than_its_lease_touches_nothing_any_more(running: Workbench) -> None:
    audit = Audit(running.cluster.audit_log, running.changeover.namespace)
    sleeper = begun(running, "gate", "drain")
    os.kill(sleeper.pid, signal.SIGSTOP)
    try:
        running.changeover.run("resume")
    finally:
        os.kill(sleeper.pid, signal.SIGCONT)
    woken = running.changeover.wait(sleeper)
    assert woken.code in {0, 6}, woken
    assert "Traceback" not in woken.err
    running.whole_at(NEW)
    saved(running)
    assert audit.effects()["configmaps/changeover-gate"] == ["create", "delete"]


def test_of_two_at_once_one_changes_and_the_other_says_so(running: Workbench) -> None:
    first = begun(running, "gate", "drain")
    second = running.changeover.run("update", NEW, *WINDOW, expect=3)
    assert "already has a run" in second.err
    running.changeover.wait(first).ended(0)
    running.whole_at(NEW)
    saved(running)


def test_an_api_server_that_is_away_for_a_while_stops_nothing(running: Workbench) -> None:
    process = begun(running, "drain", "backup", "change")
    for component in CONTROL_PLANE:
        running.cluster.kill(component)
    time.sleep(AWAY_SECONDS)
    for component in CONTROL_PLANE:
        running.cluster.restart(component)
    running.changeover.wait(process).ended(0)
    running.whole_at(NEW)
    saved(running)


def test_an_abort_in_the_middle_goes_back(running: Workbench) -> None:
    process = begun(running, "backup", "change")
    running.changeover.run("abort", "--reason", "the office is on fire")
    running.changeover.wait(process).ended(4)
    running.whole_at(OLD)
    saved(running)
    evidence = running.changeover.ask("evidence")["evidence"]
    assert "the office is on fire" in json.dumps(evidence)


def test_ctrl_c_leaves_a_run_that_resume_ends(running: Workbench) -> None:
    process = begun(running, "drain", "backup", "change")
    process.send_signal(signal.SIGINT)
    running.changeover.wait(process).ended(6)
    assert running.changeover.ask("status")["run"] == "workbench-2"
    running.changeover.run("resume")
    running.whole_at(NEW)
    saved(running)


def test_a_release_that_cannot_run_goes_back_by_itself(workbench: Workbench) -> None:
    workbench.install(NEW)
    workbench.people(3)
    workbench.record()
    done = workbench.changeover.run("update", BROKEN, *WINDOW, expect=4)
    assert "ErrImagePull" in done.out, done.out
    workbench.whole_at(NEW)
    saved(workbench)


def test_data_of_a_new_schema_is_restored_when_the_release_cannot_run(workbench: Workbench) -> None:
    workbench.install(NEWER)
    workbench.people(3)
    workbench.record()
    done = workbench.changeover.run("update", NEWER_BROKEN, *WINDOW, expect=4)
    assert "Restore" in done.out, done.out
    workbench.whole_at(NEWER)
    saved(workbench)
