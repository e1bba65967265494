"""A private registry with a login: images copied there, packages rewritten, pods of a real node pull from it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.commands import ROOT, Commands, until
from tests.flows.private_registry import PrivateRegistry, running
from tests.flows.workbench import QUICK
from tools import kubebox, workbench_images
from workbench.releases.__main__ import build
from workbench.releases.objects import Options

pytestmark = [pytest.mark.cluster, pytest.mark.nodes]

VERSION = "2022.09.2"


@pytest.fixture
def private_registry(real_nodes: kubebox.Cluster, tmp_path: Path) -> Iterator[PrivateRegistry]:
    """One that is empty."""
    with running(real_nodes, tmp_path) as made:
        yield made


@pytest.fixture
def channel(real_nodes: kubebox.Cluster, tmp_path: Path) -> Path:
    """Workbench, its images in the cluster's first registry, under the address that this machine knows too."""
    workbench_images.build_and_push(real_nodes)
    image = f"{real_nodes.registry}/{workbench_images.REPOSITORY}:{workbench_images.TAG}"
    build(tmp_path / "channel", Options(image=image))
    return tmp_path / "channel"


def told(private: PrivateRegistry, kubeconfig: str, namespace: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A command that is told the password on standard input."""
    command = [sys.executable, "-m", "changeover", "--kubeconfig", kubeconfig, "-n", namespace, *words]
    own = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    return subprocess.run(
        command,
        cwd=ROOT,
        env=own,
        input=f"{private.password}\n",
        text=True,
        capture_output=True,
        timeout=240,
        check=False,
    )


def test_workbench_runs_from_a_private_registry(
    private_registry: PrivateRegistry, kubeconfig: str, namespace: str, channel: Path, tmp_path: Path
) -> None:
    private, commands = private_registry, Commands(Path(kubeconfig), namespace)
    place = f"{private.address}/mirror"
    login = ("--registry", place, "--registry-username", private.user, "--registry-password-stdin")
    listed = commands.ask("images", "list", str(channel), "--version", VERSION, "--registry", place)
    places = {one["place"] for one in listed["images"]}
    assert places == {f"{place}/workbench:1"}

    plain = ("--plain-http", private.address, "--plain-http", listed["images"][0]["image"].partition("/")[0])
    copy = ("images", "copy", str(channel), "--version", VERSION, *plain)
    refused = commands.run(*copy, "--registry", place, expect=1)
    assert "HTTP 401" in refused.err
    done = told(private, kubeconfig, namespace, "-o", "json", *copy, *login)
    assert done.returncode == 0, done.stderr
    assert [one["sentBytes"] > 0 for one in json.loads(done.stdout)] == [True]
    assert private.repositories() == ["mirror/workbench"]
    again = told(private, kubeconfig, namespace, "-o", "json", *copy, *login)
    assert [one["sentBytes"] for one in json.loads(again.stdout)] == [0]

    words = ("--version", VERSION, "--name", "workbench", "--profile", "workbench")
    words = (*words, "--backup-to", str(tmp_path / "backups"), "--yes", *QUICK)
    installed = told(private, kubeconfig, namespace, "install", str(channel), *words, *login)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    pods: list[dict[str, Any]] = until(lambda: commands.objects("pods"))
    assert {container["image"] for pod in pods for container in pod["spec"]["containers"]} == places
    pulled = [one for one in commands.objects("events") if one["reason"] in {"Pulled", "Failed"}]
    assert any(place in one["message"] for one in pulled)
    assert not any(one["reason"] == "Failed" for one in pulled)
    assert commands.ask("status")["healthy"] is True

    assert commands.ask("registry", "show") == {"address": place, "username": private.user, "password": True}
    secrets = commands.kubectl("get", "secrets", "-o", "json")
    assert f"{commands.ask('status')['installation']}-registry-login" in secrets
    assert private.password not in "".join((*commands.said, secrets, installed.stdout))

    commands.run("registry", "remove")
    plan = commands.run("plan", "--to", VERSION, "--full").out
    assert "wb-dashboard" in plan
    assert f"{place}/workbench:1" in plan
