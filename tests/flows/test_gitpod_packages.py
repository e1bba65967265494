"""Gitpod's four packages as customers got them, on a real node: checked, installed, updated, collected.

What is not the vendor's any more is ours: the chart that each package names, and the images, built offline and found
where the private registry keeps them. The vendor's installer made Gitpod by Helm; ours makes one Deployment that way.
"""

import base64
import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cases.packages import ABSENT, GITPOD, ROOT
from tests.flows.commands import Commands
from tests.licences import Portal
from tests.unit.collect.letters import key_pair
from tools import kubebox
from tools.kubebox import debian, images

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.nodes,
    pytest.mark.skipif(not ROOT.is_dir(), reason=ABSENT),
]

NAMES = sorted(path.name for path in (GITPOD / "packages").glob("*"))
EMPTY = {"2022-10-07-219b71f894"}
"""Its vendor left one pod of the preflights empty: no cluster can run it."""
CHART = ("fluent-bit", "0.20.2")
WORKLOADS = ("meta", "ide", "workspace_services", "workspace_regular", "workspace_headless")
WATCHED = ("blobserve", "content-service", "dashboard", "ide-proxy", "image-builder-mk3", "proxy", "server")
WATCHED = (*WATCHED, "ws-manager", "ws-manager-bridge", "ws-proxy")
"""Deployments that the packages' status informers watch, and that the vendor's installer made."""
QUICK = ("--strategy", "plain", "--hold", "0", "--yes")
INSTALLER = Path(__file__).parents[1] / "selfinstalling" / "installer.py"
SECRET_WORD = "Correct4Horse7Battery"

CHECK = """#!/usr/bin/python3
print("registry: ok\\ns3: ok\\nconnection: ok\\nversion: 5.7")
"""
SETUP = """#!/usr/bin/python3
import json, os, sys
sys.path.insert(0, "/app")
if os.environ.get("INSTALLER_DRY_RUN") == "true":
    sys.exit(print("Gitpod: status pass"))
import installer
installer.RELEASE = "gitpod"
namespace = (installer.ACCOUNT / "namespace").read_text()
made = []

def make(api_version, kind, path, name, **content):
    head = {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}
    installer.apply(namespace, path, {**head, **content})
    made.append(head)

config = {"domain": os.environ["DOMAIN"], "cursor": os.environ["CURSOR"]}
make("v1", "ConfigMap", "/api/v1/namespaces/{}/configmaps", "server-config", data=config)
image = os.environ["LOCAL_REGISTRY_ADDRESS"] + "/curl:latest"
command = ["/usr/bin/python3", "-m", "http.server", "8080"]
for name in os.environ["WORKLOADS"].split():
    labels = {"app": "gitpod", "component": name}
    containers = [{"name": name, "image": image, "command": command, "ports": [{"containerPort": 8080}]}]
    pod = {"terminationGracePeriodSeconds": 0, "containers": containers}
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    make("apps/v1", "Deployment", "/apis/apps/v1/namespaces/{}/deployments", name, spec=spec)
ports = [{"port": 80, "targetPort": 8080}]
service = {"selector": {"app": "gitpod", "component": "proxy"}, "ports": ports}
make("v1", "Service", "/api/v1/namespaces/{}/services", "proxy", spec=service)
listing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "gitpod-app"}}
path = "/api/v1/namespaces/{}/configmaps"
installer.apply(namespace, path, {**listing, "data": {"app.yaml": json.dumps(made)}})
print("revision", installer.record(namespace, "deployed"), "of gitpod is deployed", flush=True)
"""
WAIT = """#!/usr/bin/python3
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
signal.pause()
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A channel of the four packages, and where their images are."""

    channel: Path
    registry: str
    commands: Commands

    @property
    def given(self) -> tuple[str, ...]:
        """What each command is told: the registry, and the answers as KOTS exports them."""
        values = ROOT / "kots-render" / NAMES[-1] / "default" / "config-values.yaml"
        return ("--registry", self.registry, "--answers", str(values))


