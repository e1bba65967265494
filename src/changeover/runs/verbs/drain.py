"""DRAIN: save and stop every session, with proof, some at a time.

* who is to be drained is written into the journal before anybody is stopped; whoever starts late is drained too
* each session gets our finalizer before it is told to stop, so that its pod, and with it the receipt, cannot vanish
  unseen; the finalizer goes only after the receipt (or a person's waiver) is in the journal
* one list of pods a look, however many sessions; journal writes are shared by all that settled in the same look
* sessions that cannot be proven do not stop the others; at the end they hold the run, by name
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from changeover.objects import KubeObject
from changeover.plan.steps import Step
from changeover.ports import Json
from changeover.release.profile import Sessions
from changeover.runs.health.causes import POD
from changeover.runs.holding import Hold
from changeover.runs.scene import Scene
from changeover.runs.sessions import Judgement, judge
from changeover.runs.verbs import nodes, releasing, stopping
from changeover.runs.verbs.stopping import PROBE_LABEL
from changeover.settings import PARALLEL, RECEIPT_FINALIZER

POLL = 1.0
CHUNK = 100
"""Sessions per record of who is to be drained."""
SETTLED = ("proven", "waived")


@dataclass(slots=True)
class _Drain:
    """What one look knows; everything that must survive is in the journal."""

    step: Step
    scene: Scene
    contract: Sessions
    began: float
    stopped_at: dict[str, float] = field(default_factory=dict)
    pods: dict[str, KubeObject] = field(default_factory=dict)

    def note_of(self, name: str) -> Mapping[str, Json]:
        found: Mapping[str, Json] = self.scene.notes(self.step.id).get(f"session:{name}", {})
        return found

    def known(self) -> dict[str, Mapping[str, Json]]:
        """Everybody who is or was to be drained, by name."""
        notes = self.scene.notes(self.step.id)
        return {one["name"]: one for key, listed in notes.items() if key.startswith("found:") for one in listed}

    def is_settled(self, name: str) -> bool:
        return self.note_of(name).get("outcome") in SETTLED

    def is_stopped(self, name: str) -> bool:
        return f"stop:{name}" in self.scene.notes(self.step.id)


async def drain(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Drain until nobody is left; holds when somebody cannot be proven."""
    if step.arguments.get("release"):
        return await releasing.release(step, scene)
    contract = Sessions.model_validate(step.arguments["sessions"])
    work = _Drain(step, scene, contract, scene.clock.monotonic())
    try:
        await _look(work)
        await _tell_again(work)
        while True:
            await _look(work)
            await _settle(work)
            await _stop_some(work)
            if _is_over(work):
                break
            _say(work)
            await scene.checkpoint(step)
            await scene.clock.sleep(POLL)
        _hold_for_the_unproven(work)
    finally:
        await nodes.release(step, scene)
    notes = [work.note_of(name) for name in work.known()]
    counts = Counter(str(note.get("outcome")) for note in notes)
    return {"sessions": len(notes), "bytes": sum(int(note.get("bytes") or 0) for note in notes), **counts}


async def _look(work: _Drain) -> None:
    scene = work.scene
    listed = await scene.cluster.list(POD, namespace=scene.subject.namespace, selector=work.contract.selector)
    work.pods = {pod.name: pod for pod in listed if PROBE_LABEL not in pod.labels}
    known = work.known()
    fresh = [_found(pod, work.contract) for name, pod in sorted(work.pods.items()) if name not in known]
    start = sum(key.startswith("found:") for key in scene.notes(work.step.id))
    chunks = [fresh[at : at + CHUNK] for at in range(0, len(fresh), CHUNK)]
    await scene.note_many(work.step, {f"found:{start + at:04d}": chunk for at, chunk in enumerate(chunks)})


def _found(pod: KubeObject, contract: Sessions) -> dict[str, Json]:
    receipt = contract.receipt.annotation if contract.receipt else ""
    return {
        "name": pod.name,
        "uid": pod.uid,
        "owner": pod.labels.get(contract.owner_label, "") if contract.owner_label else "",
        "id": pod.labels.get(contract.id_label, "") if contract.id_label else "",
        "node": pod.get("spec", "nodeName", default=""),
        "hadReceipt": bool(receipt and receipt in pod.annotations),
    }


async def _settle(work: _Drain) -> None:
    """Judge everybody who was told to stop; write the outcomes; only then let go of the pods."""
    outcomes: dict[str, Json] = {}
    freed: list[KubeObject] = []
    for name, about in work.known().items():
        pod = work.pods.get(name)
        if work.is_settled(name):
            if pod is not None and RECEIPT_FINALIZER in pod.finalizers:
                freed.append(pod)
            continue
        outcome = await _outcome(work, name, about, pod)
        if outcome is None:
            continue
        note = {**about, **outcome}
        if note != work.note_of(name):
            outcomes[f"session:{name}"] = note
        if outcome["outcome"] in SETTLED and pod is not None:
            freed.append(pod)
    await work.scene.note_many(work.step, outcomes)
    await _each(freed, lambda pod: _let_go(work, pod))


