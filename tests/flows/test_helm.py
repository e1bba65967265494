"""A chart from a repository and from a registry: checked, configured from its schema, updated, rolled back.

Helm's own library is the witness: what it says of the release before and after each change must be true.
"""

import base64
import importlib.util
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows import teahouse
from tests.flows.chart_servers import OciRegistry, Repository, registry
from tests.flows.commands import Commands

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        importlib.util.find_spec("helm_python") is None, reason="helm-python-sdk is not installed: pip install .[helm]"
    ),
]
QUICK = ("--strategy", "plain", "--hold", "0", "--yes")
FIELDS = ("revision", "status", "chart_version")
WITNESS = """
import helm_python as helm, json, sys
request = json.loads(sys.stdin.read())
with helm.Config(kubeconfig_path=request["kubeconfig"], namespace=request["namespace"]) as config:
    found = getattr(config, request["what"])(*request["words"], **request["more"])
print(json.dumps(found))
"""


def helm(commands: Commands, what: str, *words: str, **more: Any) -> Any:
    """What Helm's own library says or does, in a process of its own."""
    request = {
        "kubeconfig": str(commands.kubeconfig),
        "namespace": commands.namespace,
        "what": what,
        "words": words,
        "more": more,
    }
    command = [sys.executable, "-c", WITNESS]
    done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def history(commands: Commands, name: str = "tea") -> list[tuple[Any, ...]]:
    return [tuple(one[field] for field in FIELDS) for one in helm(commands, "history", name)]


def listed(commands: Commands) -> list[tuple[Any, ...]]:
    return [(one["name"], *(one[field] for field in FIELDS)) for one in helm(commands, "list")]


def secret(commands: Commands, name: str, key: str) -> str:
    data = json.loads(commands.kubectl("get", "secret", name, "-o", "json"))["data"]
    return base64.b64decode(data[key]).decode()


def settings(commands: Commands) -> dict[str, str]:
    found: dict[str, str] = json.loads(commands.kubectl("get", "configmap", "tea-settings", "-o", "json"))["data"]
    return found


def jobs(commands: Commands) -> dict[str, str]:
    return {job["metadata"]["name"]: job["metadata"]["uid"] for job in commands.objects("jobs")}


@pytest.fixture
def repository(commands: Commands, tmp_path: Path) -> Iterator[tuple[Repository, str]]:
    folder = tmp_path / "charts"
    folder.mkdir()
    found = Repository(folder)
    found.publish(teahouse.release("1.0.0", group=commands.namespace))
    with found.serve() as address:
        yield found, address


@pytest.fixture
def oci(commands: Commands, tmp_path: Path) -> Iterator[OciRegistry]:
    with registry(tmp_path) as found:
        found.publish(teahouse.release("1.0.0", group=commands.namespace))
        yield found


def test_from_a_repository_through_an_update_and_back(
    commands: Commands, repository: tuple[Repository, str], tmp_path: Path
) -> None:
    published, address = repository
    values = tmp_path / "values.yaml"
    values.write_text("sign: Samowar\nguests: {anna: 'seat of {{ .Release.Name }}'}\n")

    refused = commands.run("install", address, "--name", "tea", "--set", "waiters=9", *QUICK, expect=None)
    assert refused.code == 3
    assert "waiters: must be at most 5" in refused.err
    done = commands.run("install", address, "--name", "tea", "--values", str(values), "--set", "waiters=2", *QUICK)
    assert done.out.rstrip().endswith(f"Samowar is open: 2 waiters serve green tea in {commands.namespace}.")
    version = json.loads(commands.kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]
    assert "Verify tea-taste" in done.out  # what `helm test` would run
    assert settings(commands) == {
        "sign": "Samowar",
        "tea": "green",
        "sugar": "true",
        "kubernetes": version,
        "revision": "new",
        "guest.anna": "seat of tea",
    }
    assert listed(commands) == [("tea", 1, "deployed", "1.0.0")]
    assert helm(commands, "get_values", "tea") == {
        "sign": "Samowar",
        "waiters": 2,
        "guests": {"anna": "seat of {{ .Release.Name }}"},
    }
    passwords = secret(commands, "tea-till", "password"), secret(commands, "tea-seal", "seal")
    swept = jobs(commands)
    assert set(swept) == {"tea-sweep"}  # the opening succeeded and was removed, as its policy says

    published.publish(teahouse.release("1.1.0", group=commands.namespace))
    published.publish(teahouse.release("2.0.0-rc.1", group=commands.namespace))
    seen = commands.ask("check")
    assert [(one["version"], one["notes"]) for one in seen["newer"]] == [("1.1.0", "changed: as in 1.1.0")]
    commands.run("update", *QUICK)
    assert history(commands) == [(1, "superseded", "1.0.0"), (2, "deployed", "1.1.0")]
    assert (secret(commands, "tea-till", "password"), secret(commands, "tea-seal", "seal")) == passwords
    assert settings(commands)["revision"] == "upgraded"
    after = jobs(commands)
    assert set(after) == {"tea-sweep", "tea-tell"}
    assert after["tea-sweep"] != swept["tea-sweep"]  # it ran again

    commands.run("rollback", *QUICK)
    assert history(commands) == [(1, "superseded", "1.0.0"), (2, "superseded", "1.1.0"), (3, "deployed", "1.0.0")]
    assert settings(commands)["revision"] == "new"
    assert (secret(commands, "tea-till", "password"), secret(commands, "tea-seal", "seal")) == passwords

    commands.run("uninstall", "--yes")
    assert listed(commands) == []