@pytest.fixture(scope="module")
def labelled(real_nodes: kubebox.Cluster) -> Iterator[kubebox.Cluster]:
    """Nodes as Gitpod wants them labelled."""
    kubectl = Commands(real_nodes.kubeconfig, "default").kubectl
    keys = [f"gitpod.io/workload_{name}" for name in WORKLOADS]
    kubectl("label", "nodes", "--all", "--overwrite", *(f"{key}=true" for key in keys))
    yield real_nodes
    kubectl("label", "nodes", "--all", *(f"{key}-" for key in keys))


@pytest.fixture(scope="module")
def channel(labelled: kubebox.Cluster, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The channel's folder, and the registry that holds every image that the packages name."""
    folder = tmp_path_factory.mktemp("gitpod")
    releases = []
    for cursor, name in enumerate(NAMES, start=1):
        shutil.copytree(GITPOD / "packages" / name, folder / name)
        (folder / name / "fluent-bit-0.20.2.tgz").write_bytes(chart())
        releases.append({"version": name, "cursor": cursor, "package": name})
    head = {"apiVersion": "changeover.dev/v1alpha1", "kind": "Channel", "metadata": {"name": "gitpod"}}
    (folder / "channel.yaml").write_text(yaml.safe_dump({**head, "releases": releases}))
    return folder, pushed(labelled, folder)


def pushed(cluster: kubebox.Cluster, folder: Path) -> str:
    """Our image, at each place where a private registry would keep one of the packages'."""
    files = {"app/installer.py": INSTALLER.read_bytes(), "app/check.py": CHECK.encode()}
    setup = SETUP.replace('os.environ["WORKLOADS"]', repr(" ".join(WATCHED)))
    files |= {"app/scripts/kots-install.sh": setup.encode(), "bin/semver": CHECK.encode()}
    files |= {"app/scripts/kots-installation-status.sh": WAIT.encode()}
    whole = [*debian.PYTHON, "dash"]
    archive = images.python_image("gitpod:test", files, ["/usr/bin/python3", "/app/check.py"], packages=whole)
    registry = f"{cluster.registry}/gitpod"
    commands, places = Commands(cluster.kubeconfig, "default"), set[str]()
    licence = folder / "licence.yaml"
    licence.write_text(Portal(application="gitpod").licence())
    for name in NAMES:
        words = ("--registry", registry, "--set", "domain=x.example", "--licence", str(licence))
        listed = commands.ask("images", "list", str(folder / name), *words)
        places |= {one["place"] for one in listed["images"]}
    for place in places:
        repository, _, tag = place.removeprefix(f"{cluster.registry}/").partition(":")
        cluster.push(archive, repository, tag)
    assert f"{registry}/curl:latest" in places, "an image that only a check starts"
    return registry


def chart() -> bytes:
    """A chart of ours with the name and version that the packages ask for."""
    name, version = CHART
    thing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fluent-bit"}, "data": {"a": "b"}}
    files = {
        "Chart.yaml": {"apiVersion": "v2", "name": name, "version": version},
        "values.yaml": {},
        "templates/settings.yaml": thing,
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for path, content in files.items():
            raw = yaml.safe_dump(content).encode()
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size = len(raw)
            tar.addfile(entry, io.BytesIO(raw))
    return packed.getvalue()


@pytest.fixture
def stage(channel: tuple[Path, str], kubeconfig: str, namespace: str) -> Stage:
    """A namespace of its own, with the account that the vendor's pods run as."""
    commands = Commands(Path(kubeconfig), namespace)
    return Stage(channel[0], channel[1], commands)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in NAMES[:1] + NAMES[-1:] else pytest.mark.slow) for name in NAMES]
)
def test_every_preflight_is_made(stage: Stage, name: str) -> None:
    stage.commands.kubectl("create", "serviceaccount", "kotsadm")
    package = str(stage.channel / name)
    reading = stage.commands.ask("preflight", package, *stage.given, expect=3)
    assert "unknown" in {one["verdict"] for one in reading["findings"]}
    done = stage.commands.ask("preflight", package, *stage.given, "--allow", "all", expect=None)
    verdicts = {one["title"]: one["verdict"] for one in done["findings"]}
    states = {one["collector"]: (one["state"], one["reason"]) for one in done["collectors"]}
    broken = {"runPod/validate-config": ("failed", "its podSpec has no containers")} if name in EMPTY else {}
    assert {title: state for title, state in states.items() if state[0] != "done"} == broken
    unknown = [title for title, verdict in verdicts.items() if verdict == "unknown"]
    assert unknown == (["Gitpod configuration"] if name in EMPTY else [])
    assert len(done["findings"]) == len(reading["findings"]) == (27 if name < "2022-10" else 29)
    for title in ("Database connection is valid", "Container registry connection is valid"):
        assert verdicts[title] == "pass"
    assert stage.commands.objects("pods") == []


