"""Which collectors there are, and the rights that each must have before it is begun."""

from __future__ import annotations

from dataclasses import dataclass

from changeover.collect import (
    certificates,
    databases,
    facts,
    figures,
    inside,
    logs,
    on_nodes,
    registries,
    releases,
    resources,
    running,
    storage,
    stored,
)
from changeover.collect.host import letters, machine, reach, system
from changeover.collect.scene import Act
from changeover.objects import Kind
from changeover.ports import Resource

POD = Kind("v1", "Pod")
SECRETS = Resource(Kind("v1", "Secret"), "secrets", namespaced=True)
CONFIG_MAPS = Resource(Kind("v1", "ConfigMap"), "configmaps", namespaced=True)
DAEMON_SETS = Resource(Kind("apps/v1", "DaemonSet"), "daemonsets", namespaced=True)
NODE_FIGURES = Resource(Kind("v1", "Node"), "nodes/proxy", namespaced=False)
PODS, LOGS, EXEC = (Resource(POD, plural, namespaced=True) for plural in ("pods", "pods/log", "pods/exec"))


@dataclass(frozen=True, slots=True)
class Row:
    """How a kind of collector is carried out; `needs` = (verb, resource) in the namespace where it looks."""

    act: Act
    needs: tuple[tuple[str, Resource], ...] = ()


_SEE_PODS = (("list", PODS),)
_RUN = (("create", PODS), ("get", PODS), ("delete", PODS), ("get", LOGS))
_DAEMON = tuple((verb, DAEMON_SETS) for verb in ("create", "get", "delete")) + _SEE_PODS + (("get", PODS),)
DAEMON_RIGHTS = (*_DAEMON, ("get", LOGS))
"""For pods on every node whose logs are read."""

COLLECTORS = {
    "clusterInfo": Row(facts.cluster_info),
    "clusterResources": Row(resources.cluster_resources),
    "secret": Row(stored.secret, (("get", SECRETS),)),
    "configMap": Row(stored.config_map, (("get", CONFIG_MAPS),)),
    "logs": Row(logs.logs, (*_SEE_PODS, ("get", LOGS))),
    "exec": Row(inside.execute, (*_SEE_PODS, ("create", EXEC))),
    "copy": Row(inside.copy, (*_SEE_PODS, ("create", EXEC))),
    "run": Row(running.run, _RUN),
    "runPod": Row(running.run_pod, _RUN),
    "data": Row(facts.data),
    "http": Row(facts.http),
    "certificates": Row(certificates.certificates),
    **dict.fromkeys(("postgres", "postgresql"), Row(databases.postgres)),
    "mysql": Row(databases.mysql),
    "redis": Row(databases.redis_server),
    "helm": Row(releases.helm, (("list", SECRETS),)),
    "nodeMetrics": Row(figures.node_metrics, (("get", NODE_FIGURES),)),
    "registryImages": Row(registries.registry_images),
    "runDaemonSet": Row(on_nodes.run_daemon_set, DAEMON_RIGHTS),
    "sysctl": Row(on_nodes.sysctl, DAEMON_RIGHTS),
    "ceph": Row(storage.ceph),
    "longhorn": Row(storage.longhorn),
    "copyFromHost": Row(on_nodes.copy_from_host, (*_DAEMON, ("create", EXEC))),
}
"""By the name that specs use; anything else is skipped, by its name."""

HOST_COLLECTORS = {
    "cpu": Row(machine.cpu),
    "memory": Row(machine.memory),
    "diskUsage": Row(machine.disk_usage),
    "hostOS": Row(machine.host_os),
    "time": Row(machine.time),
    "ipv4Interfaces": Row(machine.interfaces),
    "blockDevices": Row(machine.block_devices),
    "kernelModules": Row(system.kernel_modules),
    "kernelConfigs": Row(system.kernel_configs),
    "sysctl": Row(system.sysctl),
    "hostServices": Row(system.services),
    "systemPackages": Row(system.system_packages),
    "tcpPortStatus": Row(reach.tcp_port),
    "udpPortStatus": Row(reach.udp_port),
    "tcpConnect": Row(reach.tcp_connect),
    "tcpLoadBalancer": Row(reach.tcp_load_balancer),
    "httpLoadBalancer": Row(reach.http_load_balancer),
    "subnetAvailable": Row(reach.subnet_available),
    "http": Row(reach.http),
    "registryImages": Row(registries.of_host),
    "certificate": Row(letters.certificate),
    "certificatesCollection": Row(letters.certificates_collection),
}
"""Of the machine that collects. Its commands (`run`) and files (`copy`) are not the package's to choose: skipped."""
