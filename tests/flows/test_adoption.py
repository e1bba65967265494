"""What runs already is followed without a restart, loses what the next release drops, and is left as it was."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows import kots, notebook
from tests.flows.commands import Commands, until

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

QUICK = ("--strategy", "plain", "--hold", "0", "--yes")
KINDS = "configmaps,secrets,services,deployments,pvc"


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    return notebook.publish(tmp_path / "channel")


@pytest.fixture
def running(commands: Commands, tmp_path: Path) -> Commands:
    """The first release, applied by kubectl with one key that the release itself does not have."""
    objects = notebook.objects("1.0.0")
    objects[0]["data"]["left-over"] = "from 0.9"
    apply(commands, tmp_path, objects)
    until(lambda: len(pods(commands)) == 1)
    return commands


def apply(commands: Commands, folder: Path, objects: list[dict[str, Any]]) -> None:
    (folder / "applied.yaml").write_text(yaml.safe_dump_all(objects))
    commands.kubectl("apply", "-f", str(folder / "applied.yaml"))


def pods(commands: Commands) -> set[str]:
    return {pod["metadata"]["uid"] for pod in commands.objects("pods", "-l", "app=notebook")}


def state(commands: Commands) -> dict[str, Any]:
    """The application's objects with their owners, without what any write changes."""
    listed = json.loads(commands.kubectl("get", KINDS, "-o", "json", "--show-managed-fields"))["items"]
    found = {}
    for obj in listed:
        metadata = obj["metadata"]
        if metadata["name"] in {"notebook", "pages"}:
            for volatile in ("resourceVersion", "generation"):
                metadata.pop(volatile, None)
            metadata["managedFields"] = [one for one in metadata["managedFields"] if not one.get("subresource")]
            obj.pop("status", None)
            found[f"{obj['kind']}/{metadata['name']}"] = obj
    return found


def owners(commands: Commands) -> set[tuple[str, str]]:
    return {
        (entry["manager"], entry["operation"])
        for obj in state(commands).values()
        for entry in obj["metadata"]["managedFields"]
        if entry["manager"] not in {"kube-controller-manager", "kubebox"}  # what binds claims
    }


def test_adopted_from_kubectl_updated_and_what_the_release_drops_is_gone(running: Commands, channel: Path) -> None:
    before = pods(running)
    seen = running.ask("adopt", str(channel), "--version", "1.0.0", "--dry-run")
    assert seen["origin"]["tool"] == "kubectl"
    assert seen["managers"] == {"kubectl-client-side-apply": 5}
    assert seen["dropped"] == {"ConfigMap/notebook": ["data.left-over"]}
    assert seen["drift"] == []
    assert running.objects("installations") == []

    done = running.ask("adopt", str(channel), "--version", "1.0.0", "--yes")
    assert (done["adopted"], done["pods"]["gone"], done["changedSpecs"]) == (5, [], [])
    assert pods(running) == before
    assert owners(running) == {("changeover", "Apply")}
    status = running.ask("status", "--drift")
    assert status["runs"] == "1.0.0"
    assert [one["fields"][0]["path"] for one in status["drift"]] == ["data.left-over"]

    assert running.ask("update", "2.0.0", *QUICK)["verdict"] == "committed"
    data = json.loads(running.kubectl("get", "configmap", "notebook", "-o", "json"))["data"]
    assert data == {"colour": "green"}
    assert running.ask("rollback", *QUICK)["verdict"] == "committed"
    assert running.ask("status", "--drift")["drift"] == []


def test_disown_leaves_everything_as_it_was(running: Commands, channel: Path) -> None:
    before, uids = state(running), pods(running)
    running.run("adopt", str(channel), "--version", "1.0.0", "--yes")
    done = running.ask("disown", "--yes")
    assert done["left"] == 5
    assert done["secretsGo"]
    assert state(running) == before
    assert pods(running) == uids
    until(
        lambda: (
            not running.objects("installations") and not running.objects("secrets", "-l", "changeover.dev/installation")
        )
    )


def test_kubectl_goes_on_after_a_disown(running: Commands, channel: Path, tmp_path: Path) -> None:
    running.run("adopt", str(channel), "--version", "1.0.0", "--yes")
    running.run("disown", "--yes")
    apply(running, tmp_path, notebook.objects("1.0.0"))
    assert json.loads(running.kubectl("get", "configmap", "notebook", "-o", "json"))["data"] == {"colour": "blue"}


def test_what_people_changed_by_hand_is_shown_and_stays(running: Commands, channel: Path) -> None:
    running.kubectl("set", "image", "deployment/notebook", "notebook=notebook:patched")
    until(lambda: "notebook:patched" in running.kubectl("get", "pods", "-o", "jsonpath={..image}"))
    done = running.ask("adopt", str(channel), "--version", "1.0.0", "--dry-run")
    assert [(one["object"]["name"], one["fields"][0]["after"]) for one in done["drift"]] == [
        ("notebook", '"notebook:1.0.0"')
    ]
    running.run("adopt", str(channel), "--version", "1.0.0", "--yes")
    assert "notebook:patched" in running.kubectl("get", "deployment", "notebook", "-o", "jsonpath={..image}")
    assert ("kubectl-set", "Update") in owners(running)


