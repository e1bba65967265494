"""The demo: the main job, on a real Kubernetes that it starts, with the reference application.

It runs the product's own commands, shows each of them, and ends with what happened, in numbers. Without a terminal, or
with --hands-free, it asks nothing. Exit code 0 only if every step ended as announced and both oracles are green.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools import kubebox, workbench_images

NAMESPACE = "workbench"
FIRST, SECOND, BROKEN = "2022.09.2", "2022.10.2", "2022.12.1"
SESSIONS = 8
BOLD, DIM, GREEN, RED, PLAIN = "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m"


class DemoFailed(Exception):
    """A step of the demo did not end as announced."""


@dataclass
class Demo:
    """One demo: its cluster, its channel, its figures."""

    out: Path
    hands_free: bool
    kubeconfig: Path
    registry: str
    simulated: bool
    figures: dict[str, Any] = field(default_factory=dict)

    def changeover(self, *words: str, expect: int = 0, quiet: bool = False) -> str:
        """Run one of the product's commands, shown as a person would type it."""
        if not quiet:
            print(f"\n{DIM}$ changeover -n {NAMESPACE} {shlex.join(words)}{PLAIN}", flush=True)
        command = [sys.executable, "-m", "changeover", "--kubeconfig", str(self.kubeconfig), "-n", NAMESPACE, *words]
        done = subprocess.run(command, stdout=subprocess.PIPE if quiet else None, text=True, check=False)
        if done.returncode != expect:
            raise DemoFailed(f"changeover {words[0]} should end with {expect}, not {done.returncode}")
        return done.stdout or ""

    def asked(self, *words: str) -> tuple[str, ...]:
        """The words with --yes where nobody is there to be asked."""
        return (*words, "--yes") if self.hands_free else words


def chapter(number: int, title: str) -> None:
    """A heading."""
    print(f"\n{BOLD}{number}. {title}{PLAIN}", flush=True)
