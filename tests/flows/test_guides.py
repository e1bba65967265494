"""The vendor's notes: those that concern this installation are in the plan, and what must be read keeps it waiting."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows import letters
from tests.flows.commands import Commands

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

QUICK = ("--strategy", "plain", "--hold", "0", "--yes")


def check(kind: str, **spec: Any) -> dict[str, Any]:
    """An analyzer that passes when what it looks for is there."""
    outcomes = [{"pass": {"when": ">= 1.20.0", "message": "it is so"}}, {"fail": {"message": "it is not so"}}]
    return {kind: {"outcomes": outcomes, **spec}}


NEW = check("clusterVersion")
CLASS = check("storageClass", storageClassName="no-such-class")
NEWEST: tuple[dict[str, Any], ...] = (
    {"id": "again", "text": "the newest words"},
    {"id": "read-me", "severity": "breaking", "text": "Mail goes\nanother way.", "acknowledge": True},
    {"id": "long-ago", "text": "for others", "appliesWhen": {"from": "<0.9"}},
    {"id": "blue", "text": "for blue", "appliesWhen": {"answers": {"colour": "blue"}}},
    {"id": "red", "text": "for red", "appliesWhen": {"answers": {"colour": "red"}}},
    {"id": "who-knows", "text": "about what is not asked", "appliesWhen": {"answers": {"nothing": "1"}}},
    {"id": "new-cluster", "severity": "breaking", "text": "Kubernetes 1.20", "check": NEW, "acknowledge": True},
    {"id": "class", "severity": "breaking", "text": "A class is needed", "check": CLASS},
    {"id": "if-class", "text": "with that class", "appliesWhen": {"check": CLASS}},
)
BETWEEN = (
    {"id": "again", "text": "older words"},
    {"id": "advisory", "severity": "security", "text": "CVE-2022-1 is mended"},
)


@pytest.fixture
def installed(commands: Commands, tmp_path: Path) -> Commands:
    """1.0.0 runs, 1.5.0 and 2.0.0 have notes."""
    channel = letters.publish(tmp_path / "channel")
    shutil.copytree(channel / "1.0.0", channel / "1.5.0")
    for version, notes in (("1.5.0", BETWEEN), ("2.0.0", NEWEST)):
        path = channel / version / "release.yaml"
        document = {**yaml.safe_load(path.read_text()), "version": version, "guide": list(notes)}
        path.write_text(yaml.safe_dump(document))
    listing = yaml.safe_load((channel / "channel.yaml").read_text())
    versions = ("1.0.0", "1.5.0", "2.0.0")
    listing["releases"] = [{"version": one, "cursor": at, "package": one} for at, one in enumerate(versions)]
    (channel / "channel.yaml").write_text(yaml.safe_dump(listing))
    given = ("--set", "host=a.example", "--set", f"admin_password={letters.PASSWORD}")
    commands.run("install", str(channel), "--version", "1.0.0", *given, *QUICK)
    return commands


def test_what_must_be_read_keeps_an_update_waiting_until_somebody_says_so(installed: Commands) -> None:
    told = {one["id"]: one for one in installed.ask("guides", "--to", "2.0.0")["guides"]}
    assert {name: (one["release"], one["concerns"], one["waits"]) for name, one in told.items()} == {
        "again": ("2.0.0", "yes", False),
        "read-me": ("2.0.0", "yes", True),
        "long-ago": ("2.0.0", "no", False),
        "blue": ("2.0.0", "yes", False),
        "red": ("2.0.0", "no", False),
        "who-knows": ("2.0.0", "unknown", True),
        "new-cluster": ("2.0.0", "yes", False),
        "class": ("2.0.0", "yes", True),
        "if-class": ("2.0.0", "no", False),
        "advisory": ("1.5.0", "yes", False),
    }
    assert told["new-cluster"]["check"]["verdict"] == "pass"
    assert told["class"]["check"]["message"] == "it is not so"

    plan = installed.ask("plan", "--to", "2.0.0")
    said = {one["message"]: one["severity"] for one in plan["findings"] if one["reference"].startswith("guide")}
    assert said["Note read-me of 2.0.0 must be acknowledged: Mail goes another way."] == "blocks"
    assert (said["CVE-2022-1 is mended"], said["Kubernetes 1.20"]) == ("notes", "notes")
    assert not {"for red", "older words"} & said.keys()

    before = installed.objects("changeovers")
    assert installed.ask("update", "2.0.0", *QUICK, expect=3)["problem"]["code"] == "plan-blocked"
    wrong = installed.ask("update", "2.0.0", *QUICK, "--acknowledge", "nonsense", expect=1)["problem"]
    assert (wrong["code"], "read-me" in wrong["found"]) == ("unknown-note", True)
    assert installed.objects("changeovers") == before

    installed.run("guides", "acknowledge", "class", "who-knows", "--to", "2.0.0", USER="grace")
    left = [one["id"] for one in installed.ask("guides", "--to", "2.0.0")["guides"] if one["waits"]]
    assert left == ["read-me"]
    installed.run("update", "2.0.0", *QUICK, "--acknowledge", "read-me")
    assert installed.ask("status")["runs"] == "2.0.0"
    kept = installed.ask("evidence")["evidence"]["acknowledged"]
    assert {(one["id"], one["by"].startswith("grace@")) for one in kept} == {
        ("class", True),
        ("who-knows", True),
        ("read-me", False),
    }


def test_notes_that_cannot_be_read_are_said_to_be_missing(installed: Commands, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "channel" / "1.5.0")
    findings = installed.ask("plan", "--to", "2.0.0")["findings"]
    (lost,) = (one for one in findings if one["reference"] == "guide-unreadable")
    assert lost["severity"] == "warns"
    assert "1.5.0" in lost["message"]
    assert installed.ask("guides", "--to", "1.0.0")["guides"] == []
