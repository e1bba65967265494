"""A cluster as its users see it: start, find, break, mend and stop it."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import layout, nodes, processes, push, slots, spec, startup, teardown, toolchain
from .objects import Nodes
from .problem import KubeboxProblem

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A started cluster."""

    folder: layout.Folder
    spec: spec.Spec

    name = property(lambda self: self.spec.name)

    @property
    def kubeconfig(self) -> Path:
        """An administrator's kubeconfig; its context is ``kubebox-<name>``."""
        path: Path = self.folder.kubeconfig
        return path

    @property
    def context(self) -> str:
        """The context in the kubeconfig."""
        return f"kubebox-{self.spec.name}"

    @property
    def server(self) -> str:
        """Address of the API server."""
        return f"https://{self.spec.addresses.host}:{self.spec.addresses.ports.api}"

    @property
    def registry(self) -> str:
        """host:port of the registry, over plain HTTP, from the host and from nodes alike."""
        return self.spec.addresses.registry

    @property
    def registry_alias(self) -> str:
        """A name for the registry that is the same in every cluster; only the nodes' image pulls know it."""
        return nodes.ALIAS

    @property
    def audit_log(self) -> Path:
        """The API server's log of mutating requests: a JSON document per line."""
        path: Path = self.folder.audit_log
        return path

    @property
    def volumes(self) -> Path:
        """Folder with one folder per provisioned volume, named <namespace>_<claim>_<uid>."""
        path: Path = self.folder.volumes
        return path

    @property
    def nodes(self) -> Nodes:
        """The nodes it has: all simulated where real ones cannot be."""
        return self.spec.nodes

    def components(self) -> dict[str, bool]:
        """Every component, and whether it runs."""
        return {name: process.alive() for name, process in processes.recorded(self.folder.processes).items()}

    def log_of(self, component: str) -> Path:
        """The component's log.

        Raises:
            KubeboxProblem: when there is no such component.
        """
        return Path(self._process(component).log)

    def kill(self, component: str) -> None:
        """End a component at once, as a crash would; nothing starts it again but `restart`."""
        process = self._process(component)
        if process.alive():
            processes.end(process.pid)
        processes.wait_until_gone([process], seconds=10)

    def restart(self, component: str) -> None:
        """Start a component again as it was started before."""
        self.kill(component)
        process = self._process(component)
        processes.spawn(self.folder.processes, process, cluster=self.folder.root)

    def load_image(self, archive: Path) -> None:
        """Load an image archive into every real node, without the registry."""
        for number in range(1, self.spec.nodes.real + 1):
            nodes.import_image(self.spec.site(self.folder), number, archive)

    def push(self, archive: Path, repository: str, tag: str) -> str:
        """Push an image archive to the registry; returns ``registry/repository@digest``."""
        return push.push_image(archive, self.registry, repository, tag)

    def stop(self) -> None:
        """Leave nothing of it; a second time is fine."""
        teardown.stop(self.folder, self.spec)

    def _process(self, component: str) -> processes.Process:
        found = processes.recorded(self.folder.processes)
        if component not in found:
            hint = "components: " + ", ".join(sorted(found))
            raise KubeboxProblem(f"{self.spec.name} should have {component}.", found="it has not", hint=hint)
        return found[component]


def start(
    name: str,
    *,
    nodes: Nodes | None = None,
    flags: Mapping[str, Sequence[str]] | None = None,
    tell: toolchain.Say = toolchain.say,
) -> Cluster:
    """Build if necessary, and start a cluster; `flags` are more flags by component (kube-apiserver, ...).

    What is left of an earlier cluster of this name is removed first, when its starter died or nothing of it runs.

    Raises:
        KubeboxProblem: when it runs already, or cannot be started; nothing of it is left then but its logs.
    """
    if not NAME.fullmatch(name):
        raise KubeboxProblem("A cluster's name is made of a-z, 0-9 and -.", found=repr(name))
    folder = layout.Folder(layout.state_home() / name)
    earlier = spec.read(folder)
    if earlier:
        runs = earlier.ready and any(Cluster(folder, earlier).components().values())
        if runs or earlier.being_started():
            raise _taken(name)
        teardown.stop(folder, earlier)
    programs = toolchain.programs(tell)
    granted, bridged = startup.granted(nodes or Nodes(), tell)
    addresses = slots.claim(folder.root, bridged=bridged)
    wanted = spec.Spec(
        name=name,
        slot=addresses.slot,
        bridged=bridged,
        nodes=granted,
        programs=str(programs.folder),
        flags={component: list(more) for component, more in (flags or {}).items()},
    )
    return _bring_up(folder, spec.started_by_us(wanted), tell)


def _taken(name: str) -> KubeboxProblem:
    return KubeboxProblem(
        f"A new cluster needs a name of its own: {name} is taken.",
        found="it was started before",
        hint=f"`python -m tools.kubebox stop --name {name}` ends it",
    )


def _bring_up(folder: layout.Folder, wanted: spec.Spec, tell: toolchain.Say) -> Cluster:
    folder.make()
    try:
        spec.create(folder, wanted)
    except FileExistsError as error:
        raise _taken(wanted.name) from error
    try:
        startup.Startup(wanted, folder, tell).go()
    except BaseException:
        _keep_logs(folder, tell)
        teardown.stop(folder, wanted)
        raise
    ready = dataclasses.replace(wanted, ready=True)
    spec.write(folder, ready)
    return Cluster(folder, ready)


def _keep_logs(folder: layout.Folder, tell: toolchain.Say) -> None:
    kept = layout.cache_home() / "failed" / folder.root.name
    kept.mkdir(parents=True, exist_ok=True)
    for log in folder.logs.glob("*.log"):
        (kept / log.name).write_bytes(log.read_bytes())
    tell(f"kubebox: the start failed; its logs are in {kept}")


def find(name: str) -> Cluster:
    """A cluster that was started before.

    Raises:
        KubeboxProblem: when there is none of this name.
    """
    folder = layout.Folder(layout.state_home() / name)
    written = spec.read(folder)
    if written is None:
        known = ", ".join(cluster.name for cluster in clusters()) or "none"
        raise KubeboxProblem(f"There should be a cluster {name}.", found=f"clusters: {known}")
    return Cluster(folder, written)


def clusters() -> list[Cluster]:
    """All clusters of this user, also half-started ones."""
    home = layout.state_home()
    found = [layout.Folder(path) for path in sorted(home.iterdir())] if home.is_dir() else []
    return [Cluster(folder, written) for folder in found if (written := spec.read(folder))]
