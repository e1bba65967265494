"""Real nodes: containerd, kubelet and kube-proxy, each node in network and mount namespaces of its own.

A node's namespaces live as long as a process is inside, so that nothing of them can be left over: cables, mounts,
nft tables and pod namespaces go with the last process. Inside, the usual places (/run, /var/lib/kubelet, ...) are the
node's own, so several nodes and clusters do not see each other. The file system is shared otherwise.
"""

import json
import os
import time
from pathlib import Path

from . import certificates, layout, machine, processes
from .controlplane import DOMAIN, Site, write_client
from .problem import KubeboxProblem

PAUSE = "kubebox.changeover.dev/pause:1"
ALIAS = "registry.kubebox:5000"  # nodes pull this name from the cluster's registry, whatever its address
INOTIFY = "/proc/sys/fs/inotify/max_user_instances"
OWN_PLACES = ("/var/lib/kubelet", "/var/lib/cni", "/var/log/pods", "/var/log/containers")
CONTAINERD = """\
version = 2
root = "{folder}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", \
"io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
restrict_oom_score_adj = true
tolerate_missing_hugetlb_controller = true
max_concurrent_downloads = 10
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{plugins}"
conf_dir = "{folder}/cni"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "{snapshotter}"
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "{folder}/registries"
"""


def name_of(number: int) -> str:
    """Name of the real node with this number; 0 is no node, but where Services are forwarded when there is none."""
    return f"real-{number}" if number else "router"


def make_places(site: Site, number: int) -> None:
    """The node's own versions of the usual places."""
    for place in OWN_PLACES:
        (site.folder.node(number) / place.lstrip("/")).mkdir(parents=True, exist_ok=True)


def prepare(site: Site, authority: certificates.Authority, number: int) -> None:
    """Write a node's settings and make its cgroups."""
    folder, addresses, name = site.folder.node(number), site.addresses, name_of(number)
    make_places(site, number)
    for inner in ("cni", "registries"):
        (folder / inner).mkdir(exist_ok=True)
    snapshotter = "overlayfs" if _overlay_works(folder) else "native"
    settings = CONTAINERD.format(folder=folder, pause=PAUSE, plugins=machine.PLUGINS, snapshotter=snapshotter)
    (folder / "containerd.toml").write_text(settings)
    (folder / "cni" / "10-kubebox.conflist").write_text(json.dumps(_pod_network(addresses, number)))
    for registry in (addresses.registry, ALIAS):
        hosts = folder / "registries" / registry / "hosts.toml"
        hosts.parent.mkdir(exist_ok=True)
        server = f"http://{addresses.registry}"
        hosts.write_text(f'server = "{server}"\n[host."{server}"]\ncapabilities = ["pull", "resolve"]\n')
    (folder / "resolv.conf").write_text("")
    authority.issue(f"kubelet-{name}", name, names=[name, addresses.node(number)])
    write_client(site, authority, name, user=f"system:node:{name}", groups=["system:nodes"])
    (folder / "kubelet.json").write_text(json.dumps(_kubelet_settings(site, number)))
    make_cgroups(addresses.cgroup(number))


def _overlay_works(folder: Path) -> bool:
    layers = {part: folder / "probe" / part for part in ("lower", "upper", "work", "merged")}
    for layer in layers.values():
        layer.mkdir(parents=True, exist_ok=True)
    options = f"lowerdir={layers['lower']},upperdir={layers['upper']},workdir={layers['work']}"
    probe = f"mount -t overlay probe -o {options} {layers['merged']}"
    try:
        machine.run("unshare", "--mount", "--propagation", "private", "sh", "-c", probe)
    except KubeboxProblem:
        return False
    return True


def _pod_network(addresses: layout.Addresses, number: int) -> dict[str, object]:
    pool: dict[str, object] = {"type": "host-local", "dataDir": "/run/pod-addresses", "routes": [{"dst": "0.0.0.0/0"}]}
    pool["ranges"] = [[{"subnet": addresses.node_pods(number)}]]
    # Point to point, not a bridge: answers between pods of one node then also pass the node's nft rules.
    return {"cniVersion": "0.4.0", "name": "kubebox", "plugins": [{"type": "ptp", "ipam": pool}]}


def _kubelet_settings(site: Site, number: int) -> dict[str, object]:
    keys, name = site.folder.keys, name_of(number)
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": site.addresses.node(number),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{keys}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{site.addresses.cgroup(number)}",
        "clusterDNS": [site.addresses.dns],
        "clusterDomain": DOMAIN,
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "enforceNodeAllocatable": [],
        "evictionHard": {"memory.available": "0%", "nodefs.available": "0%", "imagefs.available": "0%"},
        "failCgroupV1": False,
        "failSwapOn": False,
        "healthzBindAddress": "127.0.0.1",
        "imageGCHighThresholdPercent": 100,
        "kubeAPIQPS": 200,
        "kubeAPIBurst": 400,
        "localStorageCapacityIsolation": False,
        "maxPods": 240,
        "nodeStatusUpdateFrequency": "5s",
        "registryPullQPS": 0,
        "resolvConf": f"{site.folder.node(number)}/resolv.conf",
        "serializeImagePulls": False,
        "tlsCertFile": f"{keys}/kubelet-{name}.crt",
        "tlsPrivateKeyFile": f"{keys}/kubelet-{name}.key",
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
    }


