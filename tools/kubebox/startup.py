"""The order in which a cluster comes up; what can happen side by side does.

database -> API server, meanwhile registry, node namespaces and containerd -> nodes, rights, DNS -> everything else,
until every node is Ready and the default service account is there.
"""

import functools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from . import api, certificates, controlplane, images, layout, machine, network, nodes, objects, processes, simulated
from .controlplane import Site
from .problem import KubeboxProblem
from .spec import Spec
from .toolchain import Say

READY_WITHIN = 90.0  # seconds, on a busy machine; about 10 on an idle one


class Startup:
    """One start of one cluster."""

    def __init__(self, spec: Spec, folder: layout.Folder, tell: Say) -> None:
        self.spec = spec
        self.folder = folder
        self.site: Site = spec.site(folder)
        self.tell = tell
        self.began = time.monotonic()
        self.real = range(1, spec.nodes.real + 1)
        self.routed = spec.bridged and not spec.nodes.real and machine.can_route()
        self.running: dict[str, processes.Process] = {}

    def go(self) -> None:
        """Bring everything up.

        Raises:
            KubeboxProblem: when a component ends or is not ready in time.
        """
        authority = controlplane.issue(self.site)
        if self.spec.bridged:
            network.connect_host(self.spec.addresses)
        self._spawn("etcd", controlplane.etcd(self.site))
        with ThreadPoolExecutor(1) as beside:
            node_work = beside.submit(self._make_nodes, authority)
            self._await("etcd", self._etcd_listens)
            self._spawn("kube-apiserver", controlplane.kube_apiserver(self.site, self._flags("kube-apiserver")))
            client = api.Api(self.site.kubeconfig("admin"))
            self._await("kube-apiserver", client.ready)
            self._furnish(client)
            self._spawn_control_plane()
            node_work.result()
        self._spawn_nodes()
        self._await("the nodes", lambda: self._nodes_ready(client))
        self._await("the default service account", lambda: self._has_default_account(client))
        client.close()
        self._report("ready")

    def _report(self, what: str) -> None:
        self.tell(f"kubebox: {self.spec.name}: {what} after {time.monotonic() - self.began:.1f} s")

    def _flags(self, component: str) -> tuple[str, ...]:
        return tuple(self.spec.flags.get(component, ()))

    def _spawn(self, name: str, argv: list[str]) -> processes.Process:
        process = processes.Process(name, tuple(argv), str(self.folder.logs / f"{name}.log"))
        self.running[name] = processes.spawn(self.folder.processes, process, cluster=self.folder.root)
        return self.running[name]

    def _await(self, what: str, condition: Callable[[], bool]) -> None:
        def holds() -> bool:
            for process in list(self.running.values()):
                processes.require_alive(process)
            return condition()

        api.wait(what, holds, seconds=READY_WITHIN)

    def _etcd_listens(self) -> bool:
        port = f":{self.spec.addresses.ports.etcd:04X} "
        with open("/proc/net/tcp", encoding="ascii") as table:  # noqa: PTH123 - not a file of the disk
            return any(port in line and " 0A " in line for line in table)

    def _make_nodes(self, authority: certificates.Authority) -> None:
        """Registry, namespaces and container engines: needs no API server."""
        self._spawn("registry", controlplane.registry(self.site))
        if self.routed:
            self._make_router()
        holders = {}
        for number in self.real:
            nodes.prepare(self.site, authority, number)
            planned = nodes.holder(self.site, number)
            holders[number] = self._spawn(planned.name, list(planned.argv))
        for number, holder in holders.items():
            nodes.wait_for_holder(self.site, number, holder)
            network.connect_node(self.spec.addresses, number, holder=holder.pid, everyone=self.real)
            argv = nodes.containerd(self.site, number, holder_pid=holder.pid)
            self._spawn(f"{nodes.name_of(number)}-containerd", argv)
        if self.real:
            pause = images.binary_image(nodes.PAUSE, self.site.programs.pause)
            for number, holder in holders.items():
                self._await(f"{nodes.name_of(number)}-containerd", functools.partial(nodes.answers, holder.pid))
                nodes.import_image(self.site, number, pause)

    def _furnish(self, client: api.Api) -> None:
        wanted = [
            objects.real_node(number, nodes.name_of(number), nodes=self.spec.nodes, addresses=self.spec.addresses)
            for number in self.real
        ]
        wanted += [
            objects.simulated_node(simulated.name_of(number), nodes=self.spec.nodes, addresses=self.spec.addresses)
            for number in range(1, self.spec.nodes.simulated + 1)
        ]
        objects.furnish(client, self.spec.addresses, wanted)
        self._report("API server ready")

    def _spawn_control_plane(self) -> None:
        site = self.site
        manager = controlplane.kube_controller_manager(site, self._flags("kube-controller-manager"))
        self._spawn("kube-controller-manager", manager)
        self._spawn("kube-scheduler", controlplane.kube_scheduler(site, self._flags("kube-scheduler")))
        self._spawn("controllers", controlplane.controllers(site))
        self._spawn("coredns", controlplane.coredns(site))
        if self.spec.nodes.simulated:
            self._spawn("simulator", simulated.simulator(site))

    def _make_router(self) -> None:
        """Without real nodes, somebody still has to forward to Services: a namespace with a kube-proxy only."""
        nodes.make_places(self.site, 0)
        planned = nodes.holder(self.site, 0)
        holder = self._spawn(planned.name, list(planned.argv))
        nodes.wait_for_holder(self.site, 0, holder)
        network.connect_node(self.spec.addresses, 0, holder=holder.pid, everyone=range(1))

    def _spawn_nodes(self) -> None:
        if self.routed:
            holder = self.running["router-holder"].pid
            argv = nodes.kube_proxy(self.site, simulated.name_of(1), holder_pid=holder)
            self._spawn("router-kube-proxy", argv)
        for number in self.real:
            name = nodes.name_of(number)
            holder = self.running[f"{name}-holder"].pid
            self._spawn(f"{name}-kubelet", nodes.kubelet(self.site, number, holder_pid=holder))
            self._spawn(f"{name}-kube-proxy", nodes.kube_proxy(self.site, name, holder_pid=holder))

    def _nodes_ready(self, client: api.Api) -> bool:
        found = client.get("/api/v1/nodes")["items"]
        ready = [
            node
            for node in found
            for condition in node["status"].get("conditions", ())
            if condition["type"] == "Ready" and condition["status"] == "True"
        ]
        taints = [taint for node in ready for taint in node["spec"].get("taints", ())]
        waiting = any(taint["key"].startswith("node.kubernetes.io/") for taint in taints)
        return len(ready) == len(self.real) + self.spec.nodes.simulated and not waiting

    def _has_default_account(self, client: api.Api) -> bool:
        try:
            client.get("/api/v1/namespaces/default/serviceaccounts/default")
        except api.Refused:
            return False
        return True


def granted(wanted: objects.Nodes, tell: Say) -> tuple[objects.Nodes, bool]:
    """The nodes this machine allows, and whether it allows a bridge; says why when it is less than wanted.

    Raises:
        KubeboxProblem: when no node at all is wanted.
    """
    if wanted.real + wanted.simulated < 1:
        raise KubeboxProblem("A cluster needs a node.", found="real=0, simulated=0")
    if not wanted.real:
        return wanted, machine.why_no_bridge() is None
    reason = machine.why_no_real_nodes(tell)
    if reason is None:
        return wanted, True
    simulated_instead = wanted.simulated + wanted.real
    tell(f"kubebox: no real nodes here ({reason}); {simulated_instead} simulated instead: pods will not really run")
    fewer = objects.Nodes(0, simulated_instead, wanted.labels, wanted.taint_simulated)
    return fewer, machine.why_no_bridge() is None
