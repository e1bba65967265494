"""What an operator gives and sets by hand holds on a real API server: a version, settings, what differs."""

import shutil
import tarfile
from pathlib import Path

import pytest

from tests.flows import letters
from tests.flows.commands import Commands

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

QUICK = ("--strategy", "plain", "--hold", "0", "--yes")


@pytest.fixture
def installed(commands: Commands, tmp_path: Path) -> Commands:
    """The first release runs."""
    channel = letters.publish(tmp_path / "channel")
    given = ("--set", "host=a.example", "--set", f"admin_password={letters.PASSWORD}")
    commands.run("install", str(channel), "--version", "1.0.0", *given, *QUICK)
    return commands


@pytest.fixture
def hotfix(installed: Commands, tmp_path: Path) -> Path:
    """A package that the channel does not list."""
    folder = tmp_path / "hotfix"
    shutil.copytree(tmp_path / "channel" / "1.0.0", folder)
    release = folder / "release.yaml"
    release.write_text(release.read_text().replace("1.0.0", "1.0.1"))
    objects = folder / "objects.yaml"
    objects.write_text(objects.read_text().replace("  colour:", "  mended: 'yes'\n  colour:"))
    file = tmp_path / "letters-1.0.1.tgz"
    with tarfile.open(file, "w:gz") as packed:
        for one in folder.iterdir():
            packed.add(one, one.name)
    return file


def test_a_version_given_by_hand_is_planned_run_and_left_again(installed: Commands, hotfix: Path) -> None:
    kept = installed.ask("upload", str(hotfix))
    assert kept["version"] == "1.0.1"
    assert installed.ask("upload", str(hotfix), expect=1)["problem"]["code"] == "bad-upload"
    assert [one["version"] for one in installed.ask("releases")] == ["1.0.0", "1.0.1", "2.0.0"]
    differs = installed.ask("diff", "1.0.1")
    assert differs["before"] == "1.0.0 (revision 1)"
    assert [(one["object"], one["how"], [f["path"] for f in one["fields"]]) for one in differs["changes"]] == [
        ("ConfigMap/letters", "changed", ["data.mended"])
    ]
    assert letters.PASSWORD not in installed.run("diff", "2.0.0").out
    installed.run("update", "1.0.1", *QUICK)
    assert installed.ask("status")["runs"] == "1.0.1"
    assert "runs" in installed.ask("upload", "--remove", "1.0.1", expect=1)["problem"]["message"]
    installed.run("rollback", *QUICK)
    installed.run("upload", "--remove", "1.0.1")
    assert [one["version"] for one in installed.ask("releases")] == ["1.0.0", "2.0.0"]
    installed.run("rollback", "2", *QUICK)  # what ran once can be gone back to without its package
    assert installed.ask("status")["runs"] == "1.0.1"
    assert installed.ask("backups") == []


def test_settings_hold(installed: Commands) -> None:
    wanted = ("approvals=2", "prometheus=http://prometheus.example", "strategy=plain")
    assert installed.ask("settings", "set", *wanted)["settings"]["strategy"] == "plain"
    (live,) = installed.objects("installations")
    assert live["spec"]["policy"]["approvals"]["required"] == 2
    assert live["spec"]["prometheus"] == {"url": "http://prometheus.example"}
    assert installed.ask("settings", "set", "approvals=many", expect=2)["problem"]["code"] == "bad-setting"
    installed.run("settings", "set", "approvals=", "prometheus=")
    settings = installed.ask("settings")["settings"]
    assert (settings["approvals"], settings["prometheus"]) == ("0", "")
    installed.run("update", "2.0.0", "--hold", "0", "--yes")
    assert installed.ask("status")["runs"] == "2.0.0"
