"""Stop leaves nothing on the machine, whatever was killed before."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kubebox.waiting import eventually, pod
from tools import kubebox
from tools.kubebox import images, layout, machine, processes
from tools.kubebox.api import Api

pytestmark = [pytest.mark.kubebox, pytest.mark.nodes]

ROOT = Path(__file__).parents[2]
SLEEPER = b"import signal, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(3600)\n"


def traces(cluster: kubebox.Cluster) -> dict[str, list[str]]:
    """Everything on this machine that belongs to a cluster, by kind."""
    addresses, root = cluster.spec.addresses, str(cluster.folder.root)
    cgroups = [place / addresses.cgroup(number) for place in machine.hierarchies() for number in range(1, 4)]
    prefix = addresses.at(0, 0).removesuffix("0.0")
    mounts = [path.read_text(errors="replace") for path in Path("/proc").glob("[0-9]*/mountinfo") if readable(path)]
    links = [link.name for link in Path("/sys/class/net").iterdir()]
    slot = layout.slot_home() / str(addresses.slot)
    routes = machine.run("ip", "route", "show", "table", "all").splitlines()
    return {
        "processes": [str(pid) for pid in processes.marked(cluster.folder.root)],
        "mounts": [line for text in mounts for line in text.splitlines() if root in line],
        "links": [name for name in links if name == addresses.bridge or name.startswith(f"{addresses.bridge}n")],
        "addresses": [line for line in machine.run("ip", "-o", "address").splitlines() if f" {prefix}" in line],
        "routes": [line for line in routes if f" {prefix}" in f" {line}"],
        "tables": [line for line in machine.run("nft", "list", "tables").splitlines() if "kube-proxy" in line],
        "namespaces": [path.name for path in Path("/run/netns").glob("*")] if Path("/run/netns").exists() else [],
        "cgroups": [str(path) for path in cgroups if path.exists()],
        "files": [root] if Path(root).exists() else [],
        "slot": [str(slot)] if slot.exists() and slot.read_text() == root else [],
    }


def readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def nothing(found: dict[str, list[str]]) -> bool:
    assert not any(found.values()), {kind: what[:3] for kind, what in found.items() if what}
    return True


@pytest.fixture
def name(real_nodes: None) -> Iterator[str]:
    """A cluster's name; whatever the test does, nothing of it stays."""
    chosen = f"gone-{os.getpid()}"
    yield chosen
    for cluster in kubebox.clusters():
        if cluster.name == chosen:
            cluster.stop()


