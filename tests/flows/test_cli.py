"""The command line from setup to uninstall, on a small application of our own: what it does, says and exits with."""

import base64
import json
from pathlib import Path

import pytest

from tests.flows import notebook
from tests.flows.commands import Commands

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

PLAIN = ("--strategy", "plain", "--hold", "0")
QUICK = (*PLAIN, "--yes")
PART = "applyset.kubernetes.io/part-of"


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    return notebook.publish(tmp_path / "channel")


@pytest.fixture
def installed(commands: Commands, channel: Path) -> Commands:
    """The first release runs."""
    commands.run("install", str(channel), "--version", "1.0.0", *QUICK)
    return commands


def live(commands: Commands, kinds: str = "all,configmaps,secrets,pvc") -> set[str]:
    """The application's own objects."""
    named = {f"{one['kind']}/{one['metadata']['name']}" for one in commands.objects(kinds)}
    return {name for name in named if name.endswith(("/notebook", "/pages", "/fonts"))}


def name(about: dict[str, str]) -> str:
    return f"{about['kind']}/{about['name']}"


def colour(commands: Commands) -> str:
    return commands.kubectl("get", "configmap", "notebook", "-o", "jsonpath={.data.colour}")


def test_setup_twice_changes_nothing(commands: Commands) -> None:
    assert "is set up" in commands.run("setup", "--yes").out


def test_a_life_from_install_to_uninstall(installed: Commands, tmp_path: Path) -> None:
    assert installed.ask("status")["runs"] == "1.0.0"
    assert [one["version"] for one in installed.ask("check")["newer"]] == ["2.0.0"]

    plan = installed.ask("plan", "--to", "2.0.0", *PLAIN)
    assert {name(change["object"]): change["effect"] for change in plan["changes"]} == {
        "ConfigMap/fonts": "create",
        "ConfigMap/notebook": "patch",
        "Secret/notebook": "patch",
        "Service/notebook": "unchanged",
        "PersistentVolumeClaim/pages": "unchanged",
        "Deployment/notebook": "restart",
    }
    assert colour(installed) == "blue"

    out = tmp_path / "evidence"
    updated = installed.ask("update", "2.0.0", *QUICK, "--plan", plan["digest"], "--out", str(out))
    assert updated["verdict"] == "committed"
    assert json.loads((out / "evidence.json").read_text())["evidence"]["verdict"] == "committed"
    assert colour(installed) == "green"
    assert installed.ask("status", "--drift")["drift"] == []

    assert installed.ask("rollback", *QUICK)["verdict"] == "committed"
    assert colour(installed) == "blue"
    assert "ConfigMap/fonts" not in live(installed)

    history = installed.ask("history")
    assert [(run["kind"], run["from"], run["to"]) for run in history["runs"]] == [
        ("install", "", "1.0.0"),
        ("update", "1.0.0", "2.0.0"),
        ("rollback", "2.0.0", "1.0.0"),
    ]
    assert history["running"] == 1

    for version in ("2.0.0", "1.0.0"):  # rolling back always means: to what ran before
        installed.run(*(("update", "2.0.0") if version == "2.0.0" else ("rollback",)), *QUICK)
        assert installed.ask("status")["runs"] == version

    removed = installed.ask("uninstall", "--yes")
    assert removed["kept"] == ["PersistentVolumeClaim/pages"]
    assert live(installed, "deployments,services,configmaps,secrets") == set()
    assert live(installed, "pvc") == {"PersistentVolumeClaim/pages"}


def test_drift_names_the_field_that_somebody_changed(installed: Commands) -> None:
    installed.kubectl("scale", "deployment", "notebook", "--replicas=3")
    installed.kubectl("patch", "configmap", "notebook", "--type=merge", "-p", '{"data":{"colour":"red"}}')
    (drifted,) = installed.ask("status", "--drift")["drift"]
    assert name(drifted["object"]) == "ConfigMap/notebook"
    assert drifted["fields"] == [{"path": "data.colour", "before": '"red"', "after": '"blue"'}]
    assert 'data.colour: "red" instead of "blue"' in installed.run("status", "--drift").out


def test_data_goes_only_when_its_name_is_typed(installed: Commands) -> None:
    removed = installed.ask("uninstall", "--yes", "--data", "--accept-data-loss", "pages")
    assert removed["kept"] == []
    assert live(installed, "pvc") == set()
    installed.run("status", expect=1)


def test_uninstalling_reaches_other_namespaces_and_leaves_what_controllers_made(
    commands: Commands, tmp_path: Path
) -> None:
    other = f"{commands.namespace}-other"
    commands.kubectl("create", "namespace", other)
    package = tmp_path / "1.0.0"
    package.mkdir()
    (package / "far.yaml").write_text(
        f"""{{apiVersion: v1, kind: ConfigMap, metadata: {{name: far, namespace: {other}}}}}
---
{{apiVersion: v1, kind: Service, metadata: {{name: near}}, spec: {{selector: {{app: near}}, ports: [{{port: 80}}]}}}}
"""
    )
    commands.run("install", str(package), "--name", "spread", *QUICK)
    removed = commands.ask("uninstall", "--yes")
    assert sorted(removed["removed"]) == ["ConfigMap/far", "Service/near"]
    assert json.loads(commands.kubectl("get", "configmaps", "-n", other, "-l", PART, "-o", "json"))["items"] == []
    commands.kubectl("delete", "namespace", other, "--wait=false")


