"""Workbench with real pods: containers that write, a proxy behind a LoadBalancer, backups of volumes on a node."""

import json
from typing import Self

from tests.flows.commands import until
from tests.flows.workbench import Workbench
from tools import workbench_images
from workbench.releases.__main__ import build
from workbench.releases.objects import Options


class RealWorkbench(Workbench):
    """One installation in one namespace of a cluster with real nodes."""

    def __enter__(self) -> Self:
        build(self.channel, Options(image=workbench_images.build_and_push(self.cluster)))
        return self

    @property
    def url(self) -> str:
        """Where its users reach it."""
        service = json.loads(self.changeover.kubectl("get", "service", "proxy", "-o", "json"))
        return f"http://{service['status']['loadBalancer']['ingress'][0]['ip']}"

    def people(self, count: int, storage: str = "node") -> list[str]:
        """So many people start to work; returns the names of their sessions once all run and have written a line."""
        words = ("--url", self.url, "--count", str(count), "--ledger", str(self.ledger), "--storage", storage)
        self._python("workbench.app", "starter", *words)
        names = [json.loads(line)["name"] for line in self.ledger.read_text().splitlines()][-count:]
        until(lambda: set(names) <= self._running(), seconds=180)
        return names

    def _running(self) -> set[str]:
        listed = self.changeover.ask("sessions", "list")
        return {one["name"] for one in listed if one["state"] == "running"}
