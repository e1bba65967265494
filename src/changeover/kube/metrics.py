"""Numbers for Prometheus: in which phase a run is, how long a gate has been closed, how old the last backup is.

* changeover_run_phase{namespace, installation, phase} is 1 for the phase of the run under way, and absent otherwise
* changeover_gate_closed_seconds{namespace, installation} grows while the gate is closed, and is 0 while it is open
* changeover_last_backup_age_seconds{namespace, installation} grows from the end of the last backup
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from prometheus_client import CollectorRegistry, Gauge, generate_latest, start_http_server

from changeover.ports import Clock

LABELS = ("namespace", "installation")


class Metrics:
    """A registry of its own; nothing is shared with other parts of the process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.registry = CollectorRegistry()
        self._phase = Gauge(
            "changeover_run_phase", "1 for the phase of the run under way.", (*LABELS, "phase"), registry=self.registry
        )
        self._gate = Gauge(
            "changeover_gate_closed_seconds", "For how long the gate has been closed.", LABELS, registry=self.registry
        )
        self._backup = Gauge(
            "changeover_last_backup_age_seconds", "Since the last backup.", LABELS, registry=self.registry
        )
        self._phases: dict[tuple[str, str], str] = {}

    def run_phase(self, namespace: str, installation: str, phase: str) -> None:
        """The run is in this phase now; empty: no run is under way."""
        where = (namespace, installation)
        before = self._phases.pop(where, "")
        if before:
            self._phase.remove(*where, before)
        if phase:
            self._phases[where] = phase
            self._phase.labels(*where, phase).set(1)

    def gate(self, namespace: str, installation: str, closed_since: datetime | None) -> None:
        """The gate has been closed since then; None: it is open."""
        gauge = self._gate.labels(namespace, installation)
        gauge.set_function(partial(self._age, closed_since) if closed_since else _zero)

    def backed_up(self, namespace: str, installation: str, at: datetime) -> None:
        """A backup was finished."""
        self._backup.labels(namespace, installation).set_function(partial(self._age, at))

    def text(self) -> str:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry).decode()

    def serve(self, port: int, *, address: str = "127.0.0.1") -> Callable[[], None]:
        """Answer GET /metrics in a thread; returns what stops it."""
        server, thread = start_http_server(port, addr=address, registry=self.registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return stop

    def _age(self, since: datetime) -> float:
        return max(0.0, (self._clock.now() - since).total_seconds())


def _zero() -> float:
    return 0.0
