"""The undo of a drain: nothing of ours stays on any session, and nobody who was told to stop goes unreported.

* a session that was not told to stop is let go at once, and goes on
* one that was told to stop is still being saved by its application: its outcome is awaited and written down first, but
  no longer than the contract allows
* what cannot be proven is written down by name, and holds nothing: the run goes back anyway
"""

from __future__ import annotations

from collections.abc import Mapping

from changeover.objects import KubeObject
from changeover.plan.steps import Step
from changeover.ports import Conflict, Json, Refused
from changeover.release.profile import Sessions
from changeover.runs.health.causes import POD
from changeover.runs.scene import Scene
from changeover.runs.sessions import Judgement, judge
from changeover.settings import RECEIPT_FINALIZER

POLL = 1.0
SETTLED = ("proven", "waived", "unproven")


async def release(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Let every session go that an earlier drain of this run holds."""
    contract = Sessions.model_validate(step.arguments["sessions"])
    of = str(step.arguments["release"])
    began = scene.clock.monotonic()
    released = 0
    while True:
        listed = await scene.cluster.list(POD, namespace=scene.subject.namespace, selector=contract.selector)
        held = [pod for pod in listed if RECEIPT_FINALIZER in pod.finalizers]
        if not held:
            return {"released": released}
        is_late = scene.clock.monotonic() - began >= contract.timeout_seconds
        outcomes = {pod.name: _outcome(pod, scene, contract, of=of, is_late=is_late) for pod in held}
        notes = {f"session:{name}": note for name, note in outcomes.items() if note}
        await scene.note_many(step, notes)
        for pod in held:
            if outcomes[pod.name] is not None:
                await let_go(step, scene, pod)
                released += 1
        left = sum(note is None for note in outcomes.values())
        scene.progress(step, f"{left} sessions are still saving", done=released, total=released + left)
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)


def _outcome(pod: KubeObject, scene: Scene, contract: Sessions, *, of: str, is_late: bool) -> dict[str, Json] | None:
    """What is written about a session before it is let go: nothing for one that goes on, None while it is saving."""
    notes = scene.notes(of)
    if not (pod.terminating or f"stop:{pod.name}" in notes):
        return {}
    known = notes.get(f"session:{pod.name}", {})
    if known.get("outcome") in SETTLED:
        return {}
    about = _found(notes, pod.name)
    judged = judge(pod, contract, had_receipt=bool(about.get("hadReceipt")))
    if judged.outcome == "waiting":
        if not is_late:
            return None
        judged = Judgement("unproven", f"not saved within {contract.timeout_seconds} s: {judged.reason}")
    return {
        "name": pod.name,
        "owner": about.get("owner", ""),
        "outcome": judged.outcome,
        "reason": judged.reason,
        "bytes": judged.bytes,
        "sha256": judged.sha256,
        "finishedAt": judged.finished_at,
    }


def _found(notes: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """What the drain wrote about a session when it first saw it."""
    listed = [one for key, some in notes.items() if key.startswith("found:") for one in some]
    found: Mapping[str, Json] = next((one for one in listed if one["name"] == name), {})
    return found


async def let_go(step: Step, scene: Scene, pod: KubeObject) -> None:
    """Take our finalizer away; a conflict means that somebody else changed the pod: the next look tries again."""
    place = pod.finalizers.index(RECEIPT_FINALIZER)
    patch = [
        {"op": "test", "path": f"/metadata/finalizers/{place}", "value": RECEIPT_FINALIZER},
        {"op": "remove", "path": f"/metadata/finalizers/{place}"},
    ]
    await scene.checkpoint(step)
    try:
        await scene.cluster.patch(pod.ref, patch)
    except (Conflict, Refused) as moved:
        if isinstance(moved, Refused) and moved.status not in (404, 422):
            raise
