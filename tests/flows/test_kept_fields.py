"""Fields that others have set: the operator keeps them once, and every later change leaves them alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.flows import notebook
from tests.flows.commands import Commands, until

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

QUICK = ("--strategy", "plain", "--hold", "0", "--yes")
VALUE = '.spec.template.spec.containers[name="notebook"].env[name="VERSION"].value'


@pytest.fixture
def installed(commands: Commands, tmp_path: Path) -> Commands:
    """The first release; somebody has changed a variable and a setting by hand since."""
    channel = notebook.publish(tmp_path / "channel")
    commands.run("install", str(channel), "--version", "1.0.0", *QUICK)
    commands.kubectl("set", "env", "deployment/notebook", "VERSION=by-hand")
    edit(commands, {"colour": "pink"})
    until(lambda: "by-hand" in commands.kubectl("get", "pods", "-o", "jsonpath={..env}"))
    return commands


def edit(commands: Commands, data: dict[str, str]) -> None:
    patch = json.dumps({"data": data})
    commands.kubectl("patch", "configmap", "notebook", "--field-manager=kubectl-edit", "--type=merge", "-p", patch)


def seen(commands: Commands) -> tuple[str, str, str]:
    """The colour, the variable, and the image."""
    pod = json.loads(commands.kubectl("get", "deployment", "notebook", "-o", "json"))["spec"]["template"]["spec"]
    data = json.loads(commands.kubectl("get", "configmap", "notebook", "-o", "json"))["data"]
    container: dict[str, Any] = pod["containers"][0]
    return data["colour"], container["env"][0]["value"], container["image"]


def conflicts(plan: dict[str, Any], reference: str) -> list[str]:
    return sorted(one["found"] for one in plan["findings"] if one["reference"] == reference)


def test_kept_once_then_by_every_update_and_rollback_until_taken(installed: Commands) -> None:
    stopped = installed.ask("plan", "--to", "2.0.0", "--conflicts", "stop")
    assert stopped["blocked"]
    told = [".data.colour by kubectl-edit", f"{VALUE} by kubectl-set"]
    assert conflicts(stopped, "field-conflict") == told
    plan = installed.ask("plan", "--to", "2.0.0", "--conflicts", "keep")
    assert (plan["blocked"], conflicts(plan, "fields-kept"), conflicts(plan, "field-conflict")) == (False, told, [])
    effects = {one["object"]["kind"]: one["effect"] for one in plan["changes"] if one["object"]["name"] == "notebook"}
    assert (effects["ConfigMap"], effects["Deployment"]) == ("unchanged", "restart")
    assert "stay as others have set them" in installed.run("plan", "--to", "2.0.0", "--conflicts", "keep").out
    assert installed.ask("fields", "show") == []

    assert installed.ask("update", "2.0.0", "--conflicts", "keep", *QUICK)["verdict"] == "committed"
    assert seen(installed) == ("pink", "by-hand", "notebook:2.0.0")
    kept = installed.ask("fields", "show")
    assert [(one["object"], one["field"], one["manager"]) for one in kept] == [
        ("ConfigMap/" + installed.namespace + "/notebook", ".data.colour", "kubectl-edit"),
        ("Deployment.apps/" + installed.namespace + "/notebook", VALUE, "kubectl-set"),
    ]
    status = installed.ask("status", "--drift")
    assert (len(status["kept"]), status["drift"]) == (2, [])

    edit(installed, {"colour": "violet"})
    assert installed.ask("rollback", *QUICK)["verdict"] == "committed"
    assert seen(installed) == ("violet", "by-hand", "notebook:1.0.0")

    assert len(installed.ask("fields", "take", "ConfigMap/notebook")) == 1
    assert installed.ask("update", "2.0.0", *QUICK)["verdict"] == "committed"
    assert seen(installed) == ("green", "by-hand", "notebook:2.0.0")
    installed.run("fields", "take", "Deployment/notebook", VALUE)
    assert "no-such-field" in installed.run("fields", "take", "Deployment/notebook", expect=1).err


def test_one_field_is_kept_and_another_is_taken(installed: Commands) -> None:
    assert "no-such-field" in installed.run("fields", "keep", "ConfigMap/notebook", "data.other", expect=1).err
    installed.run("fields", "keep", "ConfigMap/notebook", "data.colour")
    assert installed.ask("update", "2.0.0", *QUICK)["verdict"] == "committed"
    assert seen(installed) == ("pink", "2.0.0", "notebook:2.0.0")


def test_what_others_set_survives_that_its_object_is_made_anew(installed: Commands) -> None:
    """Nobody owns it any more but the release: it is sent as it lives, and stays."""
    installed.run("update", "2.0.0", "--conflicts", "keep", *QUICK)
    owners = json.loads(installed.kubectl("get", "configmap", "notebook", "-o", "json", "--show-managed-fields"))
    mine = [one for one in owners["metadata"]["managedFields"] if one["manager"] == "changeover"]
    mine[0]["fieldsV1"]["f:data"] = {"f:colour": {}}
    patch = [{"op": "replace", "path": "/metadata/managedFields", "value": mine}]
    installed.kubectl("patch", "configmap", "notebook", "--type=json", "-p", json.dumps(patch))
    assert installed.ask("rollback", *QUICK)["verdict"] == "committed"
    assert seen(installed)[0] == "pink"