def test_adopt_goes_on_where_it_was_cut_off_and_disown_still_knows_the_owners(running: Commands, channel: Path) -> None:
    before = state(running)
    running.run("adopt", str(channel), "--version", "1.0.0", "--yes")
    running.kubectl(
        "patch",
        "installations",
        "notebook",
        "--subresource=status",
        "--type=merge",
        "-p",
        '{"status":{"running":null}}',
    )
    running.run("adopt", str(channel), "--version", "1.0.0", "--yes")
    running.run("disown", "--yes")
    assert state(running) == before


def test_a_helm_release_is_adopted_with_its_values_and_its_own_manifests(
    commands: Commands, channel: Path, tmp_path: Path
) -> None:
    objects = [one for one in notebook.objects("1.0.0") if one["kind"] in {"ConfigMap", "Deployment"}]
    manifest = "\n---\n".join(f"# Source: notebook/{one['kind']}\n{yaml.safe_dump(one)}" for one in objects)
    for one in objects:
        one["metadata"]["annotations"] = {"meta.helm.sh/release-name": "notes"}
        (tmp_path / "one.yaml").write_text(yaml.safe_dump(one))
        commands.kubectl("create", "--field-manager=helm", "-f", str(tmp_path / "one.yaml"))
    record(commands, tmp_path, manifest)
    until(lambda: len(pods(commands)) == 1)
    before, uids = state(commands), pods(commands)

    done = commands.ask("adopt", "--helm", "notes", "--yes")
    assert (done["version"], done["adopted"], done["pods"]["gone"]) == ("1.4.0", 2, [])
    assert commands.ask("status", "--drift")["drift"] == []
    assert "no-source" in commands.run("config", "export", expect=1).err
    assert (
        commands.ask("plan", "--from", str(channel), "--to", "2.0.0", "--strategy", "plain")["from"]["version"]
        == "1.4.0"
    )
    commands.run("disown", "--yes")
    assert (state(commands), pods(commands)) == (before, uids)
    assert "no-helm-release" in commands.run("adopt", "--helm", "other", "--yes", expect=1).err


def record(commands: Commands, folder: Path, manifest: str) -> None:
    """As Helm 3 keeps a release."""
    release = {
        "name": "notes",
        "version": 3,
        "info": {"status": "deployed"},
        "chart": {"metadata": {"name": "notebook", "version": "1.4.0"}},
        "config": {"colour": "blue"},
        "manifest": manifest,
    }
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode())).decode()
    labels = {"owner": "helm", "name": "notes", "status": "deployed", "version": "3"}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "helm.sh/release.v1",
        "metadata": {"name": "sh.helm.release.v1.notes.v3", "labels": labels},
        "stringData": {"release": packed},
    }
    (folder / "release.yaml").write_text(yaml.safe_dump(secret))
    commands.kubectl("apply", "-f", str(folder / "release.yaml"))


def test_a_look_ahead_at_a_later_kubernetes(running: Commands, channel: Path) -> None:
    budget = {"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {"name": "notebook"}}
    with (channel / "2.0.0" / "notebook.yaml").open("a") as file:
        file.write("\n---\n" + yaml.safe_dump(budget))
    running.run("adopt", str(channel), "--version", "1.0.0", "--yes")
    seen = running.ask("check", "--kubernetes", "1.37")
    assert [(one["version"], [found["hint"] for found in one["findings"]]) for one in seen["releases"]] == [
        ("1.0.0", []),
        ("2.0.0", ["use policy/v1"]),
    ]
    assert not seen["blocked"]
    plan = running.ask("plan", "--strategy", "plain")
    blocking = [one for one in plan["findings"] if one["severity"] == "blocks"]
    assert [(one["reference"], one["hint"]) for one in blocking] == [
        ("unserved-api", "Kubernetes 1.25 removed it: use policy/v1")
    ]


def test_a_kots_installation_is_adopted_with_its_answers(commands: Commands, tmp_path: Path) -> None:
    package = tmp_path / "1.0.0"
    package.mkdir()
    (package / "config.yaml").write_text(yaml.safe_dump(kots.CONFIG))
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "notebook"}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "notebook"}}
    for name, raw, option in (("settings", settings, "colour"), ("secret", secret, "password")):
        part = "stringData" if name == "secret" else "data"
        template = {**raw, part: {option: f'repl{{{{ ConfigOption "{option}" }}}}'}}
        (package / f"{name}.yaml").write_text(yaml.safe_dump(template))
    marked = {"name": "notebook", "annotations": {"kots.io/app-slug": "notes"}}
    applied = [
        {**settings, "metadata": marked, "data": {"colour": "red"}},
        {**secret, "metadata": marked, "stringData": {"password": "tell-nobody"}},
    ]
    apply(commands, tmp_path, applied)
    before = state(commands)
    done = commands.ask("adopt", str(package), "--kots", str(kots.download(tmp_path / "down")), "--dry-run")
    assert done["origin"] == {"tool": "kots", "name": "notes", "sequence": 7}
    assert (done["licence"], done["overlay"]) == (True, [])
    assert (done["version"], done["drift"], done["dropped"]) == ("1.0.0", [], {})
    commands.run("adopt", str(package), "--kots", str(tmp_path / "down"), "--yes")
    assert commands.run("config", "get", "colour").out.strip() == "red"
    assert commands.ask("status", "--drift")["drift"] == []
    assert "tell-nobody" not in "".join(commands.said)
    commands.run("disown", "--yes")
    assert state(commands) == before
