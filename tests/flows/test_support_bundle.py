"""A support bundle of a real namespace: its layout, its limits, and that no secret is in it."""

import base64
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows.commands import Commands, until
from tests.flows.workbench import QUICK, Workbench

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

WORD = "hunter2-hunter2"


def read(path: Path) -> dict[str, bytes]:
    """The files of a bundle without their common folder."""
    with tarfile.open(path) as archive:
        found = {one.name: archive.extractfile(one).read() for one in archive if one.isfile()}  # type: ignore[union-attr]
    assert len({name.split("/")[0] for name in found}) == 1, "one folder holds all of it"
    return {name.partition("/")[2]: content for name, content in found.items()}


@pytest.fixture
def shop(commands: Commands, tmp_path: Path) -> Commands:
    """A Secret, a ConfigMap that repeats it, and a Deployment with two pods."""
    app: dict[str, Any] = {"app": "shop"}
    container = {"name": "main", "image": "shop:1", "env": [{"name": "DB_PASSWORD", "value": WORD}]}
    template = {"metadata": {"labels": app}, "spec": {"containers": [container]}}
    spec = {"replicas": 2, "selector": {"matchLabels": app}, "template": template}
    encoded = base64.b64encode(WORD.encode()).decode()
    meta = {"name": "shop", "labels": app}
    objects = [
        {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": {"password": encoded}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"file": f"login with {WORD}"}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec},
    ]
    file = tmp_path / "shop.yaml"
    file.write_text(yaml.safe_dump_all(objects))
    commands.kubectl("apply", "-f", str(file))
    until(lambda: commands.objects("deployment")[0]["status"].get("readyReplicas") == 2)
    return commands


def test_without_a_spec_the_namespace_is_collected_and_judged(shop: Commands, tmp_path: Path) -> None:
    done = shop.ask("support-bundle", "--out", str(tmp_path))
    files = read(Path(done["file"]))
    pods = json.loads(files[f"cluster-resources/pods/{shop.namespace}.json"])
    assert [one["metadata"]["labels"]["app"] for one in pods["items"]] == ["shop", "shop"]
    assert {one["state"] for one in done["collectors"]} == {"done"}
    assert json.loads(files["cluster-info/cluster_version.json"])["string"].startswith("v1.")
    assert yaml.safe_load(files["version.yaml"])["kind"] == "SupportBundle"
    first = json.loads(files["analysis.json"])[0]
    assert first["insight"]["primary"] == done["findings"][0]["title"]
    assert {about["namespace"] for one in done["findings"] for about in one["objects"]} == {shop.namespace}
    assert first["involvedObject"] == done["findings"][0]["objects"][0]
    again = shop.ask("analyze", done["file"], expect=None)
    assert again["findings"] == done["findings"], "a bundle of ours is judged by what made it"
    assert {path.split("/")[1] for path in files if path.startswith("cluster-resources/")} >= {
        *("nodes.json", "events", "configmaps", "storage-classes.json", "auth-cani-list"),
        *("groups.json", "resources.json", "deployments", "replicasets", "serviceaccounts", "pvcs"),
    }


def test_no_secret_is_in_it(shop: Commands, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    collectors = [
        {"secret": {"name": "shop", "key": "password", "includeValue": True}},
        {"configMap": {"name": "shop", "includeAllData": True}},
        {"data": {"name": "notes.txt", "data": f"call me with {WORD}, my word is swordfish"}},
    ]
    redactor = {"name": "ours", "removals": {"values": ["swordfish"]}}
    header = {"apiVersion": "troubleshoot.sh/v1beta2", "metadata": {"name": "x"}}
    documents = [
        {**header, "kind": "SupportBundle", "spec": {"collectors": collectors}},
        {**header, "kind": "Redactor", "spec": {"redactors": [redactor]}},
    ]
    spec.write_text(yaml.safe_dump_all(documents))
    done = shop.ask("support-bundle", "--spec", str(spec), "--allow", "secrets", "--out", str(tmp_path))
    files = read(Path(done["file"]))
    assert json.loads(files[f"secrets/{shop.namespace}/shop/password.json"])["value"] == "***HIDDEN***"
    assert files["notes.txt"] == b"call me with ***HIDDEN***, my word is ***HIDDEN***"
    everything = b"\n".join(files.values()).decode()
    assert WORD not in everything
    assert base64.b64encode(WORD.encode()).decode() not in everything


def test_specs_of_the_cluster_and_what_is_not_agreed_to(shop: Commands, tmp_path: Path) -> None:
    spec = {
        "apiVersion": "troubleshoot.sh/v1beta2",
        "kind": "SupportBundle",
        "metadata": {"name": "kept"},
        "spec": {
            "collectors": [
                {"exec": {"name": "ls", "selector": ["app=shop"], "command": ["ls"]}},
                {"secret": {"name": "shop", "key": "password", "includeValue": True}},
                {"goldpinger": {}},
            ]
        },
    }
    raw = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "spec", "labels": {"troubleshoot.sh/kind": "support-bundle"}},
        "data": {"support-bundle-spec": yaml.safe_dump(spec)},
    }
    file = tmp_path / "spec.yaml"
    file.write_text(yaml.safe_dump(raw))
    shop.kubectl("apply", "-f", str(file))
    target = tmp_path / "there" / "mine.tar.gz"
    done = shop.ask("support-bundle", "--load-cluster-specs", "--out", str(target))
    assert target.exists()
    assert done["documents"] == ["SupportBundle kept"]
    assert {one["collector"]: one["reason"] for one in done["collectors"] if one["state"] == "skipped"} == {
        "exec/ls": "not agreed to: --allow exec",
        "secret/shop": "not agreed to: --allow secrets",
        "goldpinger": "not supported",
    }