def make_cgroups(name: str) -> None:
    """Make a node's cgroup in every hierarchy."""
    for hierarchy in machine.hierarchies():
        group = hierarchy / name
        group.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):  # v1: a new group may use nothing until told
            if (group / setting).exists() and not (group / setting).read_text().strip():
                (group / setting).write_text((hierarchy / setting).read_text())


def holder(site: Site, number: int) -> processes.Process:
    """The process that keeps a node's namespaces while components come and go. Makes its mounts, then sleeps."""
    folder = site.folder.node(number)
    script = [
        "mount --make-rshared /",  # shared among this node's processes only: the namespace was made private
        "mount -t tmpfs -o mode=755 tmpfs /run",
        "mkdir -p /run/lock /run/netns",
        "echo 1 > /proc/sys/net/ipv4/ip_forward",
        # each kubelet takes dozens; where the limit may not be raised, few clusters fit beside each other
        f"[ $(cat {INOTIFY}) -ge 1024 ] || echo 1024 > {INOTIFY} || true",
    ]
    for place in OWN_PLACES:
        script += [f"mkdir -p {place}", f"mount --bind {folder}{place} {place}"]
    script += [f"touch {folder}/holds", "exec sleep infinity"]
    argv = ("unshare", "--net", "--mount", "--propagation", "private", "sh", "-ec", "\n".join(script))
    log = str(site.folder.logs / f"{name_of(number)}-holder.log")
    return processes.Process(f"{name_of(number)}-holder", argv, log)


def wait_for_holder(site: Site, number: int, process: processes.Process) -> None:
    """Wait until a node's mounts are made."""
    deadline = time.monotonic() + 10
    while not (site.folder.node(number) / "holds").exists():
        processes.require_alive(process)
        if time.monotonic() > deadline:
            raise KubeboxProblem("A node's namespaces should be there within 10 s.", found="they are not")
        time.sleep(0.01)


def enter(holder_pid: int) -> list[str]:
    """First words of a command that runs inside a node."""
    return ["nsenter", f"--target={holder_pid}", "--net", "--mount", "--"]


def containerd(site: Site, number: int, *, holder_pid: int) -> list[str]:
    """The node's container engine."""
    config = site.folder.node(number) / "containerd.toml"
    return [*enter(holder_pid), "containerd", "--config", str(config)]


def kubelet(site: Site, number: int, *, holder_pid: int) -> list[str]:
    """The node's kubelet."""
    name = name_of(number)
    return [
        *enter(holder_pid),
        *site.program("kubelet"),
        f"--config={site.folder.node(number)}/kubelet.json",
        f"--kubeconfig={site.kubeconfig(name)}",
        f"--hostname-override={name}",
        f"--node-ip={site.addresses.node(number)}",
        "--cert-dir=/var/lib/kubelet/pki",
    ]


def kube_proxy(site: Site, node: str, *, holder_pid: int) -> list[str]:
    """A node's Service rules, in the network namespace of this holder."""
    return [
        *enter(holder_pid),
        *site.program("kube-proxy"),
        f"--kubeconfig={site.kubeconfig('kube-proxy')}",
        "--proxy-mode=nftables",
        f"--hostname-override={node}",
        f"--cluster-cidr={site.addresses.real_pods}",
        "--conntrack-max-per-core=0",
        "--healthz-bind-address=127.0.0.1:10256",
        "--nodeport-addresses=primary",
    ]


def import_image(site: Site, number: int, archive: Path) -> None:
    """Load an image archive into a node.

    Raises:
        KubeboxProblem: when the node does not run or the archive is broken.
    """
    process = processes.recorded(site.folder.processes).get(f"{name_of(number)}-holder")
    if process is None or not process.alive():
        raise KubeboxProblem(f"{name_of(number)} must run to load images.", found="it does not")
    ctr = ["ctr", "--address=/run/containerd/containerd.sock", "--namespace=k8s.io"]
    loading = ["images", "import", "--snapshotter", _snapshotter(site, number), str(archive)]
    machine.run(*enter(process.pid), *ctr, *loading)


def _snapshotter(site: Site, number: int) -> str:
    settings = (site.folder.node(number) / "containerd.toml").read_text()
    return "native" if 'snapshotter = "native"' in settings else "overlayfs"


def pids_in(cgroup: str) -> set[int]:
    """Every process below a node's cgroup: its containers, also when nobody looks after them any more."""
    found: set[int] = set()
    for hierarchy in machine.hierarchies():
        for folder, _, files in os.walk(hierarchy / cgroup):
            if "cgroup.procs" in files:
                try:
                    found.update(int(pid) for pid in (Path(folder) / "cgroup.procs").read_text().split())
                except OSError:
                    continue
    return {pid for pid in found if pid > 0}


def remove_cgroups(cgroup: str) -> list[str]:
    """Remove a node's cgroups, innermost first; returns those that would not go."""
    stuck = []
    for hierarchy in machine.hierarchies():
        for folder, _, _ in os.walk(hierarchy / cgroup, topdown=False):
            try:
                os.rmdir(folder)  # noqa: PTH106 - os.walk gives text
            except FileNotFoundError:
                continue
            except OSError:
                stuck.append(folder)
    return stuck


def answers(holder_pid: int) -> bool:
    """Whether the container engine beside this holder serves image requests."""
    ctr = ["ctr", "--address=/run/containerd/containerd.sock", "--timeout=2s", "version"]
    try:
        machine.run(*enter(holder_pid), *ctr)
    except KubeboxProblem:
        return False
    return True