def test_from_a_registry_configured_from_its_schema(commands: Commands, oci: OciRegistry) -> None:
    address = f"oci://{oci.host}/charts/teahouse"
    commands.run("install", address, "--name", "tea", *QUICK)
    asked = {one["name"]: one for one in commands.ask("config", "get")["settings"]}
    assert [choice["value"] for choice in asked["menu.tea"]["choices"]] == ["green", "black", "white"]
    assert asked["menu.tea"]["help"] == "Which tea is served"
    assert (asked["waiters"]["group"], asked["samovar.size"]["default"]) == ("general", "5")
    assert asked["password"]["secret"] is True

    refused = commands.run("config", "set", "menu.tea=red", *QUICK, expect=None)
    assert refused.code == 3
    assert "menu.tea: must be one of green, black, white" in refused.err
    commands.run("config", "set", "menu.tea=black", "samovar.enabled=false", *QUICK)
    assert settings(commands)["tea"] == "black"
    assert {one["metadata"]["name"] for one in commands.objects("configmaps")} == {"kube-root-ca.crt", "tea-settings"}
    assert history(commands) == [(1, "superseded", "1.0.0"), (2, "deployed", "1.0.0")]

    oci.publish(teahouse.release("1.1.0", group=commands.namespace))
    commands.run("update", *QUICK)
    assert listed(commands) == [("tea", 3, "deployed", "1.1.0")]
    assert settings(commands)["tea"] == "black"


def test_a_release_that_fails_goes_back_and_helm_knows(commands: Commands, repository: tuple[Repository, str]) -> None:
    published, address = repository
    commands.run("install", address, "--name", "tea", *QUICK)
    slow = teahouse.release("1.1.0", group=commands.namespace)
    slow["templates/waiters.yaml"] = slow["templates/waiters.yaml"].replace(
        b"        checksum/settings", b"        kubebox.changeover.dev/fault: image-pull\n        checksum/settings"
    )
    published.publish(slow)
    commands.run("update", *QUICK, expect=4)
    assert history(commands) == [(1, "superseded", "1.0.0"), (2, "failed", "1.1.0"), (3, "deployed", "1.0.0")]


def test_an_adopted_release_goes_on_counting_and_helm_can_take_it_back(
    commands: Commands, repository: tuple[Repository, str]
) -> None:
    published, address = repository
    packed = published.folder / "teahouse-1.0.0.tgz"
    install = {"chart": str(packed), "name": "house", "values": {"waiters": 2}}
    helm(commands, "install", **install)
    helm(commands, "upgrade", **install)
    manager = Path(sys.executable).name  # the library calls itself by its program's name; Helm's own is helm
    commands.run("adopt", "--helm", "house", "--name", "tea", "--manager", manager, "--yes")
    assert history(commands, "house") == [(1, "superseded", "1.0.0"), (2, "deployed", "1.0.0")]
    password = secret(commands, "house-till", "password")

    published.publish(teahouse.release("1.1.0", group=commands.namespace))
    commands.run("update", "--from", address, *QUICK)
    assert history(commands, "house")[-2:] == [(2, "superseded", "1.0.0"), (3, "deployed", "1.1.0")]
    assert helm(commands, "get_values", "house") == {"waiters": 2}
    assert secret(commands, "house-till", "password") == password

    commands.run("rollback", *QUICK)
    assert history(commands, "house")[-2:] == [(3, "superseded", "1.1.0"), (4, "deployed", "1.0.0")]
    assert "house-farewell" not in jobs(commands)  # the release does not leave: it is Helm's own again

    commands.run("disown", "--yes")
    helm(commands, "upgrade", chart=str(packed), name="house", values={"waiters": 3})
    assert history(commands, "house")[-1] == (5, "deployed", "1.0.0")
    assert secret(commands, "house-till", "password") == password


def test_while_a_run_is_cut_off_helm_stands_back_and_resume_ends_it(
    commands: Commands, repository: tuple[Repository, str]
) -> None:
    published, address = repository
    commands.run("install", address, "--name", "tea", *QUICK)
    published.publish(teahouse.release("1.1.0", group=commands.namespace))
    killed = commands.run("update", *QUICK, expect=None, CHANGEOVER_KILL_AT="9")
    assert killed.code == -signal.SIGKILL
    assert history(commands) == [(1, "deployed", "1.0.0"), (2, "pending-upgrade", "1.1.0")]
    commands.run("resume")
    assert history(commands) == [(1, "superseded", "1.0.0"), (2, "deployed", "1.1.0")]


def test_two_installations_of_a_chart_share_its_definitions(
    commands: Commands, repository: tuple[Repository, str]
) -> None:
    _, address = repository
    other = Commands(commands.kubeconfig, f"{commands.namespace}-b")
    commands.run("install", address, "--name", "tea", *QUICK)
    other.run("install", address, "--name", "tea", *QUICK)
    for one in (commands, other):
        assert listed(one) == [("tea", 1, "deployed", "1.0.0")]
        status = one.ask("status", "--drift")
        assert (status["healthy"], status["drift"], status["changed"], status["missing"]) == (True, [], [], [])
    name = f"teas.{commands.namespace}.example"
    owners = json.loads(commands.kubectl("get", "crd", name, "-o", "json"))["metadata"]["labels"]
    other.run("config", "set", "waiters=2", *QUICK)
    other.run("uninstall", "--yes")
    again = json.loads(commands.kubectl("get", "crd", name, "-o", "json"))["metadata"]["labels"]
    assert again == owners
    commands.kubectl("delete", "namespace", other.namespace, "--wait=false")
