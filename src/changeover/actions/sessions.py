"""Sessions outside of a run: who works now, stop some with proof, close and open the gate by hand.

Stopping uses the same contract and the same act as a maintenance window, on a scene without a journal: when this
process dies, the pods keep our finalizer, and stopping again (or a run) goes on where it stopped.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from changeover.actions import following, installations, runs_of
from changeover.actions.in_accounts import changing
from changeover.actions.outside import Outside
from changeover.actions.status import CONFIG_MAP, POD
from changeover.errors import Problem
from changeover.objects import KubeObject, Ref
from changeover.plan.model import Plan
from changeover.plan.steps import Phase, Step, Steps, Verb
from changeover.ports import Cluster, Json, Volumes
from changeover.release.profile import Sessions
from changeover.render.revision import Revision
from changeover.runs.holding import Hold
from changeover.runs.scene import Subject
from changeover.runs.sessions import judge
from changeover.runs.verbs import drain, gate
from changeover.settings import GATE_POLICY


class NoSessions(Problem):
    """The application's profile names no sessions, or none of that name runs."""

    reference = "no-sessions"


@dataclass(frozen=True, slots=True)
class Session:
    """Who works now."""

    name: str
    owner: str
    node: str
    since: str
    state: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """What became of one that was stopped."""

    name: str
    owner: str
    outcome: str
    reason: str


async def every(outside: Outside, installation: str = "") -> list[Session]:
    """All sessions, oldest first."""
    contract = await _contract(outside, installation)
    pods = await outside.cluster.list(POD, namespace=outside.namespace, selector=contract.selector)
    found = [_session(pod, contract) for pod in pods]
    return sorted(found, key=lambda one: (one.since, one.name))


def _session(pod: KubeObject, contract: Sessions) -> Session:
    state = str(pod.get("status", "phase", default="Unknown")).lower()
    if pod.terminating:
        judged = judge(pod, contract, had_receipt=False)
        state = f"stopping: {judged.reason}" if judged.reason else "saved"
    return Session(
        name=pod.name,
        owner=pod.labels.get(contract.owner_label, ""),
        node=str(pod.get("spec", "nodeName", default="")),
        since=str(pod.metadata.get("creationTimestamp", "")),
        state=state,
    )


async def stop(outside: Outside, installation: str, names: Sequence[str]) -> list[Stopped]:
    """Stop the named sessions (all when none is named) and wait for the proof of each."""
    followed = await installations.find(outside, installation)
    await runs_of.refuse_second(outside, followed.name)
    contract = await _contract(outside, installation)
    solo = _Solo(changing(outside), followed, only=frozenset(names))
    known = {one.name for one in await every(outside, installation)}
    unknown = sorted(set(names) - known)
    if unknown:
        raise NoSessions(f"There is no session {', '.join(unknown)}.", hint="`changeover sessions list` names them")
    step = _step(Verb.DRAIN, contract)
    with contextlib.suppress(Hold):  # each one's outcome is told below
        await drain.drain(step, solo)
    notes = [note for key, note in solo.notes(step.id).items() if key.startswith("session:")]
    return [Stopped(one["name"], one.get("owner", ""), one["outcome"], one.get("reason", "")) for one in notes]


async def close(outside: Outside, installation: str, message: str) -> str:
    """Close the gate until somebody opens it; returns the proof in words."""
    followed = await installations.find(outside, installation)
    contract = await _contract(outside, installation)
    step = _step(Verb.CLOSE_GATE, contract)
    policy = not any(name.endswith(f"/{GATE_POLICY}") for name in await outside.definitions.missing(outside.cluster))
    step = replace(step, arguments={**step.arguments, "message": message, "policy": policy})
    return str((await gate.close_gate(step, _Solo(changing(outside), followed)))["proof"])


async def open_(outside: Outside, installation: str) -> bool:
    """Open the gate, also one that an ended run left closed; whether it was closed."""
    followed = await installations.find(outside, installation)
    contract = await _contract(outside, installation)
    live = await outside.cluster.get(Ref(CONFIG_MAP, outside.namespace, GATE_POLICY))
    by = str(live.get("data", "run", default="")) if live else ""
    run = await runs_of.under_way(outside, followed.name)
    if run is not None and by == run.name:
        await runs_of.refuse_second(outside, followed.name)
    switched = await _switch_off(outside, contract)
    if live is not None:
        await changing(outside).cluster.delete(live.ref, uid=live.uid)
    return live is not None or switched


async def _switch_off(outside: Outside, contract: Sessions) -> bool:
    switch = contract.gate.switch
    if switch is None:
        return False
    live = await outside.cluster.get(Ref(CONFIG_MAP, outside.namespace, switch.config_map))
    if live is None or not live.get("data", switch.key):
        return False
    page = {switch.page_key: None} if switch.page_key else {}
    await changing(outside).cluster.patch(live.ref, {"data": {switch.key: None, **page}})
    return True


async def _contract(outside: Outside, installation: str) -> Sessions:
    followed = await installations.find(outside, installation)
    contract = following.profile_of(followed, None).sessions
    if contract is None:
        raise NoSessions(
            f"The profile of {followed.name} names no sessions.",
            hint="install with --profile, or add sessions to the Installation's spec.profile",
        )
    return contract


def _step(verb: Verb, contract: Sessions) -> Step:
    arguments = {"sessions": contract.model_dump(mode="json", by_alias=True)}
    return Step(verb.value, verb, verb.value, Phase.DRAIN, arguments=arguments, deadline=86400)


class _Solo:
    """A scene without a journal; with `only`, other sessions are not seen."""

    def __init__(self, outside: Outside, installation: KubeObject, *, only: frozenset[str] = frozenset()) -> None:
        self.cluster: Cluster = _Chosen(outside, only)
        self.clock = outside.clock
        self.http = outside.http
        self.volumes: Volumes | None = None
        empty = Revision("", (), "")
        plan = Plan("sessions", "", "", "", "", "", (), (), Steps(()), "", "")
        self.subject = Subject(
            installation=installation.name,
            namespace=outside.namespace,
            installation_uid=installation.uid,
            run="",
            plan=plan,
            old=None,
            new=empty,
            profile=following.profile_of(installation, None),
        )
        self._notes: dict[str, dict[str, Json]] = {}

    def notes(self, step_id: str) -> Mapping[str, Json]:
        return self._notes.get(step_id, {})

    def data(self, step_id: str) -> Mapping[str, Json]:
        del step_id
        return {}

    async def note(self, step: Step, key: str, data: Json) -> None:
        self._notes.setdefault(step.id, {})[key] = data

    async def note_many(self, step: Step, entries: Mapping[str, Json]) -> None:
        self._notes.setdefault(step.id, {}).update(entries)

    async def checkpoint(self, step: Step) -> None:
        """There is nothing to check."""

    def progress(self, step: Step, text: str, *, done: int = 0, total: int = 0) -> None:
        """Nobody listens."""

    async def replan(self) -> Plan:
        return self.subject.plan

    async def waived(self, subject: str) -> bool:
        del subject
        return False


class _Chosen:
    """The cluster, with only the chosen sessions in its lists of pods."""

    def __init__(self, outside: Outside, only: frozenset[str]) -> None:
        self._cluster = outside.cluster
        self._only = only

    def __getattr__(self, name: str) -> Json:
        return getattr(self._cluster, name)

    async def list(self, kind: Json, *, namespace: str = "", selector: str = "") -> Sequence[KubeObject]:
        found = await self._cluster.list(kind, namespace=namespace, selector=selector)
        return [obj for obj in found if obj.name in self._only] if self._only and kind == POD else found
