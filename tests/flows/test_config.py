"""Answers on a real API server: given, changed, saved, carried to the next release and back, and never shown."""

import base64
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows import kots, letters
from tests.flows.commands import Commands

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

PLAIN = ("--strategy", "plain", "--hold", "0")
QUICK = (*PLAIN, "--yes")


@pytest.fixture
def installed(commands: Commands, tmp_path: Path) -> Commands:
    """The first release runs, with answers from a file and one given by hand."""
    answers = tmp_path / "prod.yaml"
    answers.write_text(f"host: a.example\nadmin_password: {letters.PASSWORD}\nlegacy: 'yes'\n")
    channel = letters.publish(tmp_path / "channel")
    words = ("--version", "1.0.0", "--config-values", str(answers), "--set", "copies=3")
    commands.run("install", str(channel), *words, *QUICK)
    return commands


def held(commands: Commands, *words: str) -> dict[str, dict[str, Any]]:
    """The settings by name."""
    return {one["name"]: one for one in commands.ask("config", "get", "--all", *words)["settings"]}


def live(commands: Commands) -> dict[str, str]:
    """What the application got."""
    found: dict[str, str] = commands.objects("configmap", "--field-selector", "metadata.name=letters")[0]["data"]
    return found


def test_answers_are_seen_with_their_origins_and_changed(installed: Commands, tmp_path: Path) -> None:
    settings = held(installed)
    assert settings["host"]["value"] == "a.example"
    assert settings["host"]["origin"] == f"{tmp_path / 'prod.yaml'} line 1"
    assert (settings["copies"]["origin"], settings["colour"]["origin"]) == ("--set", "default of the release")
    assert settings["admin_password"]["value"] == "***"
    assert installed.run("config", "get", "admin_password", "--reveal").out.strip() == letters.PASSWORD

    plan = installed.ask("config", "set", "colour=green", "--preview", *PLAIN)
    assert (plan["change"], plan["from"]["version"], plan["to"]["version"]) == ("configure", "1.0.0", "1.0.0")
    assert live(installed)["colour"] == "blue"
    shown = installed.run("config", "set", "colour=green", *QUICK).out
    assert "colour: green  (new answer)" in shown
    assert live(installed) == {"host": "a.example", "colour": "green"}
    assert [one["name"] for one in installed.ask("config", "diff", "1", "2")] == ["colour"]

    assert installed.ask("rollback", *QUICK)["verdict"] == "committed"
    assert live(installed)["colour"] == "blue"
    assert not held(installed)["colour"]["answered"]


def test_what_is_wrong_is_said_before_anything_runs(installed: Commands) -> None:
    wrong = installed.run("config", "set", "hots=x", *QUICK, expect=1).err
    assert "did you mean host?" in wrong
    refused = installed.run("config", "set", "host=NO", *QUICK, expect=3)
    assert "a host has small letters and dots only" in refused.err
    assert "asked in config.yaml:9" in refused.err
    assert "host must be answered" in installed.run("config", "set", "--unset", "host", *QUICK, expect=3).err
    assert installed.run("config", "check", "--set", "host=NO", expect=3)
    assert live(installed)["host"] == "a.example"


def test_saved_answers_wait_for_the_next_change(installed: Commands) -> None:
    installed.run("config", "set", "colour=red", "--no-run")
    assert live(installed)["colour"] == "blue"
    assert installed.ask("config", "diff") == [{"name": "colour", "before": None, "after": "red"}]
    installed.run("config", "forget")
    assert installed.ask("config", "diff") == []
    installed.run("config", "set", "colour=red", "--no-run")
    installed.run("update", "2.0.0", *QUICK)
    assert live(installed)["colour"] == "red"
    assert installed.ask("config", "get")["saved"] == []


def test_answers_go_along_to_the_next_release_and_back(installed: Commands) -> None:
    report = {one["name"]: one["fate"] for one in installed.ask("config", "check", "--to", "2.0.0")["continuity"]}
    assert report == {
        "host": "moved",
        "legacy": "dropped",
        "copies": "retyped",
        "owner": "new",
        "admin_password": "kept",
    }
    plan = installed.ask("plan", "--to", "2.0.0", *PLAIN)
    found = {one["reference"]: one for one in plan["findings"]}
    assert "host (the question is called hostname now)" in found["answers-moved"]["found"]
    assert {"answers-dropped", "answers-retyped", "questions-new"} <= found.keys()
    installed.run("update", "2.0.0", *QUICK)
    assert live(installed)["host"] == "a.example"
    assert held(installed)["hostname"]["origin"].endswith("line 1, as host")
    assert held(installed)["legacy"]["value"] == "yes"
    installed.run("rollback", *QUICK)
    assert held(installed)["host"]["value"] == "a.example"


