"""Workbench on simulated nodes: installed by the product, acted for by one host process, judged by its oracles."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Self

from tests.flows.commands import ROOT, Commands, until
from tools import kubebox
from workbench.releases.__main__ import build
from workbench.releases.objects import Options

QUICK = ("--announce", "0", "--soak", "0", "--hold", "0.5")
"""Waits that are there for people, as short as they can be."""


class Workbench:
    """One installation in one namespace."""

    def __init__(self, cluster: kubebox.Cluster, commands: Commands, folder: Path) -> None:
        self.cluster = cluster
        self.changeover = commands
        self.folder = folder
        self.channel = folder / "channel"
        self.ledger = folder / "ledger.json"
        self._runner: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        build(self.channel, Options(simulated=True, nodes="changeover.dev/node=simulated"))
        words = ["--kubeconfig", str(self.changeover.kubeconfig), "--namespace", self.changeover.namespace]
        words += ["--root", str(self.folder / "host"), "--volumes", str(self.cluster.volumes)]
        command = [sys.executable, "-m", "workbench.app", "hostrunner", *words]
        with (self.folder / "host.log").open("w") as log:
            self._runner = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        return self

    def __exit__(self, *_: object) -> None:
        if self._runner:
            self._runner.terminate()
            self._runner.wait(timeout=60)

    def install(self, version: str, profile: str = "workbench", **environment: str) -> None:
        """Install it from its channel."""
        words = ("--version", version, "--name", "workbench", "--profile", profile)
        kept = ("--backup-to", str(self.folder / "backups"), "--yes", *QUICK)
        self.changeover.run("install", str(self.channel), *words, *kept, **environment)

    @property
    def url(self) -> str:
        """Where its users reach it."""
        annotations = json.loads(self.changeover.kubectl("get", "service", "proxy", "-o", "json"))["metadata"]
        return str(annotations["annotations"]["changeover.dev/address"])

    def people(self, count: int, storage: str = "node") -> list[str]:
        """So many people start to work; returns the names of their sessions once all run and have written a line."""
        words = ("--url", self.url, "--count", str(count), "--ledger", str(self.ledger), "--storage", storage)
        self._python("workbench.app", "starter", *words)
        names = [json.loads(line)["name"] for line in self.ledger.read_text().splitlines()][-count:]
        until(lambda: all((self.folder / "host" / "sessions" / name / "log.txt").exists() for name in names))
        return names

    def faults(self, **switches: str) -> None:
        """Switch faults of the application on: names of sessions, or ``*``."""
        words = [f"--from-literal={name}={value}" for name, value in switches.items()]
        self.changeover.kubectl("create", "configmap", "wb-faults", *words)

    def record(self) -> None:
        """The oracle of data writes down what there is."""
        self._data("record")

    def nothing_lost(self, reported: list[str] | None = None) -> dict[str, int]:
        """Both oracles say so; returns how many sessions are saved, reported or still run."""
        told = self.folder / "reported.json"
        told.write_text(json.dumps(reported or []))
        words = ("--url", self.url, "--ledger", str(self.ledger), "--reported", str(told))
        judged = json.loads(self._python("workbench.oracles", "sessions", *words))
        self._data("compare")
        counts: dict[str, int] = judged["counts"]
        return counts

    def whole_at(self, version: str) -> None:
        """Every object is of this version and as it should be, all is open, and nothing of a run is left behind."""
        status = self.changeover.ask("status", "--drift")
        seen = {key: status[key] for key in ("runs", "healthy", "gate_closed_by", "run", "drift")}
        assert seen == {"runs": version, "healthy": True, "gate_closed_by": "", "run": "", "drift": []}
        assert {"state": "pass", "subject": "leftovers", "text": "none"} in self.changeover.ask("doctor", expect=None)
        with urllib.request.urlopen(self.url + "/", timeout=10) as front:
            assert front.status == 200

    def generations(self) -> dict[str, int]:
        """How often each workload's specification was changed since it was made."""
        found = self.changeover.objects("deployments,statefulsets,daemonsets,cronjobs")
        return {f"{one['kind']}/{one['metadata']['name']}": one["metadata"].get("generation", 0) for one in found}

    def end_lease(self) -> None:
        """What a person may do who knows that the process is dead: its lease need not run out."""
        patch = '{"spec":{"holderIdentity":""}}'
        self.changeover.kubectl("patch", "lease", "changeover-workbench", "--type=merge", "-p", patch)

    def _data(self, do: str) -> None:
        words = ["--url", self.url, "--kubeconfig", str(self.changeover.kubeconfig)]
        words += ["--namespace", self.changeover.namespace, "--file", str(self.folder / "data.json")]
        self._python("workbench.oracles", "data", do, *words)

    def _python(self, *words: str) -> str:
        command = [sys.executable, "-m", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180)
        assert done.returncode == 0, f"{words[:3]}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout
