"""Where a cluster keeps its files, and which addresses and ports are its own.

Everything that could collide with another cluster on the machine is derived from the slot, a small number:

* addresses 10.(208+slot).0.0/16, split below; ports 21000 + 20 * slot + offset
* bridge and interfaces ``kb<slot>``..., cgroups ``kubebox-<slot>-<node>``
"""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

SLOTS = 16
PORTS_PER_SLOT = 20
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one slot, all on the cluster's host address."""

    first: int

    etcd = property(lambda self: self.first)
    etcd_peer = property(lambda self: self.first + 1)
    api = property(lambda self: self.first + 2)
    controller_manager = property(lambda self: self.first + 3)
    scheduler = property(lambda self: self.first + 4)
    registry = property(lambda self: self.first + 5)
    simulator = property(lambda self: self.first + 6)
    dns = property(lambda self: self.first + 7)

    def all(self) -> range:
        """Every port of the slot."""
        return range(self.first, self.first + PORTS_PER_SLOT)


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a slot may use on the network; ``bridged`` is false when we may not create a bridge (not root)."""

    slot: int
    bridged: bool

    def at(self, third: int, fourth: int) -> str:
        """One address of the slot's /16."""
        return f"10.{208 + self.slot}.{third}.{fourth}"

    @property
    def ports(self) -> Ports:
        """The slot's ports."""
        return Ports(21000 + PORTS_PER_SLOT * self.slot)

    @property
    def host(self) -> str:
        """Where control plane and registry listen; nodes reach the host here."""
        return self.at(0, 1) if self.bridged else LOOPBACK

    @property
    def registry(self) -> str:
        """host:port of the local registry, the same from the host and from the nodes."""
        return f"{self.host}:{self.ports.registry}"

    @property
    def bridge(self) -> str:
        """The bridge between the host and its nodes."""
        return f"kb{self.slot}"

    @property
    def everything(self) -> str:
        """The slot's whole network."""
        return self.at(0, 0) + "/16"

    @property
    def load_balancers(self) -> str:
        """Addresses for Services of type LoadBalancer."""
        return self.at(1, 0) + "/24"

    @property
    def services(self) -> str:
        """Addresses for ClusterIPs."""
        return self.at(4, 0) + "/22"

    @property
    def dns(self) -> str:
        """The cluster DNS' ClusterIP."""
        return self.at(4, 10)

    @property
    def real_pods(self) -> str:
        """Addresses of pods on real nodes."""
        return self.at(16, 0) + "/20"

    @property
    def simulated_pods(self) -> str:
        """Addresses of pods on simulated nodes; all of them belong to the host, so that its processes can bind them."""
        return self.at(128, 0) + "/17"

    def node(self, number: int) -> str:
        """Address of the real node with this number, counted from 1."""
        return self.at(0, 10 + number)

    def node_pods(self, number: int) -> str:
        """Addresses of the pods on this real node."""
        return self.at(16 + number, 0) + "/24"

    def link(self, number: int) -> str:
        """The host's end of this node's cable."""
        return f"kb{self.slot}n{number}"

    def cgroup(self, number: int) -> str:
        """The cgroup, in every hierarchy, below which this node's pods run."""
        return f"kubebox-{self.slot}-{number}"

    def service(self, index: int) -> str:
        """The n-th ClusterIP."""
        return str(ipaddress.ip_network(self.services)[index])


def cache_home() -> Path:
    """Folder for what is expensive to make again: binaries, packages, image layers."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "changeover" / "kubebox"


def state_home() -> Path:
    """Folder of the clusters of this user."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "changeover" / "kubebox"


def slot_home() -> Path:
    """Folder of the slots in use: one per user of the machine, whatever their state folders are."""
    return Path("/run/changeover-kubebox") if os.geteuid() == 0 else Path(f"/tmp/changeover-kubebox-{os.geteuid()}")


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of one cluster."""

    root: Path

    spec = property(lambda self: self.root / "cluster.json")
    kubeconfig = property(lambda self: self.root / "kubeconfig")
    audit_log = property(lambda self: self.root / "audit.log")
    logs = property(lambda self: self.root / "logs")
    keys = property(lambda self: self.root / "pki")
    processes = property(lambda self: self.root / "processes")
    volumes = property(lambda self: self.root / "volumes")
    settings = property(lambda self: self.root / "settings")

    def node(self, number: int) -> Path:
        """Folder of a real node."""
        return self.root / f"node-{number}"

    def make(self) -> None:
        """Create the folders; readable by the owner only, keys are inside."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.logs, self.keys, self.processes, self.volumes, self.settings):
            folder.mkdir(exist_ok=True)
