"""A package that installs itself, on a real node: consent, log, outcome, never two at once, the way back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.commands import Commands
from tests.selfinstalling import kiosk
from tools import kubebox
from tools.kubebox import images

pytestmark = [pytest.mark.cluster, pytest.mark.nodes]

ROOT = Path(__file__).parents[1] / "selfinstalling"
QUICK = ("--strategy", "plain", "--hold", "0", "--yes")


@pytest.fixture(scope="module")
def image(real_nodes: kubebox.Cluster) -> str:
    """The installer's, built offline."""
    files = {"app/installer.py": (ROOT / "installer.py").read_bytes()}
    archive = images.python_image("kiosk:1", files, ["/usr/bin/python3", "/app/installer.py"])
    return real_nodes.push(archive, "test/kiosk", "1")


@pytest.fixture
def installed(kubeconfig: str, namespace: str, image: str, tmp_path: Path) -> Iterator[Commands]:
    """The first release runs."""
    commands = Commands(Path(kubeconfig), namespace)
    channel = kiosk.publish(tmp_path, image)
    words = ("install", str(channel), "--version", "1.0.0", "--profile", str(tmp_path / "profile.yaml"))
    words = (*words, "--set", f"password={kiosk.PASSWORD}", *QUICK)
    blocked = commands.run(*words, expect=3)
    assert "runs as ServiceAccount kotsadm, which is not there" in blocked.err
    assert "--grant kotsadm" in blocked.err
    assert not commands.objects("serviceaccounts", "--field-selector", "metadata.name=kotsadm")
    commands.run(*words, "--grant", "kotsadm")
    yield commands
    for said in commands.said:
        assert "TWO AT ONCE" not in said


def live(commands: Commands) -> tuple[str, str, str]:
    """Version, colour and uid of what the installer made."""
    found = commands.objects("deployments", "--field-selector", "metadata.name=kiosk")[0]
    env = {one["name"]: one["value"] for one in found["spec"]["template"]["spec"]["containers"][0]["env"]}
    return env["VERSION"], env["COLOUR"], found["metadata"]["uid"]


def logs(commands: Commands) -> list[str]:
    """The installers' logs in the evidence of the newest run."""
    evidence = commands.ask("evidence")
    told: list[dict[str, Any]] = evidence.get("evidence", evidence)["captured"]
    return [one["text"] for one in told if one["title"].endswith("its log")]


def test_it_is_installed_with_consent_and_its_log_outlives_it(installed: Commands) -> None:
    assert live(installed)[:2] == ("1.0.0", "blue")
    assert installed.ask("status")["healthy"] is True
    log = logs(installed)
    assert len(log) == 1
    assert "installing 1.0.0 with secret:" in log[0]
    assert "revision 1 of kiosk is deployed" in log[0]
    assert kiosk.PASSWORD not in "".join(installed.said)
    jobs = installed.objects("jobs")
    assert [
        one for one in jobs if "deletionTimestamp" not in one["metadata"] and not one["status"].get("succeeded")
    ] == []
    bindings = installed.objects("rolebindings")
    assert [(one["roleRef"]["name"], one["subjects"][0]["name"]) for one in bindings] == [("admin", "kotsadm")]

    plan = installed.ask("plan", "--to", "1.1.0")
    job = next(one for one in plan["changes"] if one["object"]["name"] == "installer-2")
    assert job["effect"] == "unknown"
    assert "runs its own installer" in job["reason"]
    held = next(one for one in plan["findings"] if one["reference"] == "in-the-installers-hands")
    assert "PersistentVolumeClaim/kiosk-data" in held["found"]


def test_an_uninstall_knows_what_the_installer_made_and_keeps_its_data(installed: Commands) -> None:
    said = installed.run("uninstall", "--yes").out
    assert "Deployment/kiosk" in said
    assert "keep    PersistentVolumeClaim/kiosk-data" in said
    names = {one["metadata"]["name"] for one in installed.objects("deployments,configmaps,secrets,serviceaccounts")}
    assert not names & {"kiosk", "kiosk-app", "kotsadm", "kiosk-settings", "sh.helm.release.v1.kiosk.v1"}
    assert [one["metadata"]["name"] for one in installed.objects("pvc")] == ["kiosk-data"]


def test_updates_answers_and_rollbacks_run_it_again(installed: Commands) -> None:
    uid = live(installed)[2]
    installed.run("update", "1.1.0", *QUICK)
    assert live(installed) == ("1.1.0", "blue", uid)
    installed.run("config", "set", "colour=red", *QUICK)
    assert live(installed) == ("1.1.0", "red", uid)
    assert "installing 1.1.0" in logs(installed)[0]
    installed.run("rollback", "1", *QUICK)
    assert live(installed) == ("1.0.0", "blue", uid)


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("1.2.0", "kiosk is failed in revision 2"),
        ("1.3.0", "kiosk is pending-upgrade in revision 2"),
        ("1.4.0", "it must be done within 20 s"),
        ("1.5.0", "PersistentVolumeClaim"),
    ],
)
def test_what_goes_wrong_goes_back_by_the_old_installer(installed: Commands, version: str, said: str) -> None:
    uid = live(installed)[2]
    done = installed.run("update", version, *QUICK, expect=4)
    assert said in done.out + done.err
    assert live(installed) == ("1.0.0", "blue", uid)
    told = logs(installed)
    assert any("installing 1.0.0" in text for text in told)
    assert any(f"installing {version}" in text for text in told)
    assert installed.ask("status")["runs"] == "1.0.0"
