"""How one session is told to stop, and how its receipt is checked against the store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from changeover.errors import Problem
from changeover.objects import GROUP, KubeObject
from changeover.plan.steps import Step
from changeover.ports import Json, Refused
from changeover.release.profile import Sessions
from changeover.runs.scene import Scene
from changeover.runs.sessions import Judgement
from changeover.settings import RECEIPT_FINALIZER

PROBE_LABEL = f"{GROUP}/probe"
"""On a session that a run starts itself, behind the closed gate; its value is the run's name."""


class NotStopped(Problem):
    """A session did not take the request to stop."""

    reference = "session-not-stopped"


async def arm(step: Step, scene: Scene, pod: KubeObject) -> None:
    """Put our finalizer on a session's pod, so that it cannot vanish before its receipt was read."""
    if RECEIPT_FINALIZER in pod.finalizers or pod.terminating:
        return
    await scene.checkpoint(step)
    add: dict[str, Json] = {"op": "add", "path": "/metadata/finalizers/-", "value": RECEIPT_FINALIZER}
    if not pod.finalizers:
        add = {"op": "add", "path": "/metadata/finalizers", "value": [RECEIPT_FINALIZER]}
    try:
        await scene.cluster.patch(pod.ref, [{"op": "test", "path": "/metadata/uid", "value": pod.uid}, add])
    except Refused as refused:
        if refused.status not in (404, 422):  # gone, or being deleted meanwhile: the next look sees it
            raise


async def stop(step: Step, scene: Scene, pod: KubeObject, contract: Sessions) -> None:
    """Tell one session to stop, by the contract's method; telling it twice is harmless."""
    await scene.checkpoint(step)
    how = contract.stop
    if how.method == "delete":
        await scene.cluster.delete(pod.ref, uid=pod.uid, grace_seconds=how.grace_period_seconds)
        return
    if how.method == "exec":
        code, text = await scene.cluster.execute(pod.ref, how.command)
        if code != 0:
            raise NotStopped(f"{pod.name} must take the request to stop.", found=f"exit code {code}: {text[:200]}")
        return
    url = _filled(how.url, {"name": pod.name, "id": pod.labels.get(contract.id_label, ""), "namespace": pod.namespace})
    answer = await scene.http.request(
        "DELETE", url, headers={"Idempotency-Key": f"{scene.subject.run}/{step.id}/{pod.uid}"}
    )
    if answer.status not in (200, 202, 204, 404, 409):
        raise NotStopped(f"{pod.name} must take the request to stop.", found=f"{answer.status} {answer.error}".strip())


async def ask_the_store(scene: Scene, contract: Sessions, about: Mapping[str, Json], judged: Judgement) -> Judgement:
    """Compare a receipt with what the store really holds, where the contract has an address for it."""
    template = contract.receipt.verify_url if contract.receipt else ""
    if not template:
        return judged
    names = {"name": about["name"], "id": about.get("id", ""), "namespace": scene.subject.namespace}
    answer = await scene.http.request("GET", _filled(template, names), within=30)
    if answer.status == 0 or answer.status >= 500:
        return Judgement("waiting", f"the store does not answer: {answer.status} {answer.error}".strip())
    if answer.status != 200:
        return Judgement("unproven", f"its receipt is not true: the store answers {answer.status} for it")
    size = len(answer.body)
    digest = hashlib.sha256(answer.body).hexdigest()
    if judged.bytes != size or judged.sha256 != digest:
        return Judgement(
            "unproven",
            f"its receipt is not true: the store holds {size} bytes, sha256 {digest[:12]}…, "
            f"it says {judged.bytes} bytes, {judged.sha256[:12]}…",
        )
    return judged


def _filled(template: str, names: Mapping[str, object]) -> str:
    for name, value in names.items():
        template = template.replace(f"{{{name}}}", str(value))
    return template
