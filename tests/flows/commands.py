"""Runs the product's commands as a person would, in processes of their own."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SECONDS = 240
"""After which a command counts as hung."""


@dataclass(frozen=True)
class Done:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    def ended(self, code: int | None) -> "Done":
        """Itself, if that is how it ended; None is any way."""
        assert code in (None, self.code), f"ended with {self.code}, not {code}\n{self.out}\n{self.err}"
        return self

    @property
    def json(self) -> Any:
        """The last JSON document of its standard output; records of the timeline come before it."""
        text, decoder, last = self.out.strip(), json.JSONDecoder(), None
        while text:
            last, end = decoder.raw_decode(text)
            text = text[end:].lstrip()
        return last


@dataclass
class Commands:
    """The command line towards one namespace; keeps all that was ever said in `said`."""

    kubeconfig: Path
    namespace: str
    said: list[str] = field(default_factory=list)

    def start(self, *words: str, program: Sequence[str] = ("changeover",), **environment: str) -> subprocess.Popen[str]:
        """Begin a command and do not wait for it."""
        command = [sys.executable, "-m", *program, "--kubeconfig", str(self.kubeconfig), "-n", self.namespace]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        own = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", **environment}
        return subprocess.Popen([*command, *words], cwd=ROOT, text=True, env=own, **pipes)  # type: ignore[call-overload,no-any-return]

    def wait(self, process: subprocess.Popen[str], seconds: float = SECONDS) -> Done:
        """Wait for a command that was begun."""
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"{process.args} hangs\n{out}\n{err}") from None
        self.said += [out, err]
        return Done(process.returncode, out, err)

    def run(self, *words: str, expect: int | None = 0, **more: Any) -> Done:
        """Run a command; `expect` is its exit code, None for any."""
        return self.wait(self.start(*words, **more)).ended(expect)

    def ask(self, *words: str, expect: int | None = 0) -> Any:
        """Run a command with ``-o json`` and return what it says."""
        return self.run("-o", "json", *words, expect=expect).json

    @property
    def kubectl_command(self) -> list[str]:
        """How kubectl is called here: this machine's, else that of our own environment."""
        program = shutil.which("kubectl") or str(Path(sys.executable).parent / "kubectl")
        return [program, "--kubeconfig", str(self.kubeconfig), "-n", self.namespace]

    def kubectl(self, *words: str, given: str = "") -> str:
        """What kubectl says; `given` is its standard input."""
        command = [*self.kubectl_command, *words]
        done = subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True, timeout=120)
        return done.stdout

    def forbidden(self, *words: str) -> str:
        """What kubectl complains of, when the API server answers 403."""
        command = [*self.kubectl_command, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode, f"it may {words}: {done.stdout}"
        assert "(Forbidden)" in done.stderr or "is forbidden" in done.stderr, done.stderr
        return done.stderr

    def objects(self, kinds: str, *words: str) -> list[dict[str, Any]]:
        """Live objects."""
        found: list[dict[str, Any]] = json.loads(self.kubectl("get", kinds, "-o", "json", *words))["items"]
        return found


def until(holds: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until it holds; returns what it returned."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)
    return found
