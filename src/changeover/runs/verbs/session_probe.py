"""A session of the run's own: started as a user would, left to write, stopped, and its receipt proven.

Behind the closed gate it passes because its pod carries the run's name in a label that the gate's policy knows; the
application puts it there when the start request carries the header.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.plan.steps import Step
from changeover.ports import Json
from changeover.release.profile import SessionProbe, Sessions
from changeover.runs.health import kstatus
from changeover.runs.health.causes import POD
from changeover.runs.scene import Scene
from changeover.runs.sessions import judge
from changeover.runs.verbs import stopping
from changeover.runs.verbs.addresses import address_of
from changeover.runs.verbs.stopping import PROBE_LABEL
from changeover.settings import RECEIPT_FINALIZER

POLL = 0.5
WRITES_SECONDS = 3.0
HEADER = "X-Changeover-Probe"


class SessionProbeFailed(Problem):
    """A session could not be started, stopped and proven."""

    reference = "session-probe-failed"


async def run(step: Step, scene: Scene, wanted: SessionProbe) -> Mapping[str, Json]:
    """Start, write, stop, prove."""
    contract = scene.subject.profile.sessions
    if contract is None:
        return {"skipped": "the profile has no sessions"}
    name = scene.notes(step.id).get("session") or await _start(step, scene, wanted)
    pod = await _running(step, scene, contract, str(name))
    if pod is None:
        return {"session": str(name), **_noted_proof(step, scene)}
    await scene.clock.sleep(WRITES_SECONDS)
    await stopping.arm(step, scene, pod)
    await stopping.stop(step, scene, pod, contract)
    return await _proven(step, scene, contract, pod)


async def _start(step: Step, scene: Scene, wanted: SessionProbe) -> str:
    headers = {
        HEADER: scene.subject.run,
        "Content-Type": "application/json",
        "Idempotency-Key": f"{scene.subject.run}/{step.id}",
    }
    while True:
        address = await address_of(scene, wanted.service, wanted.port)
        body = json.dumps({"owner": "changeover", "probe": scene.subject.run}).encode()
        answer = await scene.http.request("POST", address + wanted.start_path, headers=headers, body=body)
        if answer.status in (200, 201, 202):
            name = str(json.loads(answer.body)["id"])
            await scene.note(step, "session", name)
            return name
        scene.progress(step, f"a session cannot be started yet: {answer.status} {answer.error or answer.body[:120]!r}")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)


async def _running(step: Step, scene: Scene, contract: Sessions, name: str) -> KubeObject | None:
    """The session once it runs; None when a process before us proved it, let it go, and was cut off there."""
    while True:
        found = await _find(scene, contract, name)
        if found is None and _noted_proof(step, scene):
            return None
        if found is not None and (found.terminating or kstatus.judge(found).current):
            return found
        scene.progress(step, f"waiting until session {name} runs")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)


def _noted_proof(step: Step, scene: Scene) -> Mapping[str, Json]:
    noted: Mapping[str, Json] = scene.notes(step.id).get("proof") or {}
    return noted


async def _find(scene: Scene, contract: Sessions, name: str) -> KubeObject | None:
    selector = f"{contract.selector},{PROBE_LABEL}={scene.subject.run}"
    pods = await scene.cluster.list(POD, namespace=scene.subject.namespace, selector=selector)
    return next(
        (pod for pod in pods if name in (pod.name, pod.labels.get(contract.id_label))), pods[0] if pods else None
    )


async def _proven(step: Step, scene: Scene, contract: Sessions, pod: KubeObject) -> Mapping[str, Json]:
    about = {"name": pod.name, "id": pod.labels.get(contract.id_label, "")}
    while True:
        live = await scene.cluster.get(pod.ref)
        if live is None or live.uid != pod.uid:
            if noted := _noted_proof(step, scene):
                return {"session": pod.name, **noted}
            raise SessionProbeFailed(
                f"{pod.name} must be stopped and proven saved.", found="it vanished without a receipt"
            )
        judged = judge(live, contract, had_receipt=False)
        if judged.outcome == "proven":
            judged = await stopping.ask_the_store(scene, contract, about, judged)
        if judged.outcome == "proven":
            await scene.note(step, "proof", {"bytes": judged.bytes, "sha256": judged.sha256})
        if judged.outcome != "waiting":
            await _let_go(scene, live)
        if judged.outcome == "unproven":
            raise SessionProbeFailed(f"{pod.name} must be stopped and proven saved.", found=judged.reason)
        scene.progress(step, f"session {pod.name}: {judged.reason or 'saved'}")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)


async def _let_go(scene: Scene, pod: KubeObject) -> None:
    if RECEIPT_FINALIZER in pod.finalizers:
        place = pod.finalizers.index(RECEIPT_FINALIZER)
        test = {"op": "test", "path": f"/metadata/finalizers/{place}", "value": RECEIPT_FINALIZER}
        await scene.cluster.patch(pod.ref, [test, {"op": "remove", "path": f"/metadata/finalizers/{place}"}])
