"""What a run tells, told on: as Kubernetes Events, metrics and webhook calls. Never waits, never fails a run.

* ``opened`` and ``taken`` -> started; ``failed`` of a step -> failed; ``asked`` -> held; ``ended`` -> finished
* a run that ends or is held behind a closed gate says so once more by itself: gate-still-closed
* steps are known by their ids, as strategies name them: close-gate, open-gate, back-up/NAME; back/... on the way back
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from changeover.kube.events import Events
from changeover.kube.metrics import Metrics
from changeover.kube.webhook import Webhook, What
from changeover.objects import KubeObject
from changeover.ports import Clock

REASONS: dict[str, tuple[What, str, bool]] = {
    "opened": ("started", "Started", False),
    "taken": ("started", "Resumed", False),
    "failed": ("failed", "StepFailed", True),
    "asked": ("held", "Held", True),
    "ended": ("finished", "Ended", False),
}
STILL_CLOSED: What = "gate-still-closed"


class Heard(Protocol):
    """One thing that a run tells (`runs.happenings.Happening`)."""

    event: str
    at: str
    step: str
    text: str


@dataclass(frozen=True, slots=True)
class Ways:
    """Where to tell it; the webhook only when the Installation names one."""

    events: Events
    metrics: Metrics
    webhook: Webhook | None = None


class Notices:
    """Of one run; `tell` is given every happening, `close` once at the end."""

    def __init__(self, installation: KubeObject, run: KubeObject, *, ways: Ways, clock: Clock) -> None:
        self._installation = installation
        self._run = run
        self._ways = ways
        self._clock = clock
        self._closed = False
        self._tasks: set[asyncio.Task[bool]] = set()

    def tell(self, heard: Heard) -> None:
        """Tell on what is worth it; returns at once."""
        self._gate(heard)
        self._phase(heard)
        if heard.event not in REASONS:
            return
        what, reason, warning = REASONS[heard.event]
        text = f"{heard.step}: {heard.text}" if heard.step else heard.text
        self._send(what, reason, text or self._run.name, warning=warning)
        if heard.event in ("asked", "ended") and self._closed:
            text = f"{self._run.name} has stopped, and the gate is closed: no session can start."
            self._send(STILL_CLOSED, "GateStillClosed", text, warning=True)

    async def close(self) -> None:
        """Give what is on its way a moment."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5.0)
        if self._ways.webhook:
            await self._ways.webhook.close()

    def _send(self, what: What, reason: str, text: str, *, warning: bool) -> None:
        for about in (self._installation, self._run):
            task = asyncio.get_running_loop().create_task(
                self._ways.events.emit(about, reason, f"{self._run.name}: {text}", warning=warning)
            )
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if self._ways.webhook:
            self._ways.webhook.tell(what, {**self._names(), "text": text, "at": self._clock.now().isoformat()})

    def _names(self) -> dict[str, Any]:
        spec = self._run.get("spec", default={})
        return {
            "installation": self._installation.name,
            "namespace": self._installation.namespace,
            "run": self._run.name,
            "kind": spec.get("kind", ""),
            "fromVersion": spec.get("fromVersion", ""),
            "toVersion": spec.get("toVersion", ""),
        }

    def _gate(self, heard: Heard) -> None:
        if heard.event == "begun" and _plain(heard.step) == "close-gate":
            self._closed = True
            self._ways.metrics.gate(*self._where(), _time(heard.at) or self._clock.now())
        elif heard.event == "done" and _plain(heard.step) == "open-gate":
            self._closed = False
            self._ways.metrics.gate(*self._where(), None)

    def _phase(self, heard: Heard) -> None:
        if heard.event == "begun":
            self._ways.metrics.run_phase(*self._where(), _plain(heard.step).partition("/")[0])
        elif heard.event == "ended":
            self._ways.metrics.run_phase(*self._where(), "")
        elif heard.event == "done" and heard.step.startswith("back-up/"):
            self._ways.metrics.backed_up(*self._where(), _time(heard.at) or self._clock.now())

    def _where(self) -> tuple[str, str]:
        return self._installation.namespace, self._installation.name


def _plain(step: str) -> str:
    return step.removeprefix("back/")


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
