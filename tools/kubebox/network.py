"""The network between host and nodes: one bridge, one cable per real node, routes.

From the host, pod addresses, ClusterIPs and load balancer addresses are reached through the nodes, as from a machine
outside. The addresses of simulated pods belong to the host: its processes may listen on them and so be those pods.
"""

from pathlib import Path

from . import layout
from .machine import run


def connect_host(addresses: layout.Addresses) -> None:
    """Make the bridge and give the host its address."""
    bridge = addresses.bridge
    batch = [
        f"link add {bridge} type bridge",
        f"address add {addresses.host}/24 dev {bridge}",
        f"link set {bridge} up",
        f"route add local {addresses.simulated_pods} dev lo",
    ]
    run("ip", "-batch", "-", given="\n".join(batch) + "\n")


def connect_node(addresses: layout.Addresses, number: int, *, holder: int, everyone: range) -> None:
    """Plug a node's cable in: `holder` is a process in its network namespace, `everyone` all node numbers."""
    link = addresses.link(number)
    batch = [
        f"link add {link} type veth peer name eth0 netns {holder}",
        f"link set {link} master {addresses.bridge} up",
        f"route add {addresses.node_pods(number)} via {addresses.node(number)}",
    ]
    run("ip", "-batch", "-", given="\n".join(batch) + "\n")
    inside = [
        "link set lo up",
        f"address add {addresses.node(number)}/24 dev eth0",
        "link set eth0 up",
        f"route add default via {addresses.host}",
    ]
    inside += [
        f"route add {addresses.node_pods(other)} via {addresses.node(other)}" for other in everyone if other != number
    ]
    enter = ["nsenter", f"--net=/proc/{holder}/ns/net"]
    run(*enter, "ip", "-batch", "-", given="\n".join(inside) + "\n")
    if number == everyone[0]:  # the first node is the way to all Services
        services = [addresses.services, addresses.load_balancers]
        routes = [f"route add {network} via {addresses.node(number)}" for network in services]
        run("ip", "-batch", "-", given="\n".join(routes) + "\n")


def disconnect(addresses: layout.Addresses) -> None:
    """Take everything away again; what is not there is fine. Cables should be gone with their namespaces."""
    links = Path("/sys/class/net")
    own = [link.name for link in links.iterdir() if link.name.startswith(f"{addresses.bridge}n")]
    for link in [*own, addresses.bridge]:
        if (links / link).exists():
            run("ip", "link", "delete", link, check=False)
    run("ip", "route", "delete", "local", addresses.simulated_pods, "dev", "lo", check=False)