@pytest.fixture
def busy(name: str) -> kubebox.Cluster:
    """A cluster with a pod that does not want to end, a volume and a load balancer."""
    cluster = kubebox.start(name, nodes=kubebox.Nodes(real=1, simulated=1))
    archive = images.python_image("sleeper:1", {"app/main.py": SLEEPER}, ["/usr/bin/python3", "/app/main.py"])
    client = Api(cluster.kubeconfig)
    space = "/api/v1/namespaces/default"
    claimed = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    client.create(f"{space}/persistentvolumeclaims", {"metadata": {"name": "data"}, "spec": claimed})
    balanced = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    client.create(f"{space}/services", {"metadata": {"name": "balanced"}, "spec": balanced})
    mounted = {
        "container": {"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    }
    client.create(f"{space}/pods", pod("sleeper", node="real", image=cluster.push(archive, "sleeper", "1"), **mounted))
    eventually(lambda: client.get(f"{space}/pods/sleeper")["status"]["phase"] == "Running")
    client.close()
    return cluster


def no_crash(_: kubebox.Cluster) -> None:
    """Stop right away."""


def kill_every_component(cluster: kubebox.Cluster) -> None:
    for component in cluster.components():
        cluster.kill(component)


def kill_containerd_and_its_shims(cluster: kubebox.Cluster) -> None:
    cluster.kill("real-1-containerd")
    for pid in processes.marked(cluster.folder.root):
        if b"containerd-shim" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


def kill_holder(cluster: kubebox.Cluster) -> None:
    cluster.kill("real-1-holder")


def forget_processes(cluster: kubebox.Cluster) -> None:
    shutil.rmtree(cluster.folder.processes)


@pytest.mark.parametrize(
    "crash", [no_crash, kill_every_component, kill_containerd_and_its_shims, kill_holder, forget_processes]
)
def test_nothing_is_left_after(crash: Callable[[kubebox.Cluster], None], busy: kubebox.Cluster) -> None:
    before = traces(busy)
    for kind in ("processes", "mounts", "links", "addresses", "routes", "cgroups", "files", "slot"):
        assert before[kind], f"{kind}: the test must be able to see them"
    crash(busy)
    busy.stop()
    assert nothing(traces(busy))
    busy.stop()  # a second time is fine


@pytest.mark.parametrize("after", [0.3, 1.5, 3.0, 4.5])  # seconds: about database, API server, nodes, everything
def test_nothing_is_left_after_the_starter_is_killed(after: float, name: str) -> None:
    argv = [sys.executable, "-m", "tools.kubebox", "start", "--name", name, "--nodes", "real=1,simulated=1"]
    starter = subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    eventually((layout.state_home() / name / "cluster.json").exists)
    time.sleep(after)
    starter.kill()
    starter.wait()
    half = kubebox.find(name)
    half.stop()
    assert nothing(traces(half))


def test_a_new_start_clears_what_a_killed_starter_left(name: str) -> None:
    argv = [sys.executable, "-m", "tools.kubebox", "start", "--name", name, "--nodes", "real=1"]
    with subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as starter:
        eventually((layout.state_home() / name / "processes" / "kube-apiserver.json").exists)
        starter.kill()
    cluster = kubebox.start(name, nodes=kubebox.Nodes(real=0, simulated=1))
    assert all(cluster.components().values())
    with pytest.raises(kubebox.KubeboxProblem, match="is taken"):
        kubebox.start(name)


def test_a_name_is_given_once_also_at_the_same_time(name: str) -> None:
    argv = [sys.executable, "-m", "tools.kubebox", "start", "--name", name, "--nodes", "simulated=1"]
    starters = [subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) for _ in range(3)]
    said = [starter.communicate()[1].decode() for starter in starters]
    assert sorted(starter.returncode for starter in starters) == [0, 2, 2]
    assert sum("is taken" in text for text in said) == 2
    cluster = kubebox.find(name)
    assert all(cluster.components().values())
    for component in cluster.components():
        cluster.kill(component)
    again = kubebox.start(name, nodes=kubebox.Nodes(real=0, simulated=1))
    assert all(again.components().values()), "a dead cluster's name can be used"


def test_a_failed_start_leaves_its_logs_only(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    flags = {"kube-apiserver": ["--no-such-flag"]}
    with pytest.raises(kubebox.KubeboxProblem, match=r"(?s)kube-apiserver should be running.*unknown flag"):
        kubebox.start(name, nodes=kubebox.Nodes(real=0, simulated=1), flags=flags)
    assert not [cluster for cluster in kubebox.clusters() if cluster.name == name]
    kept = layout.cache_home() / "failed" / name
    assert "unknown flag" in (kept / "kube-apiserver.log").read_text()
    shutil.rmtree(kept)


def test_stopping_again_spares_who_has_the_slot_now(name: str) -> None:
    first = kubebox.start(name, nodes=kubebox.Nodes(real=1))
    first.stop()
    second = kubebox.start(f"{name}-2", nodes=kubebox.Nodes(real=1))
    try:
        assert second.spec.slot == first.spec.slot, "the lowest free slot is taken"
        first.stop()
        assert all(second.components().values())
        client = Api(second.kubeconfig)
        assert client.ready()
        client.close()
    finally:
        second.stop()


def test_two_clusters_do_not_see_each_other(name: str, cluster: kubebox.Cluster) -> None:
    other = kubebox.start(name, nodes=kubebox.Nodes(real=1))
    clients = [Api(cluster.kubeconfig), Api(other.kubeconfig)]
    for client in clients:
        client.create("/api/v1/namespaces/default/configmaps", {"metadata": {"name": "mine"}, "data": {"of": "me"}})
        assert client.ready()
    assert cluster.spec.addresses.everything != other.spec.addresses.everything
    names = [{node["metadata"]["name"] for node in client.get("/api/v1/nodes")["items"]} for client in clients]
    assert names == [{"real-1", "real-2", "simulated-1", "simulated-2"}, {"real-1"}]
    other.stop()
    assert nothing({kind: found for kind, found in traces(other).items() if kind not in ("tables", "namespaces")})
    assert all(cluster.components().values())
    assert clients[0].ready()
    for client in clients:
        client.close()
