"""Ending a cluster: from its written spec alone, any number of times, whatever has died before.

Processes go first, by pid: those recorded, those that carry the cluster's mark, those in its nodes' cgroups and those
in their mounts. With the last of them go the namespaces and everything inside: mounts, cables, nft tables, addresses.
Then what lives outside namespaces: bridge, routes, cgroups, files, slot.
"""

import os
import shutil
import signal
import time

from . import layout, network, nodes, processes, slots
from .problem import KubeboxProblem
from .spec import Spec

WITHIN = 20.0  # seconds
LOOKS = 2  # without a find, one after the other: in the instant of becoming another program a process shows no mark


def stop(folder: layout.Folder, spec: Spec) -> None:
    """Leave nothing of the cluster.

    Raises:
        KubeboxProblem: when a process or cgroup would not go.
    """
    owned = slots.owns(spec.slot, folder.root)  # after a first stop the slot may be another cluster's
    cgroups = [spec.addresses.cgroup(number) for number in range(1, spec.nodes.real + 1)] if owned else []
    _end_processes(folder, spec, cgroups)
    if spec.bridged and owned:
        network.disconnect(spec.addresses)
    _remove_cgroups(cgroups)
    _remove_files(folder)
    slots.release(spec.slot, folder.root)


def _remove_files(folder: layout.Folder) -> None:
    """The written spec goes last: until then a stop that was cut short can be repeated."""
    for _ in range(50):  # an overlay's folders may be busy for a moment after its namespace went
        if not folder.root.exists():
            return
        inside = [path for path in folder.root.iterdir() if path != folder.spec]
        for path in inside:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        if not any(path.exists() for path in inside):
            shutil.rmtree(folder.root, ignore_errors=True)
        else:
            time.sleep(0.1)
    if folder.root.exists():
        raise KubeboxProblem(f"The folder {folder.root} must go.", found="something in it cannot be removed")


def alive(folder: layout.Folder, cgroups: list[str]) -> set[int]:
    """Every process of the cluster."""
    found = {process.pid for process in processes.recorded(folder.processes).values() if process.alive()}
    found |= set(processes.marked(folder.root)) | set(processes.holding(folder.root))
    for cgroup in cgroups:
        found |= nodes.pids_in(cgroup)
    return found - {os.getpid()}


def _end_processes(folder: layout.Folder, spec: Spec, cgroups: list[str]) -> None:
    if spec.being_started() and spec.starter != os.getpid():
        processes.end(spec.starter, signal.SIGKILL)
    deadline = time.monotonic() + WITHIN
    looks = 0
    while looks < LOOKS:
        pids = alive(folder, cgroups)
        looks = 0 if pids else looks + 1
        for pid in pids:
            processes.end(pid)
        time.sleep(0.02)
        for pid in pids:
            processes.reap(pid)
        if time.monotonic() > deadline:
            raise KubeboxProblem("All processes of the cluster must end.", found=f"still there: {sorted(pids)}")


def _remove_cgroups(cgroups: list[str]) -> None:
    stuck: list[str] = []
    for _ in range(100):
        stuck = [folder for cgroup in cgroups for folder in nodes.remove_cgroups(cgroup)]
        if not stuck:
            return
        time.sleep(0.05)
    raise KubeboxProblem("The cluster's cgroups must go.", found=" ".join(stuck[:5]))
