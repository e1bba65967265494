"""A session: one numbered line at a time, so that a lost or truncated backup is provable; at the end its final line.

``log.txt`` is ``00000001 …`` to ``0000000n …``, then ``final n``.
"""

import io
import signal
import tarfile
import threading
import time
from pathlib import Path


class Log:
    """The file that a session writes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "log.txt"
        folder.mkdir(parents=True, exist_ok=True)
        self.count = sum(1 for _ in self.path.open()) if self.path.exists() else 0

    def line(self) -> None:
        """One more line, on disk."""
        self.count += 1
        self._write(f"{self.count:08d} {time.time():.3f}\n")

    def final(self) -> str:
        """The last line; nothing is written after it."""
        text = f"final {self.count}"
        self._write(text + "\n")
        return text

    def _write(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)


def work(folder: Path, interval: float) -> None:
    """Write until SIGTERM."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    log = Log(folder)
    while not stop.wait(interval):
        log.line()
    log.final()


def packed(folder: Path) -> bytes:
    """The session's folder as tar.gz, the same bytes for the same content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        for path in sorted(folder.rglob("*")):
            archive.add(path, str(path.relative_to(folder)))
    return buffer.getvalue()


def last_line(content: bytes) -> str:
    """The last line of the log in a packed session; empty when there is none."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        file = archive.extractfile("log.txt")
        lines = file.read().decode().splitlines() if file else []
    return lines[-1] if lines else ""
