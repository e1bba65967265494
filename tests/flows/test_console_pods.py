"""The console as pods of its own image on real nodes: installed, opened through the port-forward, killed, removed."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from changeover import console as changeover_console
from tests.flows.commands import ROOT, Commands, until
from tools import kubebox, product_image

pytestmark = [pytest.mark.cluster, pytest.mark.nodes]


@pytest.fixture(scope="module")
def image(real_nodes: kubebox.Cluster) -> str:
    return product_image.build_and_push(real_nodes)


@pytest.fixture
def changeover(real_nodes: kubebox.Cluster) -> Iterator[Commands]:
    """The command line in a namespace of its own that lets only restricted pods in."""
    made = Commands(real_nodes.kubeconfig, f"console-{time.monotonic_ns():x}")
    made.kubectl("create", "namespace", made.namespace)
    made.kubectl("label", "namespace", made.namespace, "pod-security.kubernetes.io/enforce=restricted")
    yield made
    made.kubectl("delete", "namespace", made.namespace, "--wait=false")


def test_it_is_installed_opened_through_the_port_forward_and_outlives_its_pods(
    changeover: Commands, image: str
) -> None:
    told = changeover.ask("install-console", "--image", image, "--yes")
    assert told["firstAccount"] == "admin"
    pods = changeover.objects("pods", "-l", "app.kubernetes.io/name=changeover-console")
    assert len(pods) == 2
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    forwarding = changeover.start("admin-console", "--port", str(port), "--no-open", PYTHONUNBUFFERED="1")
    try:
        first = forwarding.stdout.readline() if forwarding.stdout else ""
        assert f"The console of the cluster, namespace {changeover.namespace}: http://localhost:{port}" in first
        address = f"http://localhost:{port}"
        with httpx2.Client(base_url=address, follow_redirects=False, timeout=60) as browser:
            answer = browser.post("/login", data={"name": "admin", "password": told["password"]})
            assert answer.status_code == 303, answer.text
            assert "admin" in browser.get("/account").text
            style = Path(changeover_console.__file__).parent / "static" / "console.css"
            assert browser.get("/static/console.css").text == style.read_text(), "also what takes many messages"
            names = [pod["metadata"]["name"] for pod in pods]
            changeover.kubectl("delete", "pod", *names, "--grace-period=0", "--force")
            until(lambda: _works(browser), seconds=120)
    finally:
        forwarding.terminate()
        changeover.wait(forwarding, 20)
    assert changeover.ask("install-console", "--image", image, "--yes")["changes"] == []
    assert "Deployment/changeover-console" in changeover.ask("upgrade-console", "--replicas", "1", "--yes")["changes"]
    removed = changeover.ask("uninstall-console", "--yes")["removed"]
    assert "Deployment/changeover-console" in removed
    assert [one["name"] for one in changeover.ask("users", "list")] == ["admin"], "accounts stay"
    assert changeover.kubectl("get", "crd", "installations.changeover.dev")
    refused = changeover.run("uninstall-console", "--yes", "--delete-kinds", "yes", expect=2)
    assert "only when you type" in refused.err


def test_while_it_is_upgraded_two_replicas_serve(
    changeover: Commands, image: str, real_nodes: kubebox.Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    changeover.run("install-console", "--image", image, "--yes")
    later = {**product_image.SETTINGS, "Labels": {"org.opencontainers.image.version": "99.0.0"}}
    monkeypatch.setattr(product_image, "SETTINGS", later)
    following = product_image.build_and_push(real_nodes)
    assert following != image
    upgrading, ready = changeover.start("upgrade-console", "--image", following, "--yes"), []
    while upgrading.poll() is None:
        (live,) = changeover.objects("deployments")
        ready.append(live["status"].get("readyReplicas", 0))
    changeover.wait(upgrading).ended(0)
    assert min(ready) >= 2
    pods = changeover.objects("pods", "-l", "app.kubernetes.io/name=changeover-console")
    serving = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    assert [pod["spec"]["containers"][0]["image"] for pod in serving] == [following, following]


def test_the_image_is_the_same_whoever_builds_it(image: str) -> None:
    command = [sys.executable, "-m", "tools.product_image"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split()[-1] == image.partition("@")[2]


def _works(browser: httpx2.Client) -> bool:
    """Whether the session of before holds: with the new pods, through new connections."""
    try:
        return "admin" in browser.get("/account").text
    except httpx2.HTTPError:
        return False
