"""The operator's kustomize overlay goes from KOTS to us and holds for every later release; what is in vain is told."""

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
KUSTOMIZATION = """
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
bases: [../../midstream]
resources: [mine.yaml]
patchesStrategicMerge: [notebook.yaml]
patches:
- target: {kind: ConfigMap, name: notebook}
  patch: |-
    - op: add
      path: /data/own
      value: "1"
commonAnnotations: {example.com/owner: red}
replicas: [{name: notebook, count: 2}]
"""
PATCH = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: notebook}
spec:
  template:
    spec:
      containers:
      - name: notebook
        env: [{name: PROXY, value: there}]
      - {name: side, image: "side:1"}
"""
MINE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine}\ndata: {a: b}\n"
OVERLAY = {
    kots.BASE: KUSTOMIZATION,
    f"{kots.DOWNSTREAM}/notebook.yaml": PATCH,
    f"{kots.DOWNSTREAM}/mine.yaml": MINE,
}


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    """Two releases with a colour to be answered, and a third that has no Deployment called notebook."""
    folder = notebook.publish(tmp_path / "channel")
    for version in notebook.SECRETS:
        (folder / version / "config.yaml").write_text(yaml.safe_dump(kots.CONFIG))
        text = (folder / version / "notebook.yaml").read_text()
        colour = "green" if version == "2.0.0" else "blue"
        text = text.replace(f"colour: {colour}", "colour: repl{{ ConfigOption `colour` }}".replace("`", '"'))
        (folder / version / "notebook.yaml").write_text(text)
    third = folder / "3.0.0"
    third.mkdir()
    for name, text in {path.name: path.read_text() for path in (folder / "2.0.0").iterdir()}.items():
        renamed = text.replace(
            "kind: Deployment\nmetadata:\n  name: notebook", "kind: Deployment\nmetadata:\n  name: pad"
        )
        (third / name).write_text(renamed.replace("2.0.0", "3.0.0"))
    listed = yaml.safe_load((folder / "channel.yaml").read_text())
    listed["releases"].append({"version": "3.0.0", "cursor": 3, "package": "3.0.0"})
    (folder / "channel.yaml").write_text(yaml.safe_dump(listed))
    return folder


def as_kots_left_it() -> list[dict[str, Any]]:
    """The first release with the overlay on it, as KOTS applied it."""
    objects = notebook.objects("1.0.0")
    objects[0]["data"] = {"colour": "red", "own": "1"}
    pod = objects[4]["spec"]["template"]
    pod["spec"]["containers"][0]["env"].insert(0, {"name": "PROXY", "value": "there"})
    pod["spec"]["containers"].append({"name": "side", "image": "side:1"})
    pod["spec"]["imagePullSecrets"] = [{"name": "notes-registry"}]
    pod["metadata"]["annotations"] = {"example.com/owner": "red"}
    objects[4]["spec"]["replicas"] = 2
    objects.append(yaml.safe_load(MINE))
    for one in objects:
        one["metadata"]["annotations"] = {"example.com/owner": "red", "kots.io/app-slug": "notes"}
    return objects


def live(commands: Commands, kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(commands.kubectl("get", kind, name, "-o", "json"))
    return found


def pods(commands: Commands) -> set[str]:
    return {pod["metadata"]["uid"] for pod in commands.objects("pods", "-l", "app=notebook")}


def test_the_overlay_of_kots_holds_for_every_later_release(commands: Commands, channel: Path, tmp_path: Path) -> None:
    (tmp_path / "applied.yaml").write_text(yaml.safe_dump_all(as_kots_left_it()))
    commands.kubectl("apply", "-f", str(tmp_path / "applied.yaml"))
    until(lambda: len(pods(commands)) == 2)
    before = pods(commands)
    down = str(kots.download(tmp_path / "down", OVERLAY))
    left = commands.ask("adopt", str(channel), "--kots", down, "--without-overlay", "--dry-run")
    assert left["overlay"] == []
    assert "data.own" in left["dropped"]["ConfigMap/notebook"]

    seen = commands.ask("adopt", str(channel), "--kots", down, "--dry-run")
    assert seen["overlay"] == ["kustomization.yaml", "mine.yaml", "notebook.yaml"]
    assert (seen["drift"], seen["dropped"], seen["remarks"]) == ([], {}, [])
    assert seen["absent"] == ["Secret/notes-registry"]
    done = commands.ask("adopt", str(channel), "--kots", down, "--yes")
    assert (done["adopted"], done["pods"]["gone"], done["changedSpecs"]) == (6, [], [])
    assert pods(commands) == before
    kept = commands.ask("customisations", "show")
    assert kept["customization"][0]["overlay"]["notebook.yaml"] == PATCH
    assert (kept["waiting"], kept["remarks"]) == (False, [])

    assert commands.ask("update", "2.0.0", *QUICK)["verdict"] == "committed"
    deployed = live(commands, "deployment", "notebook")["spec"]
    first, second = deployed["template"]["spec"]["containers"]
    assert (deployed["replicas"], first["image"], second["image"]) == (2, "notebook:2.0.0", "side:1")
    assert [one["name"] for one in first["env"]] == ["PROXY", "VERSION"]
    assert live(commands, "configmap", "notebook")["data"] == {"colour": "red", "own": "1"}
    assert live(commands, "configmap", "mine")["metadata"]["annotations"]["example.com/owner"] == "red"

    plan = commands.ask("plan", "--to", "3.0.0", "--strategy", "plain")
    told = {one["message"] for one in plan["findings"] if one["reference"] == "overlay-target-absent"}
    absent = "which this release does not have."
    assert told == {
        f"notebook.yaml line 2 of your overlay is for Deployment/notebook, {absent}",
        f"kustomization.yaml (replicas[0]) of your overlay is for workloads called notebook, {absent}",
    }
    assert commands.ask("rollback", *QUICK)["verdict"] == "committed"
    assert commands.ask("status", "--drift")["drift"] == []


def test_an_overlay_is_exported_changed_and_given_anew(commands: Commands, channel: Path, tmp_path: Path) -> None:
    kots.download(tmp_path, OVERLAY)
    folder = tmp_path / kots.DOWNSTREAM
    given = ("--set", "colour=red", "--set", "password=x")
    plain = ("--version", "1.0.0", "--customisations", str(folder))
    assert commands.ask("install", str(channel), *plain, *given, *QUICK)["verdict"] == "committed"
    assert live(commands, "deployment", "notebook")["spec"]["replicas"] == 2

    exported = tmp_path / "mine.yaml"
    exported.write_text(commands.run("customisations", "show").out)
    exported.write_text(exported.read_text().replace("count: 2", "count: 3").replace("/data/own", "/data/colour"))
    assert commands.ask("customisations", "save", str(exported))["waiting"]
    plan = commands.ask("plan", "--to", "2.0.0", "--strategy", "plain")
    told = [one["message"] for one in plan["findings"] if one["reference"] == "overlay-overrides-answer"]
    what = "overrides colour of ConfigMap/notebook, which your answer colour sets."
    assert told == [f"kustomization.yaml line 10 of your overlay {what}"]
    assert commands.ask("update", "2.0.0", *QUICK)["verdict"] == "committed"
    assert live(commands, "deployment", "notebook")["spec"]["replicas"] == 3
    assert live(commands, "configmap", "notebook")["data"] == {"colour": "1"}

    exported.write_text("")
    assert commands.ask("customisations", "save", str(exported))["customization"] == []
    assert commands.ask("config", "set", "colour=blue", *QUICK)["verdict"] == "committed"
    assert commands.kubectl("get", "configmap", "mine", "--ignore-not-found") == ""
    assert len(live(commands, "deployment", "notebook")["spec"]["template"]["spec"]["containers"]) == 1


def test_what_cannot_be_done_is_refused_and_nothing_changes(commands: Commands, channel: Path, tmp_path: Path) -> None:
    given = ("--version", "1.0.0", "--set", "colour=red", "--set", "password=x")
    commands.ask("install", str(channel), *given, *QUICK)
    (tmp_path / "kustomization.yaml").write_text("namePrefix: dev-\n")
    refused = commands.run("customisations", "save", str(tmp_path / "kustomization.yaml"), expect=1)
    assert "namePrefix" in refused.err
    (tmp_path / "kustomization.yaml").write_text(
        "patches:\n- target: {kind: Deployment}\n  patch: |-\n    - {op: remove, path: /spec/nothing}\n"
    )
    failed = commands.run("plan", "--to", "2.0.0", "--customisations", str(tmp_path), expect=1)
    assert "kustomization.yaml line 4: the operation `remove /spec/nothing`" in failed.err
    assert commands.ask("customisations", "show")["customization"] == []
