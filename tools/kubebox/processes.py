"""Starting, recognising and ending a cluster's processes.

* A process is recorded before it is spawned and again, with pid and start time, after: a pid alone may be reused.
* Every process carries the cluster's folder in its environment, and hands it on to its children. Whatever carries
  that mark belongs to the cluster, also when the starter was killed between spawn and record.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from .problem import KubeboxProblem

MARK = "KUBEBOX_CLUSTER"
INHERITED = ("HOME", "LANG", "TMPDIR")


def search_path() -> str:
    """PATH with the places of administrators' programs, which not every user's has."""
    return os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class Process:
    """One component: how it is started, and what it is now (pid 0: not started yet)."""

    name: str
    argv: tuple[str, ...]
    log: str
    pid: int = 0
    started: int = 0

    def alive(self) -> bool:
        """Whether exactly this process still runs."""
        return self.pid > 0 and start_time(self.pid) == self.started


def start_time(pid: int) -> int | None:
    """Start time of a process in clock ticks since boot, None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step."""
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(text)
    temporary.replace(path)


def record(folder: Path, process: Process) -> None:
    """Write down a process."""
    write_whole(folder / f"{process.name}.json", json.dumps(asdict(process), indent=1))


def recorded(folder: Path) -> dict[str, Process]:
    """The processes written down, by name."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        fields = json.loads(path.read_text())
        found[fields["name"]] = Process(**{**fields, "argv": tuple(fields["argv"])})
    return found


def spawn(folder: Path, process: Process, *, cluster: Path) -> Process:
    """Start a component in its own session, marked as the cluster's."""
    record(folder, process)
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment |= {MARK: str(cluster), "GOGC": "200", "PATH": search_path()}
    with Path(process.log).open("ab") as log:
        child = subprocess.Popen(
            [shutil.which(process.argv[0], path=search_path()) or process.argv[0], *process.argv[1:]],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
            cwd="/",
        )
    child.returncode = 0  # it outlives us: no warning when this object goes
    started = Process(process.name, process.argv, process.log, child.pid, start_time(child.pid) or 0)
    record(folder, started)
    return started


def marked(cluster: Path) -> Iterator[int]:
    """The pids of every process that carries the cluster's mark."""
    mark = f"{MARK}={cluster}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if mark in environment.split(b"\0") and start_time(int(entry.name)) is not None:
            yield int(entry.name)


def holding(root: Path) -> Iterator[int]:
    """The pids of every process that keeps a mount of this folder: it is inside a node.

    Also the children that made those mounts and had no time to show their mark, when the starter was killed.
    """
    needle = f"{root}/".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            mounts = (entry / "mountinfo").read_bytes()
        except OSError:
            continue
        if needle in mounts and start_time(int(entry.name)) is not None:
            yield int(entry.name)


def end(pid: int, with_signal: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal; a process that is gone already is fine."""
    try:
        os.kill(pid, with_signal)
    except ProcessLookupError:
        return


def reap(pid: int) -> None:
    """Collect a dead child, if it is ours: otherwise it stays a zombie until we end."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


def wait_until_gone(processes: list[Process], *, seconds: float) -> list[Process]:
    """Wait for processes to end; returns those that did not."""
    deadline = time.monotonic() + seconds
    while (left := [process for process in processes if process.alive()]) and time.monotonic() < deadline:
        time.sleep(0.02)
        for process in left:
            reap(process.pid)
    return left


def require_alive(process: Process) -> None:
    """Raise with the end of its log when a component died.

    Raises:
        KubeboxProblem: when it is not running.
    """
    reap(process.pid)
    if not process.alive():
        raise KubeboxProblem(
            f"{process.name} should be running.",
            found=f"it ended; its last words:\n{tail(Path(process.log))}",
            hint=f"the whole log is {process.log}",
        )
