"""PROBE and SOAK: whether the application is right, from the user's side.

A probe is tried until it holds or its deadline passes; then the last answer is the reason. While soaking, a probe may
fail a few times in a row before the step does: people work again, and one lost packet is no reason to ask them to stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from changeover.errors import Problem
from changeover.objects import Kind, KubeObject, Ref
from changeover.plan.steps import Step
from changeover.ports import Answer, Json
from changeover.release.profile import HttpProbe, JobProbe, Probe, PromProbe
from changeover.runs.health import kstatus
from changeover.runs.scene import Scene
from changeover.runs.verbs import session_probe
from changeover.runs.verbs.addresses import NoAddress, address_of
from changeover.runs.verbs.stopping import PROBE_LABEL
from changeover.settings import RUN_LABEL, STEP_ANNOTATION

JOB = Kind("batch/v1", "Job")
POLL = 1.0
FAILURES_IN_A_ROW = 3
PROBE_HEADER = "X-Changeover-Probe"
"""Names the run; an application may let it pass its maintenance page."""


class ProbeFailed(Problem):
    """The application does not answer as the profile says it must."""

    reference = "probe-failed"


async def probe(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Try until it holds; the step's deadline ends it."""
    chosen = Probe.model_validate(step.arguments["probe"])
    version = str(step.arguments.get("version", ""))
    if chosen.session:
        return await session_probe.run(step, scene, chosen.session)
    if chosen.job:
        return await _job(step, scene, chosen.name, chosen.job)
    tries = 0
    while True:
        tries += 1
        wrong = await _wrong(scene, chosen, version)
        if not wrong:
            return {"tries": tries}
        scene.progress(step, wrong)
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)


async def soak(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Watch for a while."""
    chosen = [Probe.model_validate(one) for one in step.arguments["probes"]]
    version = str(step.arguments.get("version", ""))
    seconds = float(step.arguments["seconds"])
    began = scene.clock.monotonic()
    in_a_row = dict.fromkeys((one.name for one in chosen), 0)
    asked = failed = 0
    while (gone := scene.clock.monotonic() - began) < seconds:
        for one in chosen:
            asked += 1
            wrong = await _wrong(scene, one, version)
            in_a_row[one.name] = in_a_row[one.name] + 1 if wrong else 0
            failed += bool(wrong)
            if in_a_row[one.name] >= FAILURES_IN_A_ROW:
                raise ProbeFailed(
                    f"{one.name} must hold while people work again.",
                    found=f"{wrong}, {FAILURES_IN_A_ROW} times in a row",
                    hint="the gate is open: decide whether to finish or to go back",
                )
        scene.progress(step, f"{failed} of {asked} probes failed", done=int(gone), total=int(seconds))
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)
    return {"probes": asked, "failed": failed}


async def _wrong(scene: Scene, chosen: Probe, version: str) -> str:
    """What is wrong with an HTTP or PromQL probe now, in words; empty when it holds."""
    if chosen.http:
        return await _http(scene, chosen.http, version)
    return await _prometheus(scene, chosen.prometheus) if chosen.prometheus else ""


async def _http(scene: Scene, wanted: HttpProbe, version: str) -> str:
    try:
        address = await address_of(scene, wanted.service, wanted.port)
    except NoAddress as problem:
        return problem.found or problem.message
    headers = {PROBE_HEADER: scene.subject.run}
    answer = await scene.http.request(wanted.method, address + wanted.path, headers=headers)
    if answer.status != wanted.status:
        return f"{wanted.method} {wanted.path}: {_said(answer)} instead of {wanted.status}"
    text = wanted.contains.replace("{version}", version)
    if text and text.encode() not in answer.body:
        return f"{wanted.method} {wanted.path} does not contain {text}"
    return ""


def _said(answer: Answer) -> str:
    return str(answer.status) if answer.status else f"no answer ({answer.error})"


async def _prometheus(scene: Scene, wanted: PromProbe) -> str:
    if not wanted.address:
        return ""
    url = f"{wanted.address.rstrip('/')}/api/v1/query?query={quote(wanted.query)}"
    answer = await scene.http.request("GET", url)
    if answer.status != 200:
        return f"Prometheus: {_said(answer)}"
    return "" if b'"result":[]' not in answer.body else f"{wanted.query} gives nothing"


async def _job(step: Step, scene: Scene, name: str, wanted: JobProbe) -> Mapping[str, Json]:
    ref = Ref(JOB, scene.subject.namespace, f"{scene.subject.run}-probe-{name}"[:63])
    live = await scene.cluster.get(ref)
    if live is None:
        await scene.checkpoint(step)
        live = await scene.cluster.create(_job_object(ref, scene, step, wanted))
    while not (health := kstatus.judge(live)).current:
        if health.failed:
            raise ProbeFailed(
                f"The probe {name} must succeed.", found=health.message, hint="its log is in the evidence"
            )
        scene.progress(step, f"{ref}: {health.message}")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)
        live = await scene.cluster.get(ref) or live
    await scene.cluster.delete(ref, uid=live.uid)
    return {"job": ref.name}


def _job_object(ref: Ref, scene: Scene, step: Step, wanted: JobProbe) -> KubeObject:
    labels = {RUN_LABEL: scene.subject.run, PROBE_LABEL: scene.subject.run}
    return KubeObject(
        {
            "apiVersion": JOB.api_version,
            "kind": JOB.name,
            "metadata": {
                "name": ref.name,
                "namespace": ref.namespace,
                "labels": labels,
                "annotations": {STEP_ANNOTATION: step.id},
            },
            "spec": {
                "backoffLimit": 0,
                "activeDeadlineSeconds": wanted.timeout_seconds,
                "template": {"metadata": {"labels": labels}, "spec": {"restartPolicy": "Never", **wanted.pod}},
            },
        }
    )
