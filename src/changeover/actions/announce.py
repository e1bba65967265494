"""Tell others what becomes of a run: Events on its objects, and the operator's webhook. Never fails a run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from changeover.objects import KubeObject
from changeover.runs.happenings import Happening, Tell
from changeover.runs.scene import Subject

What = Literal["started", "failed", "held", "finished", "gate-still-closed"]


class Events(Protocol):
    """Writes Kubernetes Events."""

    async def emit(self, about: KubeObject, reason: str, note: str, *, warning: bool = False) -> bool:
        """Say something about an object; False when it could not be written."""
        ...


class Webhook(Protocol):
    """The operator's address."""

    def tell(self, what: What, about: Mapping[str, Any]) -> None:
        """Queue one message."""
        ...

    async def close(self, *, within: float = 10.0) -> None:
        """Deliver what waits, then stop."""
        ...


class Announcer:
    """Passes happenings on to whoever listens, and those that matter to Events and the webhook."""

    def __init__(
        self, subject: Subject, about: tuple[KubeObject, ...], *, events: Events, webhook: Webhook | None
    ) -> None:
        self._subject = subject
        self._about = about
        self._events = events
        self._webhook = webhook
        self._tasks: set[asyncio.Task[bool]] = set()

    def listening(self, tell: Tell) -> Tell:
        """A `tell` that does both."""

        def both(happening: Happening) -> None:
            tell(happening)
            self._hear(happening)

        return both

    def _hear(self, happening: Happening) -> None:
        plan = self._subject.plan
        versions = f"from {plan.from_version or 'nothing'} to {plan.to_version}"
        change = f"{plan.kind} of {self._subject.installation} {versions}"
        if happening.event == "opened":
            self._say("started", "Started", f"{change} by strategy {plan.strategy}")
        elif happening.event == "turned":
            self._say("failed", "GoingBack", f"{change} goes back: {happening.text}", warning=True)
        elif happening.event == "asked":
            question = happening.data.get("question") or {}
            self._say("held", "Held", f"{change} waits for a person: {question.get('text', '')}", warning=True)
            if question.get("gates"):
                self._say("gate-still-closed", "GateStillClosed", "the gate stays closed meanwhile", warning=True)
        elif happening.event == "ended":
            self._say("finished", "Finished", f"{change}: {happening.text}", warning=happening.text != "committed")

    def _say(self, what: What, reason: str, text: str, *, warning: bool = False) -> None:
        subject = self._subject
        if self._webhook is not None:
            about = {"run": subject.run, "installation": subject.installation, "namespace": subject.namespace}
            self._webhook.tell(what, {**about, "text": text, "plan": subject.plan.digest})
        for obj in self._about:
            task = asyncio.get_running_loop().create_task(self._events.emit(obj, reason, text, warning=warning))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give what is under way a last chance."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=5)
        if self._webhook is not None:
            await self._webhook.close()
