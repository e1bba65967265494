"""Many sessions, of which some fail, hang or lie about their backup: these are named, and nothing is changed."""

import json
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows.workbench import QUICK, Workbench, until
from workbench.app.web import call

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

OLD, NEW = "2022.09.2", "2022.10.2"
WINDOW = ("--strategy", "window", "--yes", *QUICK)
SAID = {"backupFails": "its backup failed", "neverFinish": "not saved within", "backupLies": "its receipt is not true"}
"""By switch, what must be said of the session."""
PROFILE = Path(__file__).parents[2] / "src" / "changeover" / "profiles" / "workbench.yaml"


def demanding(bench: Workbench) -> str:
    """A profile that asks the store whether a receipt is true, and does not wait long; returns its file."""
    profile = yaml.safe_load(PROFILE.read_text())
    url = until(lambda: (bench.folder / "host.log").read_text().split("\n")[0])
    profile["sessions"]["receipt"]["verifyUrl"] = f"{url}/objects/{{id}}"
    profile["sessions"] |= {"timeoutSeconds": 30, "concurrency": 100, "concurrencyPerNode": 100}
    file = bench.folder / "profile.yaml"
    file.write_text(yaml.safe_dump(profile))
    return str(file)


def spoil(bench: Workbench, names: list[str]) -> dict[str, str]:
    """Two of a hundred sessions fail, hang or lie, in turn; returns by name how."""
    bad = dict(zip(names[7::50], cycle(SAID), strict=False))
    bench.faults(**{switch: ",".join(name for name, how in bad.items() if how == switch) for switch in SAID})
    return bad


def question(bench: Workbench) -> dict[str, str]:
    """Whom the held run names, and why."""
    asked: dict[str, Any] = bench.changeover.ask("status")["question"]
    return {one["name"]: one["reason"] for one in asked["subjects"]}


def waive(bench: Workbench, names: list[str]) -> int:
    """A person takes the responsibility for these; returns the exit code of the run that goes on."""
    words = [word for name in names for word in ("--session", name)]
    bench.changeover.run("answer", "--choice", "waive", *words, "--reason", "they were told by telephone")
    return bench.changeover.run("resume", expect=None).code


@pytest.mark.parametrize("count", [200, pytest.param(1000, marks=pytest.mark.slow)])
def test_sessions_that_cannot_be_proven_hold_the_run_until_a_person_waives_them(
    workbench: Workbench, count: int
) -> None:
    workbench.install(OLD, profile=demanding(workbench))
    names = workbench.people(count)
    workbench.record()
    bad = spoil(workbench, names)
    before = workbench.generations()

    workbench.changeover.run("update", NEW, *WINDOW, expect=5)
    named = question(workbench)
    assert named.keys() == bad.keys()
    assert all(SAID[how] in named[name] for name, how in bad.items()), named
    assert workbench.generations() == before
    status = workbench.changeover.ask("status")
    assert (status["runs"], status["gate_closed_by"]) == (OLD, "workbench-2")
    assert call("POST", f"{workbench.url}/workspaces", body=b"{}").status == 503

    *some, last = bad
    assert waive(workbench, some) == 5
    assert question(workbench).keys() == {last}
    assert workbench.generations() == before

    assert waive(workbench, [last]) == 0
    workbench.whole_at(NEW)
    assert workbench.nothing_lost(reported=list(bad)) == {"saved": count - len(bad), "reported": len(bad)}
    told_the_truth(workbench, names, set(bad))
    print(f"proof: {count} sessions, {len(bad)} fail, hang or lie; exactly those named, {count - len(bad)} saved")


def told_the_truth(bench: Workbench, names: list[str], bad: set[str]) -> None:
    """The evidence has every session, with the bytes that the store really holds, and who waived it if it is lost."""
    evidence = bench.changeover.ask("evidence")["evidence"]
    outcomes = {one["name"]: one for one in evidence["sessions"]}
    assert outcomes.keys() == set(names)
    assert {name for name, one in outcomes.items() if one["outcome"] == "waived"} == bad
    stored = json.loads(call("GET", f"{bench.url}/objects").body)["objects"]
    held = {f"ws-{one['id']}": one["sha256"] for one in stored}
    proven = {name: one for name, one in outcomes.items() if one["outcome"] == "proven"}
    assert {name: one["sha256"] for name, one in proven.items()} == {name: held[name] for name in proven}
