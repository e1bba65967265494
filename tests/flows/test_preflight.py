"""Preflights on a real API server: of a file, of a package, of what a plan leads to; a strict one stops the change."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows.commands import Commands

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

QUICK = ("--strategy", "plain", "--hold", "0", "--yes")
GITPOD = Path(__file__).parents[3] / "shared" / "cases" / "gitpod" / "packages"


def outcomes(name: str) -> list[dict[str, Any]]:
    return [{"fail": {"message": f"{name} is missing"}}, {"pass": {"message": f"{name} is there"}}]


def definition(name: str, **more: Any) -> dict[str, Any]:
    said = {"customResourceDefinitionName": name, "checkName": name, "outcomes": outcomes(name), **more}
    return {"customResourceDefinition": said}


OURS, NONE = "installations.changeover.dev", "ships.example.com"


def preflight(*analyzers: dict[str, Any], collectors: list[dict[str, Any]] | None = None) -> str:
    spec = {"analyzers": list(analyzers), "collectors": collectors or []}
    head = {"apiVersion": "troubleshoot.sh/v1beta2", "kind": "Preflight", "metadata": {"name": "checks"}}
    return yaml.safe_dump({**head, "spec": spec})


def spec(folder: Path, *analyzers: dict[str, Any], **more: Any) -> str:
    path = folder / "checks.yaml"
    path.write_text(preflight(*analyzers, **more))
    return str(path)


def package(folder: Path, *, strict: bool) -> str:
    """A package whose check fails in this cluster."""
    folder.mkdir()
    (folder / "checks.yaml").write_text(preflight(definition(NONE, strict=strict), definition(OURS)))
    raw = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop"}, "data": {"a": "1"}}
    (folder / "shop.yaml").write_text(yaml.safe_dump(raw))
    return str(folder)


def verdicts(done: dict[str, Any]) -> dict[str, str]:
    return {one["title"]: one["verdict"] for one in done["findings"]}


def test_a_file_of_checks_is_judged_with_the_worst_first(commands: Commands, tmp_path: Path) -> None:
    path = spec(tmp_path, definition(OURS), definition(NONE))
    done = commands.ask("preflight", "--spec", path, expect=3)
    assert list(verdicts(done).items()) == [(NONE, "fail"), (OURS, "pass")]
    assert done["verdict"] == "fail"
    shown = commands.run("preflight", "--spec", path, expect=3).out
    assert f"fail     {NONE}\n         {NONE} is missing\n" in shown
    assert "1 pass, 1 fail" in shown
    assert commands.ask("preflight", "--spec", spec(tmp_path, definition(OURS)))["verdict"] == "pass"


def test_what_was_not_collected_is_unknown_and_no_success(commands: Commands, tmp_path: Path) -> None:
    looked = {"secret": {"name": "db", "key": "k", "includeValue": True}}
    asked = {"secret": {"secretName": "db", "key": "k", "namespace": commands.namespace, "outcomes": outcomes("db")}}
    path = spec(tmp_path, asked, collectors=[looked])
    done = commands.ask("preflight", "--spec", path, expect=3)
    assert verdicts(done) == {"Secret db": "unknown"}
    assert commands.ask("preflight", "--spec", path, "--allow", "secrets", expect=3)["verdict"] == "fail"
    commands.kubectl("create", "secret", "generic", "db", "--from-literal=k=hunter2-hunter2")
    found = commands.ask("preflight", "--spec", path, "--allow", "secrets")
    assert found["verdict"] == "pass"
    assert "hunter2" not in json.dumps(found)


def test_this_machine_is_looked_at_only_when_a_person_says_so(commands: Commands, tmp_path: Path) -> None:
    passes = [{"pass": {"when": "count >= 1", "message": "enough"}}, {"fail": {"message": "too few"}}]
    said = {"collectors": [{"cpu": {}}, {"run": {"command": "id"}}], "analyzers": [{"cpu": {"outcomes": passes}}]}
    path = tmp_path / "host.yaml"
    path.write_text(yaml.safe_dump({"apiVersion": "troubleshoot.sh/v1beta2", "kind": "HostPreflight", "spec": said}))
    unasked = commands.ask("preflight", "--spec", str(path), expect=3)
    assert [one["verdict"] for one in unasked["findings"]] == ["unknown"]
    assert "not agreed to: --allow host" in unasked["collectors"][0]["reason"]
    done = commands.ask("preflight", "--spec", str(path), "--allow", "host")
    assert verdicts(done) == {"Number of CPUs": "pass"}
    states = {one["collector"]: one["state"] for one in done["collectors"]}
    assert states == {"host cpu": "done", "host run": "skipped"}


def test_a_file_without_checks_is_a_problem(commands: Commands, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    assert "no Troubleshoot document" in commands.run("preflight", "--spec", str(path), expect=1).err


def test_a_strict_check_stops_a_change_until_its_name_is_typed(commands: Commands, tmp_path: Path) -> None:
    path = package(tmp_path / "shop", strict=True)
    refused = commands.run("install", path, *QUICK, expect=3)
    assert f"{NONE} is missing" in refused.err
    assert f'--accept-check "{NONE}"' in refused.err
    assert commands.run("install", path, "--skip-preflights", *QUICK, expect=3).err == refused.err
    assert not commands.objects("configmap", "--field-selector", "metadata.name=shop")
    commands.run("install", path, "--accept-check", NONE, *QUICK)
    assert commands.objects("configmap", "--field-selector", "metadata.name=shop")


def test_another_check_warns_and_is_kept_with_the_run(commands: Commands, tmp_path: Path) -> None:
    path = package(tmp_path / "shop", strict=False)
    done = commands.run("install", path, *QUICK)
    assert f"{NONE} is missing" in done.out
    assert "[preflight-failed]" in done.out
    run = commands.objects("changeovers")[0]
    assert run["spec"]["preflightBlob"].startswith("sha256:")
    manifest = tmp_path / "shop" / "shop.yaml"
    manifest.write_text(manifest.read_text().replace("a: '1'", "a: '2'"))
    plan = commands.ask("plan", *QUICK[:-1])
    assert [one["reference"] for one in plan["findings"]] == ["preflight-failed"]
    assert not commands.ask("plan", "--skip-preflights", *QUICK[:-1])["findings"]
    assert verdicts(commands.ask("preflight", expect=3)) == {NONE: "fail", OURS: "pass"}


def test_the_checks_of_a_real_package(commands: Commands) -> None:
    place = GITPOD / "2022-10-07-219b71f894"
    if not place.is_dir():
        pytest.skip(f"the real cases are not here: {GITPOD} does not exist")
    done = commands.ask("preflight", str(place), "--set", "domain=example.com", expect=3)
    found = verdicts(done)
    assert len(done["findings"]) == 29
    assert {name for name, one in found.items() if one == "pass"} >= {
        "Required Kubernetes Version",
        'At least one node must "gitpod.io/workload_meta" label',
        "CPU Cores per workload_meta node",
        "Memory per workload_workspace_regular node",
        "Check running workspaces",
    }
    has = "certificates.cert-manager.io" in commands.kubectl("get", "crd", "-o", "name")  # other tests bring them
    assert found["Cert-manager is installed"] == ("pass" if has else "fail")
    skipped = {one["collector"] for one in done["collectors"] if one["state"] == "skipped"}
    assert skipped >= {"run/database", "run/registry", "run/storage"}
    assert {found[name] for name in ("Database connection is valid", "Kernel version is 5.4.0 or above")} == {"unknown"}
