"""An air-gap bundle on a real node: its images go to the private registry, its package runs from there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import bundles
from tests.flows.commands import ROOT, Commands
from tests.flows.private_registry import PrivateRegistry, running
from tests.licences import Portal
from tools import kubebox
from tools.kubebox import images

pytestmark = [pytest.mark.cluster, pytest.mark.nodes]

QUICK = ("--strategy", "plain", "--hold", "0", "--yes")
IMAGE = "vendor.example.com/letters/server:1"
SERVE = "import http.server as h; h.HTTPServer(('', 8080), h.SimpleHTTPRequestHandler).serve_forever()"
APP = """apiVersion: kots.io/v1beta1
kind: Application
metadata: {name: letters}
spec:
  title: Letters
  targetKotsVersion: "1.100.0"
  additionalNamespaces: ["SECOND"]
  statusInformers: [deployment/letters]
  graphs: [{title: Load, query: up}]
"""
OBJECTS = f"""apiVersion: v1
kind: ConfigMap
metadata: {{name: facts}}
data:
  airgap: 'repl{{{{ IsAirgap }}}}'
  registry: 'repl{{{{ LocalRegistryAddress }}}}'
  channel: 'repl{{{{ ChannelName }}}}'
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: letters}}
spec:
  selector: {{matchLabels: {{app: letters}}}}
  template:
    metadata: {{labels: {{app: letters}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{{name: server, image: '{IMAGE}', command: [/usr/bin/python3, -c, "{SERVE}"]}}]
"""


@pytest.fixture
def private_registry(real_nodes: kubebox.Cluster, tmp_path: Path) -> Iterator[PrivateRegistry]:
    """One that is empty."""
    with running(real_nodes, tmp_path) as made:
        yield made


def _archive(tag: str) -> bytes:
    return images.python_image(f"letters:{tag}", {"app/readme": f"letters {tag}".encode()}, ["python3"]).read_bytes()


@pytest.fixture
def bundle(tmp_path: Path, namespace: str) -> Path:
    """The vendor's bundle; its image is an archive as our builder writes it."""
    package = {"app.yaml": APP.replace("SECOND", f"{namespace}-second").encode(), "objects.yaml": OBJECTS.encode()}
    held = {"docker-archive/vendor.example.com/letters/server/1": _archive("1")}
    told = {"appSlug": "letters", "savedImages": [IMAGE], "signature": Portal().sign(1, b"letters")}
    return bundles.bundle(tmp_path / "letters.airgap", package, held, **told)


def _newer(folder: Path, namespace: str, **more: str) -> Path:
    """The release after it, with another image."""
    return bundles.bundle(
        folder / "newer.airgap",
        {
            "app.yaml": APP.replace("SECOND", f"{namespace}-second").encode(),
            "objects.yaml": OBJECTS.replace(":1'", ":2'").encode(),
        },
        {"docker-archive/vendor.example.com/letters/server/2": _archive("2")},
        versionLabel="1.1.0",
        updateCursor="9",
        savedImages=[IMAGE.replace(":1", ":2")],
        **more,
    )


def check_signatures(commands: Commands, folder: Path, private: PrivateRegistry) -> None:
    """A forged bundle is refused before any of its images is sent; an unsigned one is told."""
    forged = _newer(folder, commands.namespace, signature=Portal().sign(0, b"letters"))
    refused = commands.run("update", "--from", str(forged), "--plain-http", private.address, *QUICK, expect=3)
    assert "The bundle's signature is not of the licence's application" in refused.err
    assert "forged-bundle" in refused.err
    assert not private.has("mirror/server", "2")
    findings = commands.ask("plan", "--from", str(forged), "--strategy", "plain")["findings"]
    blocking = {one["reference"] for one in findings if one["severity"] == "blocks"}
    assert blocking == {"airgap-signature-wrong"}
    unsigned = _newer(folder, commands.namespace)
    seen = commands.ask("plan", "--from", str(unsigned), "--strategy", "plain")
    assert "airgap-signature-unchecked" in {one["reference"] for one in seen["findings"]}


def _uploaded(commands: Commands, newer: Path, registry: str) -> None:
    """The newer bundle by hand: pushed, or not taken."""
    refused = commands.ask("upload", str(newer), expect=1)["problem"]  # https, which the registry does not speak
    assert refused["code"] == "images-not-pushed"
    assert "1.1.0" not in commands.run("check").out
    kept = commands.ask("upload", str(newer), "--plain-http", registry)
    place = f"{registry}/mirror"
    assert (kept["version"], kept["registry"], kept["images"][0]["place"]) == ("1.1.0", place, f"{place}/server:2")
    found = {one["reference"] for one in kept["findings"]}
    assert found == {"made-for-kots", "licence-unproven", "airgap-signature-unchecked"}
    assert commands.ask("upload", str(newer), expect=1)["problem"]["code"] == "bad-upload", "it is there already"


def test_a_bundle_is_pushed_and_installed(
    private_registry: PrivateRegistry, kubeconfig: str, namespace: str, bundle: Path, tmp_path: Path
) -> None:
    private, commands = private_registry, Commands(Path(kubeconfig), namespace)
    facts = commands.ask("package", "show", str(bundle))
    told = (facts["version"], facts["graphs"], facts["made for KOTS"], facts["images in the bundle"])
    assert told == ("1.0.0", "Load", "at most 1.100.0", 1)
    place = f"{private.address}/mirror"
    listed = commands.ask("images", "list", str(bundle), "--registry", place)
    assert listed["images"] == [{"image": IMAGE, "place": f"{place}/server:1"}]

    licence = tmp_path / "acme.yaml"
    login = ("--registry", place, "--registry-username", private.user, "--registry-password-stdin")
    words = (
        "install",
        "--channel",
        str(bundle),
        *login,
        "--plain-http",
        private.address,
        "--licence",
        str(licence),
        *QUICK,
    )
    command = [sys.executable, "-m", "changeover", "--kubeconfig", kubeconfig, "-n", namespace, *words]
    own = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}

    def install(channel: str) -> subprocess.CompletedProcess[str]:
        licence.write_text(Portal(more={"channelID": channel}).licence())
        more = {"cwd": ROOT, "env": own, "input": f"{private.password}\n", "text": True, "timeout": 240}
        return subprocess.run(command, capture_output=True, check=False, **more)  # type: ignore[call-overload,no-any-return]

    refused = install("other")
    assert refused.returncode == 3, refused.stdout + refused.stderr
    assert "which the licence is not for" in refused.stderr
    done = install("c1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "KOTS at most 1.100.0" in done.stdout
    assert private.repositories() == ["mirror/server"]
    data = commands.objects("configmap", "--field-selector", "metadata.name=facts")[0]["data"]
    assert data == {"airgap": "true", "registry": place, "channel": "Stable"}
    pods = commands.objects("pods", "-l", "app=letters")
    assert [pod["spec"]["containers"][0]["image"] for pod in pods] == [f"{place}/server:1"]
    assert commands.ask("status")["healthy"] is True
    assert "airgap-signature" not in done.stdout
    check_signatures(commands, tmp_path, private)
    newer = _newer(tmp_path, namespace)
    _uploaded(commands, newer, private.address)
    newer.unlink()
    bundle.unlink()  # the channel that it was installed from is gone, too
    assert commands.ask("plan", "--to", "1.1.0")["to"]["version"] == "1.1.0"
    commands.run("update", "1.1.0", *QUICK)
    pods = commands.objects("pods", "-l", "app=letters", "--field-selector", "status.phase=Running")
    assert f"{place}/server:2" in {pod["spec"]["containers"][0]["image"] for pod in pods}
    second = Commands(Path(kubeconfig), f"{namespace}-second")
    assert [one["metadata"]["name"] for one in second.objects("secrets")] == ["letters-registry"]
    commands.kubectl("delete", "namespace", f"{namespace}-second", "--wait=false")