async def _outcome(
    work: _Drain, name: str, about: Mapping[str, Json], pod: KubeObject | None
) -> dict[str, Json] | None:
    if work.note_of(name).get("outcome") == "unproven" and await work.scene.waived(name):
        return {**_without_outcome(work.note_of(name)), "outcome": "waived"}
    if pod is None or pod.uid != about["uid"]:
        reason = "its pod vanished before a receipt was seen" if work.is_stopped(name) else "it ended by itself, unseen"
        return {"outcome": "unproven", "reason": reason}
    if not (pod.terminating or work.is_stopped(name)):
        return None
    judged = judge(pod, work.contract, had_receipt=bool(about.get("hadReceipt")))
    if judged.outcome == "proven":
        judged = await stopping.ask_the_store(work.scene, work.contract, about, judged)
    if judged.outcome == "waiting":
        waited = work.scene.clock.monotonic() - work.stopped_at.setdefault(name, work.began)
        if waited < work.contract.timeout_seconds:
            return None
        return {"outcome": "unproven", "reason": f"not saved within {work.contract.timeout_seconds} s: {judged.reason}"}
    return _as_note(judged)


def _without_outcome(note: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in note.items() if key != "outcome"}


def _as_note(judged: Judgement) -> dict[str, Json]:
    return {
        "outcome": judged.outcome,
        "reason": judged.reason,
        "bytes": judged.bytes,
        "sha256": judged.sha256,
        "finishedAt": judged.finished_at,
    }


async def _let_go(work: _Drain, pod: KubeObject) -> None:
    if RECEIPT_FINALIZER in pod.finalizers:
        await releasing.let_go(work.step, work.scene, pod)


async def _stop_some(work: _Drain) -> None:
    """Tell as many to stop as may stop at a time, in all and on each node."""
    waiting = [name for name in work.known() if work.is_stopped(name) and _is_open(work, name)]
    on_node = Counter(str(work.known()[name].get("node", "")) for name in waiting)
    room = work.contract.concurrency - len(waiting)
    chosen: list[KubeObject] = []
    for name, about in work.known().items():
        pod = work.pods.get(name)
        if len(chosen) >= room or pod is None or work.is_stopped(name) or work.is_settled(name):
            continue
        node = str(about.get("node", ""))
        if on_node[node] < work.contract.concurrency_per_node:
            on_node[node] += 1
            chosen.append(pod)
    if not chosen:
        return
    await nodes.protect(work.step, work.scene, sorted({str(pod.get("spec", "nodeName", default="")) for pod in chosen}))
    await _each(chosen, lambda pod: stopping.arm(work.step, work.scene, pod))
    at = work.scene.clock.now().isoformat(timespec="seconds")
    await work.scene.note_many(work.step, {f"stop:{pod.name}": at for pod in chosen})
    for pod in chosen:
        work.stopped_at[pod.name] = work.scene.clock.monotonic()
    await _each(chosen, lambda pod: stopping.stop(work.step, work.scene, pod, work.contract))


async def _tell_again(work: _Drain) -> None:
    """Whoever was to be told to stop when an earlier process died may not have heard it; twice is harmless."""
    deaf = [pod for name, pod in work.pods.items() if work.is_stopped(name) and _is_open(work, name)]
    deaf = [pod for pod in deaf if not pod.terminating]
    await _each(deaf, lambda pod: stopping.arm(work.step, work.scene, pod))
    await _each(deaf, lambda pod: stopping.stop(work.step, work.scene, pod, work.contract))


def _is_open(work: _Drain, name: str) -> bool:
    """Whether a session was told to stop and nothing final is known of it."""
    return not work.is_settled(name) and work.note_of(name).get("outcome") != "unproven"


def _is_over(work: _Drain) -> bool:
    unsettled = [name for name in work.known() if _is_open(work, name)]
    return not unsettled and not any(_is_leaving(work, pod) for pod in work.pods.values())


def _is_leaving(work: _Drain, pod: KubeObject) -> bool:
    """Whether a settled session's pod will be gone soon; a waived one may hang for ever, and is not waited for."""
    if work.note_of(pod.name).get("outcome") == "waived":
        return RECEIPT_FINALIZER in pod.finalizers
    return work.is_settled(pod.name)


def _hold_for_the_unproven(work: _Drain) -> None:
    known = work.known()
    left = [work.note_of(name) for name in known if work.note_of(name).get("outcome") == "unproven"]
    if not left:
        return
    raise Hold(
        f"{len(left)} of {len(known)} sessions could not be proven saved. Nothing was changed; the gate is closed.",
        choices=("waive", "back", "again"),
        subjects=[
            {"name": one["name"], "owner": one.get("owner", ""), "reason": one.get("reason", "")} for one in left
        ],
        hint="waive each by name with a reason, or go back and open the gate",
    )


def _say(work: _Drain) -> None:
    known = work.known()
    settled = sum(work.is_settled(name) for name in known)
    stopping_now = [name for name in known if work.is_stopped(name) and _is_open(work, name)]
    bad = sum(work.note_of(name).get("outcome") == "unproven" for name in known)
    text = f"{len(stopping_now)} are saving" + (f" ({stopping_now[0]} longest)" if stopping_now else "")
    work.scene.progress(work.step, text + (f", {bad} not proven" if bad else ""), done=settled, total=len(known))


async def _each(pods: Sequence[KubeObject], do: Any) -> None:
    slots = asyncio.Semaphore(PARALLEL)

    async def one(pod: KubeObject) -> None:
        async with slots:
            await do(pod)

    await asyncio.gather(*(one(pod) for pod in pods))