def test_answers_leave_and_come_back_as_config_values(installed: Commands, tmp_path: Path) -> None:
    out = tmp_path / "values.yaml"
    installed.run("config", "export", "--out", str(out))
    assert letters.PASSWORD not in out.read_text()
    installed.run("config", "export", "--reveal", "--out", str(out))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    values = yaml.safe_load(out.read_text())["spec"]["values"]
    assert values["admin_password"] == {"valuePlaintext": letters.PASSWORD}
    out.write_text(out.read_text().replace("a.example", "b.example"))
    installed.run("config", "import", str(out), *QUICK)
    assert live(installed)["host"] == "b.example"
    assert held(installed)["copies"]["value"] == "3"


def test_no_answer_is_readable_at_rest_or_said(installed: Commands) -> None:
    installed.run("config", "set", f"admin_password={letters.PASSWORD}-2", *QUICK)
    for secret in installed.objects("secrets"):
        if secret["metadata"]["name"] in {"letters-answers", "letters-kept"}:
            content = b"".join(base64.b64decode(value) for value in secret["data"].values())
            assert letters.PASSWORD.encode() not in content
            assert b"a.example" not in content
    assert not [text for text in installed.said if letters.PASSWORD in text]


def test_answers_are_edited_in_an_editor(installed: Commands, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/a\\.example/c.example/; s/^# colour: blue/colour: green/' \"$1\"\n")
    editor.chmod(0o755)
    installed.run("config", "edit", *QUICK, EDITOR=str(editor))
    assert live(installed) == {"host": "c.example", "colour": "green"}
    assert installed.run("config", "get", "admin_password", "--reveal").out.strip() == letters.PASSWORD
    assert "Nothing was changed" in installed.run("config", "edit", *QUICK, EDITOR="true").err


def test_a_charts_values_are_answers_too(commands: Commands, tmp_path: Path) -> None:
    pytest.importorskip("helm_python", reason="Helm is not installed")
    chart = tmp_path / "web"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (chart / "values.yaml").write_text("page: {title: hello, size: 1}\nlabels: {}\n")
    (chart / "templates" / "map.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n"
        'data: {title: {{ .Values.page.title | quote }}, size: "{{ mul .Values.page.size 2 }}"}\n'
    )
    given = tmp_path / "values.yaml"
    given.write_text("page: {title: mine}\nlabels: {a.b/c: d}\n")
    commands.run("install", str(chart), "--answers", str(given), "--set", "page.size=4", *QUICK)
    data = commands.objects("configmap", "--field-selector", "metadata.name=web")[0]["data"]
    assert data == {"title": "mine", "size": "8"}
    settings = held(commands)
    assert (settings["page.title"]["value"], settings["page.title"]["default"]) == ("mine", "hello")
    assert settings["labels"]["origin"] == f"{given} line 2"
    commands.run("config", "set", "--unset", "page.title", *QUICK)
    data = commands.objects("configmap", "--field-selector", "metadata.name=web")[0]["data"]
    assert data == {"title": "hello", "size": "8"}


def test_passwords_that_kots_encrypted_are_opened_by_its_key(installed: Commands, tmp_path: Path) -> None:
    told = {"host": {"value": "b.example"}, "admin_password": {"value": kots.sealed("tell-nobody")}}
    document = {"apiVersion": "kots.io/v1beta1", "kind": "ConfigValues", "spec": {"values": told}}
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(document))
    key = tmp_path / "installation.yaml"
    key.write_text(yaml.safe_dump({"kind": "Installation", "spec": {"encryptionKey": kots.CIPHER}}))
    words = ("config", "import", str(tmp_path / "values.yaml"), "--merge")

    plan = installed.ask(*words, "--preview", *PLAIN)
    assert "answers-still-encrypted" in {one["reference"] for one in plan["findings"]}
    plan = installed.ask(*words, "--kots-encryption-key", str(key), "--preview", *PLAIN)
    assert "answers-still-encrypted" not in {one["reference"] for one in plan["findings"]}
    key.write_text("not a key")
    assert "bad-encryption-key" in installed.run(*words, "--kots-encryption-key", str(key), "--preview", expect=2).err

    installed.kubectl(
        "create", "secret", "generic", "kotsadm-encryption", f"--from-literal=encryptionKey={kots.CIPHER}"
    )
    assert {one["name"] for one in installed.ask(*words, "--no-run")} >= {"admin_password", "host"}
    installed.kubectl("delete", "secret", "kotsadm-encryption")
    installed.run("config", "set", "colour=green", *QUICK)
    assert installed.run("config", "get", "admin_password", "--reveal").out.strip() == "tell-nobody"
    assert live(installed)["host"] == "b.example"
    assert "tell-nobody" not in "".join(installed.said[:-2])
