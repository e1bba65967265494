"""Where large files lie while they are worked on, and how much room is left there.

* ``TMPDIR``, else ``/var/tmp`` (a disk, where ``/tmp`` may be memory), else what the system calls its temporary folder;
* ``CHANGEOVER_ROOM`` (``20Gi``) bounds what may lie there together: of a pod's volume the disk does not tell its limit;
* some room is always left to others.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

from changeover import quantity
from changeover.arrivals import NoRoom

ROOM = "CHANGEOVER_ROOM"
RESERVE = 512 * 1024 * 1024
"""Bytes that stay free."""


def folder() -> Path:
    """The folder for large temporary files."""
    disk = Path("/var/tmp")  # noqa: S108 - what lies there is in folders of our own
    if not os.environ.get("TMPDIR") and disk.is_dir() and os.access(disk, os.W_OK):
        return disk
    return Path(tempfile.gettempdir())


def own(place: Path) -> Path:
    """A folder that only we can look into; made when it is not there. Raises NoRoom for somebody else's."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise NoRoom(f"{place} is not ours alone.", hint="remove it, or name another folder with TMPDIR")
    return place


def free(place: Path) -> int:
    """Bytes that may still be written there; never less than 0."""
    left = shutil.disk_usage(place).free
    most = quantity.amount(os.environ.get(ROOM, ""))
    if most is not None:
        left = min(left, int(most) - _used(folder()))
    return max(left - RESERVE, 0)


def _used(place: Path) -> int:
    """What lies there, as the disk counts it: holes take no room."""
    used = 0
    for top, _, names in os.walk(place):
        for name in names:
            try:
                used += os.lstat(os.path.join(top, name)).st_blocks * 512  # noqa: PTH118 - thousands of files
            except FileNotFoundError:
                continue
    return used