def test_no_secret_is_ever_said(installed: Commands, tmp_path: Path) -> None:
    installed.run("plan", "--to", "2.0.0", "--full", "--strategy", "plain")
    installed.ask("plan", "--to", "2.0.0", "--strategy", "plain")
    installed.run("update", "2.0.0", *QUICK, "--out", str(tmp_path / "out"))
    installed.kubectl("patch", "secret", "notebook", "--type=merge", "-p", '{"stringData":{"password":"by-hand"}}')
    installed.run("status", "--drift")
    installed.run("evidence")
    written = [path.read_text() for path in (tmp_path / "out").iterdir()]
    runs = json.dumps(installed.objects("changeovers.changeover.dev,installations.changeover.dev,events"))
    everything = "\n".join([*installed.said, *written, runs])
    assert "Secret/notebook" in everything
    for secret in (*notebook.SECRETS.values(), "by-hand"):
        assert secret not in everything
        assert _base64(secret) not in everything


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode().rstrip("=")


WRONG = (
    (("updaet",), 2, "No such command"),
    (("update", "--announce", "soon"), 2, "not a valid integer"),
    (("install", "no-such-folder", "--yes"), 1, "no-such-folder"),
    (("status",), 1, "Installation"),
    (("resume",), 1, "Installation"),
    (("answer", "--choice", "waive"), 2, "--session"),
    (("--context", "nowhere", "status"), 1, "nowhere"),
    (("--kubeconfig", "/no/such/file", "status"), 1, "kubeconfig"),
)


def test_wrong_words_are_explained(commands: Commands) -> None:
    for words, code, said in WRONG:
        explained(commands, words, code, said)


def explained(commands: Commands, words: tuple[str, ...], code: int, said: str) -> None:
    done = commands.run(*words, expect=code)
    assert said in done.err, words
    assert "Traceback" not in done.err, words


IMPOSSIBLE = (
    (("update", "9.9.9", "--yes"), 1, "9.9.9"),
    (("update", "2.0.0", "--strategy", "magic", "--yes"), 2, "magic"),
    (("update", "2.0.0", "--at", "soon", "--yes"), 2, "soon"),
    (("update", "2.0.0", *QUICK, "--plan", "sha256:other"), 3, "sha256:"),
    (("update", "2.0.0", "--strategy", "plain"), 2, "--yes"),
    (("update", "1.0.0", *QUICK, "--from", "no-such-channel"), 1, "no-such-channel"),
    (("install", "CHANNEL", *QUICK), 1, "installed"),
    (("rollback", "7", "--yes"), 1, "7"),
    (("rollback", "--yes"), 1, "evision"),
    (("resume",), 1, "no run"),
    (("answer", "--choice", "back"), 1, "has ended"),
    (("evidence", "notebook-99"), 1, "notebook-99"),
    (("sessions", "list"), 1, "session"),
    (("status", "--installation", "other"), 1, "other"),
)


def test_what_cannot_be_done_is_explained_and_changes_nothing(installed: Commands, channel: Path) -> None:
    def versions() -> str:
        template = "jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{'\\n'}{end}"
        return installed.kubectl("get", "configmap,secret,service,pvc", "-l", PART, "-o", template)

    before = versions()
    assert "notebook" in before
    for words, code, said in IMPOSSIBLE:
        explained(installed, tuple(str(channel) if word == "CHANNEL" else word for word in words), code, said)
    assert versions() == before
    assert [run["kind"] for run in installed.ask("history")["runs"]] == ["install"]


def test_custom_labels_are_added_kept_and_taken_off_by_going_back(installed: Commands, tmp_path: Path) -> None:
    uid = installed.objects("deployment")[0]["metadata"]["uid"]
    mine = tmp_path / "mine.yaml"
    mine.write_text('customization: [{kind: "*", metadata: {name: notebook, labels: {team: red, app: mine}}}]')
    given = ("--customisations", str(mine))
    plan = installed.ask("plan", "--to", "1.0.0", *PLAIN, *given)
    assert [one["message"] for one in plan["findings"] if one["reference"] == "override-rejected"] == [
        "Deployment/notebook pods: label app stays notebook; the release says so."
    ]
    assert installed.ask("update", "1.0.0", *QUICK, *given)["verdict"] == "committed"
    deployment = installed.objects("deployment")[0]
    assert (deployment["metadata"]["uid"], deployment["metadata"]["labels"]["team"]) == (uid, "red")
    assert deployment["spec"]["template"]["metadata"]["labels"] == {"app": "notebook", "team": "red"}
    assert installed.ask("update", "2.0.0", *QUICK)["verdict"] == "committed"
    assert installed.objects("deployment")[0]["metadata"]["labels"]["team"] == "red"
    assert installed.ask("rollback", "1", *QUICK)["verdict"] == "committed"
    assert "team" not in installed.objects("deployment")[0]["metadata"]["labels"]
    assert "customisations" not in installed.objects("installations")[0]["spec"]


def test_evidence_says_what_was_foretold_and_seen_and_the_next_plan_knows_it(installed: Commands) -> None:
    installed.run("update", "2.0.0", *QUICK)
    told = {one["what"]: one for one in installed.ask("evidence")["evidence"]["predictions"]}
    restarts = told["pods of Deployment/notebook that restart"]
    assert (restarts["predicted"], restarts["observed"], restarts["held"]) == ("1", "1 of 1", True)
    assert "Prediction and reality" in installed.run("evidence").out
    status = installed.objects("installations")[0]["status"]
    assert len(status["secondsTaken"]) == 2
    assert "Deployment.apps/" in "".join(status["restartSeconds"])
