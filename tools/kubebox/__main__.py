"""The command: ``python -m tools.kubebox start|stop|status|list|logs|kubeconfig|load-image|push``."""

import argparse
import shutil
import sys
from pathlib import Path

from . import KubeboxProblem, Nodes, clusters, find, start, toolchain
from .cluster import Cluster


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.kubebox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        if name not in ("list", "build"):
            added.add_argument("--name", default="changeover", help="the cluster (default: changeover)")
        return added

    command("build", "build the programs, if they are not in the cache")
    starting = command("start", "start a cluster")
    starting.add_argument("--nodes", default="real=1", help="e.g. real=1,simulated=3 (default: real=1)")
    starting.add_argument("--node-label", action="append", default=[], metavar="[NODE:]KEY=VALUE")
    starting.add_argument("--taint-simulated", action="store_true", help="simulated nodes repel other pods")
    starting.add_argument("--flag", action="append", default=[], metavar="COMPONENT=--FLAG=VALUE")
    stopping = command("stop", "stop a cluster; leaves nothing")
    stopping.add_argument("--all", action="store_true", help="stop all of yours")
    command("status", "show a cluster's addresses and components; exit code 1 when one is down")
    command("list", "show all clusters")
    logs = command("logs", "print a component's log")
    logs.add_argument("component", nargs="?")
    command("kubeconfig", "print the kubeconfig's path")
    for name, text in (("kill", "end a component at once"), ("restart", "start a component again")):
        command(name, text).add_argument("component")
    loading = command("load-image", "load an image archive into every real node")
    loading.add_argument("archive", type=Path)
    pushing = command("push", "push an image archive to the registry; prints the reference")
    pushing.add_argument("archive", type=Path)
    pushing.add_argument("image", metavar="REPOSITORY:TAG")
    return parser


def _nodes(options: argparse.Namespace) -> Nodes:
    counts = {"real": 0, "simulated": 0}
    for part in options.nodes.split(","):
        kind, _, count = part.partition("=")
        if kind not in counts or not count.isdigit():
            raise KubeboxProblem("--nodes takes e.g. real=1,simulated=3.", found=options.nodes)
        counts[kind] = int(count)
    labels: dict[str, dict[str, str]] = {}
    for given in options.node_label:
        key, equals, value = given.partition("=")
        node, _, key = key.rpartition(":")
        if not equals:
            raise KubeboxProblem("--node-label takes [NODE:]KEY=VALUE.", found=given)
        labels.setdefault(node, {})[key] = value
    return Nodes(counts["real"], counts["simulated"], labels, options.taint_simulated)


def _start(options: argparse.Namespace) -> int:
    flags: dict[str, list[str]] = {}
    for given in options.flag:
        component, _, flag = given.partition("=")
        flags.setdefault(component, []).append(flag)
    cluster = start(options.name, nodes=_nodes(options), flags=flags)
    print(f"export KUBECONFIG={cluster.kubeconfig}")
    return 0


def _stop(options: argparse.Namespace) -> int:
    chosen = clusters() if options.all else [found for found in clusters() if found.name == options.name]
    for cluster in chosen:
        cluster.stop()
        toolchain.say(f"kubebox: {cluster.name} stopped")
    return 0


def _status(cluster: Cluster) -> int:
    print(f"kubeconfig  {cluster.kubeconfig}\nserver      {cluster.server}\nregistry    {cluster.registry}")
    print(f"audit log   {cluster.audit_log}")
    print(f"nodes       {cluster.nodes.real} real, {cluster.nodes.simulated} simulated")
    components = cluster.components()
    for name, runs in components.items():
        print(f"{name:32}{'runs' if runs else 'DOWN'}")
    return 0 if cluster.spec.ready and all(components.values()) else 1


def _list(_: argparse.Namespace) -> int:
    for cluster in clusters():
        components = cluster.components()
        state = "ready" if cluster.spec.ready else "not ready"
        print(f"{cluster.name:24}{state:12}{sum(components.values())}/{len(components)} run   {cluster.server}")
    return 0


def _logs(options: argparse.Namespace) -> int:
    cluster = find(options.name)
    if not options.component:
        print("\n".join(cluster.components()))
        return 0
    with cluster.log_of(options.component).open(errors="replace") as log:
        shutil.copyfileobj(log, sys.stdout)
    return 0


def _act(options: argparse.Namespace) -> int:
    cluster = find(options.name)
    match options.command:
        case "status":
            return _status(cluster)
        case "kubeconfig":
            print(cluster.kubeconfig)
        case "kill":
            cluster.kill(options.component)
        case "restart":
            cluster.restart(options.component)
        case "load-image":
            cluster.load_image(options.archive)
        case "push":
            repository, _, tag = options.image.rpartition(":")
            print(cluster.push(options.archive, repository, tag))
        case unknown:
            raise KubeboxProblem("There should be such a command.", found=str(unknown))
    return 0


def _build(_: argparse.Namespace) -> int:
    print(toolchain.programs().folder)
    return 0


def main() -> int:
    """Run one command."""
    options = _parser().parse_args()
    commands = {"build": _build, "start": _start, "stop": _stop, "list": _list, "logs": _logs}
    try:
        return commands.get(options.command, _act)(options)
    except KubeboxProblem as problem:
        print(f"kubebox: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