def live(stage: Stage) -> dict[str, str]:
    """What the installer was told, as it wrote it down."""
    found: dict[str, str] = stage.commands.objects("configmaps", "--field-selector", "metadata.name=server-config")[0][
        "data"
    ]
    return found


def test_it_is_installed_updated_and_goes_back_by_its_own_installer(stage: Stage, tmp_path: Path) -> None:
    commands, first, second = stage.commands, NAMES[-2], NAMES[-1]
    words = ("install", str(stage.channel), "--version", first, "--profile", "gitpod", *stage.given)
    pair = (base64.b64encode(one).decode() for one in key_pair("gitpod.example.com"))
    own = dict(zip(("tls_crt", "tls_key"), pair, strict=True)) | {"cert_manager_enabled": "0"}
    words = (*words, *(word for name, value in own.items() for word in ("--set", f"{name}={value}")))
    refused = commands.run(*words, *QUICK, expect=3)
    assert "--grant kotsadm" in refused.err
    commands.run(*words, *QUICK, "--grant", "kotsadm", "--set", f"db_password={SECRET_WORD}")
    assert live(stage) == {"domain": "gitpod.example.com", "cursor": str(NAMES.index(first) + 1)}
    commands.run("config", "set", "domain=work.example.com", *QUICK)
    assert live(stage)["domain"] == "work.example.com"
    plan = commands.ask("plan", "--to", second)
    assert {one["object"]["kind"]: one["effect"] for one in plan["changes"]}["Job"] == "unknown"
    commands.run("update", second, *QUICK)
    assert live(stage) == {"domain": "work.example.com", "cursor": str(NAMES.index(second) + 1)}
    bundle(stage, tmp_path)
    commands.run("rollback", *QUICK)
    assert live(stage)["cursor"] == str(NAMES.index(first) + 1)
    assert not [said for said in commands.said if SECRET_WORD in said and "--set" not in said]


def bundle(stage: Stage, folder: Path) -> None:
    """What the package's own SupportBundle collects: everything, judged, and no secret in any file."""
    file = folder / "bundle.tar.gz"
    told = stage.commands.ask("support-bundle", "--allow", "all", "--out", str(file))
    states = {one["collector"]: one["state"] for one in told["collectors"]}
    assert states["clusterResources"] == "done"
    assert states["run/database"] == "done", told["collectors"]
    with tarfile.open(file) as packed:
        contents = {one.name: packed.extractfile(one) for one in packed.getmembers() if one.isfile()}
        texts = {name: stream.read() for name, stream in contents.items() if stream}
    names = {name.partition("/")[2] for name in texts}
    assert {"cluster-info/cluster_version.json", "database/database.log", "analysis.json"} <= names
    assert not [name for name, content in texts.items() if SECRET_WORD.encode() in content]


@pytest.mark.parametrize("name", NAMES)
def test_what_it_says_of_itself_is_read(stage: Stage, name: str) -> None:
    told: dict[str, Any] = stage.commands.ask("package", "show", str(stage.channel / name))
    text = json.dumps(told)
    assert "Running Workspaces" in text
    assert "deployment/ws-manager" in text
