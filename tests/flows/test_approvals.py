"""Where the policy asks for it, a change waits for another person's yes to exactly its plan."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.flows import letters
from tests.flows.commands import Commands

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

SAME = ("--strategy", "plain", "--hold", "0")
QUICK = (*SAME, "--yes")
UPDATE = ("update", "2.0.0", *QUICK)


@pytest.fixture
def installed(commands: Commands, tmp_path: Path) -> Commands:
    """The first release runs, and changes wait for one approval."""
    channel = letters.publish(tmp_path / "channel")
    given = ("--set", "host=a.example", "--set", f"admin_password={letters.PASSWORD}")
    commands.run("install", str(channel), "--version", "1.0.0", *given, *QUICK)
    commands.run("approvals", "require", "1")
    return commands


def approved_by(commands: Commands, person: str) -> dict[str, str]:
    """Somebody else, on this machine."""
    words = ("approve", "--to", "2.0.0", *SAME, "--reason", "read it", "--yes")
    made: dict[str, str] = commands.run("-o", "json", *words, USER=person).json
    return made


def refused(commands: Commands, *words: str) -> dict[str, str]:
    """The problem that a command ends with; nothing began."""
    before = commands.objects("changeovers")
    problem: dict[str, str] = commands.ask(*words, expect=3)["problem"]
    assert commands.objects("changeovers") == before
    return problem


def test_an_update_waits_for_another_persons_yes_to_exactly_its_plan(installed: Commands) -> None:
    plan = installed.ask("plan", "--to", "2.0.0", *SAME)["digest"]
    problem = refused(installed, *UPDATE)
    assert (problem["code"], problem["found"]) == ("not-approved", "no approval")
    assert f"changeover approve {plan} --to 2.0.0" in problem["hint"]
    assert refused(installed, "approve", "sha256:other", "--to", "2.0.0", "--yes")["code"] == "other-plan"
    own = installed.ask("approve", plan, "--to", "2.0.0", *SAME, "--yes")
    assert own["plan"] == plan
    assert refused(installed, *UPDATE)["found"] == "your own approval does not count"
    assert approved_by(installed, "grace")["plan"] == plan
    other = refused(installed, *UPDATE, "--set", "colour=red")
    assert re.search("grace@[^ ]+ approved another plan", other["found"])
    installed.run(*UPDATE)
    assert installed.ask("status")["runs"] == "2.0.0"
    listed = installed.ask("approvals", "list")
    assert [(one["plan"], one["reason"]) for one in listed["approvals"] if one["by"].startswith("grace@")] == [
        (plan, "read it")
    ]
    installed.run("rollback", *QUICK)  # the way back waits for nobody
    assert installed.ask("status")["runs"] == "1.0.0"


def test_an_approval_ends_by_itself_and_cannot_be_stretched(installed: Commands, tmp_path: Path) -> None:
    approved_by(installed, "grace")
    (made,) = installed.objects("approvals")
    name = made["metadata"]["name"]
    with pytest.raises(subprocess.CalledProcessError):
        installed.kubectl(
            "patch", "approval", name, "--type=merge", "-p", '{"spec":{"expiresAt":"2099-01-01T00:00:00Z"}}'
        )
    installed.kubectl("delete", "approval", name)
    spec = {**made["spec"], "expiresAt": "2020-01-01T00:00:00+00:00"}
    body = {"apiVersion": made["apiVersion"], "kind": "Approval", "metadata": {"name": "old"}, "spec": spec}
    (tmp_path / "old.json").write_text(json.dumps(body))
    installed.kubectl("create", "-f", str(tmp_path / "old.json"))
    assert refused(installed, *UPDATE)["found"] == "no approval"
    installed.run("approvals", "require", "0")
    installed.run(*UPDATE)
    assert installed.ask("status")["runs"] == "2.0.0"
    assert refused(installed, "approve", "--to", "2.0.0", "--yes")["code"] == "nothing-to-approve"
