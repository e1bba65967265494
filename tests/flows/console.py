"""`changeover admin-console` as a process."""

import re
import socket
import subprocess
import sys
from pathlib import Path

from tests.flows.commands import ROOT, Commands


class Console:
    """`changeover admin-console` as a process, and the password that it printed."""

    def __init__(self, changeover: Commands, folder: Path) -> None:
        self._changeover = changeover
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.password = ""
        self.log = folder / "console.log"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        words = ["-m", "changeover", "--kubeconfig", str(self._changeover.kubeconfig)]
        words += ["-n", self._changeover.namespace]
        command = [sys.executable, *words, "admin-console", "--port", str(self.port)]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout
        while line := self.process.stdout.readline():
            found = re.search(r"password (\S+)", line)
            self.password = found[1] if found else self.password
            if self.url in line and self.password:
                break
            if found:
                break
        assert line, self.log.read_text()

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.communicate()
