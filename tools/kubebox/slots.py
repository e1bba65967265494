"""Claiming a slot: the small number from which a cluster derives its addresses, ports and interface names.

A slot is a file that names its cluster's folder. It is free again when that folder is gone, or has had no cluster in it
for a while (its starter died at once). A slot whose network or ports are used by somebody else is passed over.
"""

import fcntl
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import layout
from .problem import KubeboxProblem

GRACE = 60.0  # seconds between claiming a slot and writing down the cluster, at most


@contextmanager
def _locked() -> Iterator[Path]:
    home = layout.slot_home()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield home


def claim(folder: Path, *, bridged: bool) -> layout.Addresses:
    """Take the lowest free slot for the cluster in this folder.

    Raises:
        KubeboxProblem: when all slots are in use.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked() as home:
        for slot in range(layout.SLOTS):
            claimed = home / str(slot)
            if _taken(claimed, by_others_than=folder):
                continue
            addresses = layout.Addresses(slot, bridged)
            if _network_in_use(addresses) or _port_in_use(addresses):
                continue
            claimed.write_text(str(folder))
            return addresses
    raise KubeboxProblem(
        "A cluster needs a free slot.",
        found=f"all {layout.SLOTS} are in use",
        hint="`python -m tools.kubebox list` shows the clusters, `stop --all` ends them",
    )


def _taken(claimed: Path, *, by_others_than: Path) -> bool:
    if not claimed.exists():
        return False
    owner = Path(claimed.read_text())
    young = time.time() - claimed.stat().st_mtime < GRACE
    return owner.exists() and owner != by_others_than and (young or (owner / "cluster.json").exists())


def owns(slot: int, folder: Path) -> bool:
    """Whether the slot is this cluster's: nobody may touch another's network and cgroups."""
    with _locked() as home:
        claimed = home / str(slot)
        return claimed.exists() and claimed.read_text() == str(folder)


def release(slot: int, folder: Path) -> None:
    """Give a slot back; somebody else's stays."""
    with _locked() as home:
        claimed = home / str(slot)
        if claimed.exists() and claimed.read_text() == str(folder):
            claimed.unlink()


def _network_in_use(addresses: layout.Addresses) -> bool:
    if not addresses.bridged:
        return False
    prefix = bytes(int(part) for part in addresses.at(0, 0).split(".")[:2])
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        destination = bytes.fromhex(line.split()[1])[::-1]
        if destination[:2] == prefix:
            return True
    return False


def _port_in_use(addresses: layout.Addresses) -> bool:
    if addresses.bridged:  # the address will be new, and so are its ports
        return False
    for port in addresses.ports.all():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((addresses.host, port))
            except OSError:
                return True
    return False