def test_who_may_little_gets_little_and_is_told_so(shop: Commands, tmp_path: Path) -> None:
    shop.kubectl("create", "serviceaccount", "guest")
    shop.kubectl("create", "role", "look", "--verb=get,list", "--resource=pods")
    shop.kubectl("create", "rolebinding", "look", "--role=look", f"--serviceaccount={shop.namespace}:guest")
    token = shop.kubectl("create", "token", "guest").strip()
    kubeconfig = yaml.safe_load(shop.kubeconfig.read_text())
    kubeconfig["users"] = [{"name": kubeconfig["users"][0]["name"], "user": {"token": token}}]
    path = tmp_path / "guest"
    path.write_text(yaml.safe_dump(kubeconfig))
    guest = Commands(path, shop.namespace)
    done = guest.ask("support-bundle", "--out", str(tmp_path))
    files = read(Path(done["file"]))
    assert json.loads(files[f"cluster-resources/pods/{shop.namespace}.json"])["items"]
    assert "cluster-resources/nodes.json" not in files
    assert "forbidden" in files["cluster-resources/nodes-errors.json"].decode()
    assert {one["collector"]: one["reason"] for one in done["collectors"] if one["state"] == "skipped"} == {
        "logs/logs": f"no right to get pods/log in {shop.namespace}"
    }


def test_a_run_that_fails_keeps_one_from_before_the_way_back(workbench: Workbench, tmp_path: Path) -> None:
    workbench.install("2022.10.2")
    commands = workbench.changeover
    out = ("--out", str(tmp_path / "evidence"))
    commands.run("update", "2022.10.3", "--strategy", "window", "--yes", *QUICK, *out, expect=4)
    done = commands.ask("support-bundle", "--run", "workbench-2", "--out", str(tmp_path))
    files = read(Path(done["file"]))
    pods = files[f"cluster-resources/pods/{commands.namespace}.json"].decode()
    assert "ErrImagePull" in pods or "ImagePullBackOff" in pods
    assert "changeover support-bundle --run workbench-2" in (tmp_path / "evidence" / "evidence.md").read_text()
    assert "kept no bundle" in commands.run("support-bundle", "--run", "workbench-1", expect=1).err
