"""What a cluster was asked to be, written down before the first thing of it is made: `stop` works from this alone."""

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from . import layout, processes, toolchain
from .controlplane import Site
from .objects import Nodes


@dataclass(frozen=True, slots=True)
class Spec:
    """The file cluster.json; `starter` and `starter_since` name the process that starts it, until `ready`."""

    name: str
    slot: int
    bridged: bool
    nodes: Nodes
    programs: str
    flags: dict[str, list[str]] = field(default_factory=dict)
    starter: int = 0
    starter_since: int = 0
    ready: bool = False

    @property
    def addresses(self) -> layout.Addresses:
        """The addresses of its slot."""
        return layout.Addresses(self.slot, self.bridged)

    def site(self, folder: layout.Folder) -> Site:
        """What the components need to know."""
        return Site(self.name, folder, self.addresses, toolchain.Programs(Path(self.programs)))

    def being_started(self) -> bool:
        """Whether its starter is still at work."""
        return not self.ready and self.starter > 0 and processes.start_time(self.starter) == self.starter_since


def write(folder: layout.Folder, spec: Spec) -> None:
    """Replace cluster.json."""
    processes.write_whole(folder.spec, json.dumps(dataclasses.asdict(spec), indent=1))


def create(folder: layout.Folder, spec: Spec) -> None:
    """Write cluster.json for the first time.

    Raises:
        FileExistsError: when somebody else just did.
    """
    complete = folder.spec.with_name(f"{folder.spec.name}.{spec.starter}")
    complete.write_text(json.dumps(dataclasses.asdict(spec), indent=1))
    try:
        folder.spec.hardlink_to(complete)
    finally:
        complete.unlink()


def read(folder: layout.Folder) -> Spec | None:
    """The written spec, None when there is none."""
    try:
        fields = json.loads(folder.spec.read_text())
    except FileNotFoundError:
        return None
    return Spec(**{**fields, "nodes": Nodes(**fields["nodes"])})


def started_by_us(spec: Spec) -> Spec:
    """The spec with this process as its starter."""
    own = os.getpid()
    return dataclasses.replace(spec, starter=own, starter_since=processes.start_time(own) or 0)
