"""What goes on beside the steps: the lease is renewed, requests are heard, the summary is published.

Once a second at most. Trouble here never fails a step: a lease that cannot be renewed runs out by itself, and the
checks before each mutation see that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from changeover.objects import API_VERSION, Kind, Ref
from changeover.plan.steps import Verb
from changeover.ports import ClusterProblem, Fenced, Lease
from changeover.runs import summary
from changeover.runs.ledger import Ledger
from changeover.runs.stage import Stage
from changeover.settings import LEASE_SECONDS, REQUEST_ANNOTATION

CHANGEOVER = Kind(API_VERSION, "Changeover")
BEAT = 1.0
RENEW = LEASE_SECONDS / 4
LOOKING = frozenset({Verb.PROBE, Verb.SOAK, Verb.WAIT_READY, Verb.ANNOUNCE})


class Heartbeat:
    """One per execution."""

    def __init__(self, stage: Stage, *, ledger: Ledger, lease: Lease) -> None:
        self._stage = stage
        self._ledger = ledger
        self._lease = lease
        self._ref = Ref(CHANGEOVER, stage.subject.namespace, stage.subject.run)
        self._published: dict[str, Any] = {}
        self._heard: set[str] = set()
        self._listened = -BEAT
        self._renewed = stage.clock.monotonic()

    async def run(self) -> None:
        """Beat until cancelled or fenced."""
        while self._stage.fenced is None:
            await self._stage.clock.sleep(BEAT)
            try:
                await self._renew()
                if self._ledger.state.records:
                    await self.listen()
                    await self.publish()
            except Fenced as fenced:
                self._stage.fenced = fenced
            except ClusterProblem:
                continue

    async def _renew(self) -> None:
        now = self._stage.clock.monotonic()
        if now - self._renewed >= RENEW:
            await self._lease.renew()
            self._renewed = now

    async def listen(self) -> None:
        """Read what a person asks of the run, once a second at most, and write it into the journal, once."""
        if self._stage.clock.monotonic() - self._listened < BEAT:
            return
        self._listened = self._stage.clock.monotonic()
        try:
            live = await self._stage.cluster.get(self._ref)
        except Fenced:
            raise
        except ClusterProblem:
            return
        text = live.annotations.get(REQUEST_ANNOTATION, "") if live else ""
        request = _parsed(text)
        if not request or str(request["id"]) in self._heard:
            return
        self._heard.add(str(request["id"]))
        if not self._was_heard(str(request["id"])):
            await self._ledger.write(*self._records(request))

    def _was_heard(self, name: str) -> bool:
        return name in self._ledger.state.requests

    def _records(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        state = self._ledger.state
        heard: dict[str, Any] = {"event": "heard", "request": dict(request)}
        because = f"{request.get('by') or 'Somebody'} asked to go back. {request.get('reason') or ''}".strip()
        if request["do"] == "pause":
            return [heard, {"event": "paused"}]
        if request["do"] == "resume":
            return [heard, {"event": "resumed"}]
        if request["do"] == "abort":
            if state.question is not None:
                return [heard, *self._answer({**request, "choice": "back"}, because)]
            return [heard, {"event": "aborted", "because": because}, {"event": "resumed"}]
        if request["do"] == "answer" and _is_offered(request, state.question):
            return [heard, *self._answer(request, because)]
        return [heard]

    def _answer(self, request: Mapping[str, Any], because: str) -> list[dict[str, Any]]:
        state = self._ledger.state
        answered: dict[str, Any] = {"event": "answered", "answer": dict(request)}
        if request.get("choice") == "finish":
            data = {"acceptedBy": request.get("by", ""), "reason": request.get("reason", "")}
            accepted = [step for step in state.failed if self._only_looks(step)]
            return [answered, *({"event": "done", "step": step, "data": data} for step in accepted)]
        if request.get("choice") in ("back", "restore"):
            return [answered, {"event": "turned", "because": because}]
        return [answered]

    def _only_looks(self, name: str) -> bool:
        """Whether a step may be accepted as failed: it changes nothing. What changes something is tried again."""
        steps = self._stage.subject.plan.steps
        return any(step.id == name and step.verb in LOOKING for step in (*steps.forward, *steps.back))

    async def publish(self) -> None:
        """Write the summary into the Changeover's status, when it differs from what was written last."""
        plan, state = self._stage.subject.plan, self._ledger.state
        status = summary.summary(plan, state, holder=self._lease.holder, waiting_for=self._stage.waiting_for)
        if status == self._published:
            return
        await self._stage.cluster.patch(self._ref, {"status": status}, subresource="status")
        self._published = status


def _is_offered(request: Mapping[str, Any], question: Mapping[str, Any] | None) -> bool:
    """Whether the answer is one of those that the open question offers; a waiver needs names and a reason."""
    if question is None or request.get("choice") not in question.get("choices", ()):
        return False
    return request["choice"] != "waive" or bool(request.get("subjects") and request.get("reason"))


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        request = json.loads(text) if text else {}
    except ValueError:
        return {}
    return request if isinstance(request, dict) and {"id", "do"} <= request.keys() else {}
