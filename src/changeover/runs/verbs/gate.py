"""CLOSE-GATE and OPEN-GATE: no new sessions while the run goes on.

* closing: the application's own switch (a ConfigMap that says until when), and a ConfigMap that the admission policy
  reads; what the switch said before is in the journal, so that opening restores exactly that
* with the switch goes the page that the application's users see meanwhile, where the profile says that it shows one
* proven closed: ten session-like pods, one every half second, refused in a dry run *by our policy*; another refusal
  (a quota, a missing right) proves nothing
* without the policy only the application's own switch holds; the plan said so, and the journal says so again
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from changeover.errors import Problem
from changeover.objects import Kind, KubeObject, Ref
from changeover.plan.steps import Step
from changeover.ports import Json, Refused
from changeover.release.profile import Sessions, Switch
from changeover.runs.scene import Scene
from changeover.runs.verbs import maintenance
from changeover.settings import GATE_POLICY, RUN_LABEL

CONFIG_MAP = Kind("v1", "ConfigMap")
PROOFS = 10
BETWEEN_SECONDS = 0.5


class GateOpen(Problem):
    """The gate was closed, but session starts are not refused."""

    reference = "gate-open"


class GateTaken(Problem):
    """The gate of this namespace is closed by somebody else."""

    reference = "gate-taken"


async def close_gate(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Close both gates and prove it."""
    contract = Sessions.model_validate(step.arguments["sessions"])
    await _switch_on(step, scene, contract)
    if not step.arguments.get("policy"):
        return {"policy": False, "proof": "the application's own switch only; there is no admission policy"}
    await _create(step, scene, contract)
    refused = await _prove(step, scene, contract)
    return {"policy": True, "refused": refused, "proof": f"{refused} of {refused} attempts to start a session refused"}


async def open_gate(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Restore the switch and delete the ConfigMap, when they are this run's; or only the switch, for the probes."""
    contract = Sessions.model_validate(step.arguments["sessions"])
    if step.arguments.get("part") == "switch":
        await _switch_back(step, scene, contract)
        return {"switched": scene.clock.now().isoformat(timespec="milliseconds")}
    ref = Ref(CONFIG_MAP, scene.subject.namespace, GATE_POLICY)
    await scene.checkpoint(step)
    live = await scene.cluster.get(ref)
    if live is not None and live.get("data", "run", default="") == scene.subject.run:
        await scene.cluster.delete(ref, uid=live.uid)
    await _switch_back(step, scene, contract)
    return {"opened": scene.clock.now().isoformat(timespec="milliseconds")}


async def _create(step: Step, scene: Scene, contract: Sessions) -> None:
    ref = Ref(CONFIG_MAP, scene.subject.namespace, GATE_POLICY)
    live = await scene.cluster.get(ref)
    by = str(live.get("data", "run", default="")) if live else ""
    if live is not None and by not in ("", scene.subject.run):
        raise GateTaken(
            f"The gate of {ref.namespace} must be this run's to close.",
            found=f"closed by {by}",
            hint="`changeover sessions open` opens it, when that run has ended",
        )
    await scene.checkpoint(step)
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": ref.name, "namespace": ref.namespace, "labels": {RUN_LABEL: scene.subject.run}},
        "data": {
            "selector": contract.selector,
            "message": str(step.arguments.get("message") or contract.gate.message),
            "run": scene.subject.run,
            "installation": scene.subject.installation,
        },
    }
    await scene.cluster.apply(KubeObject(body))


async def _prove(step: Step, scene: Scene, contract: Sessions) -> int:
    refused = 0
    while refused < PROOFS:
        await scene.checkpoint(step)
        passed = await passes(scene, contract.selector)
        refused = 0 if passed else refused + 1
        scene.progress(step, "session starts are being refused", done=refused, total=PROOFS)
        await scene.clock.sleep(BETWEEN_SECONDS)
    return refused


async def passes(scene: Scene, selector: str) -> bool:
    """Whether a session could be started now: a dry run of one."""
    labels = dict(pair.split("=", 1) for pair in selector.split(",") if "=" in pair)
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "changeover-gate-proof", "namespace": scene.subject.namespace, "labels": labels},
        "spec": {"containers": [{"name": "proof", "image": "proof"}], "automountServiceAccountToken": False},
    }
    try:
        await scene.cluster.create(KubeObject(body), dry_run=True)
    except Refused as refused:
        if GATE_POLICY in (refused.found or "") or GATE_POLICY in refused.message:
            return False
        raise GateOpen(
            "A session's start must be refused by the gate's policy.",
            found=refused.found or refused.message,
            hint="another refusal proves nothing: it may go away by itself",
        ) from refused
    return True


async def _switch_on(step: Step, scene: Scene, contract: Sessions) -> None:
    switch = contract.gate.switch
    if switch is None:
        return
    ref = Ref(CONFIG_MAP, scene.subject.namespace, switch.config_map)
    live = await scene.cluster.get(ref)
    if "switch" not in scene.notes(step.id):
        now = scene.clock.now()
        until = (now + timedelta(hours=switch.hours)).isoformat(timespec="seconds")
        had = dict(live.get("data", default={})) if live else {}
        before = {"existed": live is not None, "value": had.get(switch.key), "page": had.get(switch.page_key)}
        await scene.note_many(step, {"switch": before, "until": until, "since": now.isoformat(timespec="seconds")})
    until = _until(str(scene.notes(step.id).get("until", "")), scene, hours=switch.hours)
    data = {switch.key: until, **_page(step, scene, switch)}
    await scene.checkpoint(step)
    if live is None:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": ref.name, "namespace": ref.namespace}}
        await scene.cluster.create(KubeObject({**body, "data": data}))
    else:
        await scene.cluster.patch(ref, {"data": data})


def _page(step: Step, scene: Scene, switch: Switch) -> dict[str, str]:
    if not switch.page_key:
        return {}
    told = maintenance.Told(
        title=str(step.arguments.get("title") or scene.subject.installation),
        icon=str(step.arguments.get("icon", "")),
        message=str(step.arguments.get("message", "")),
        since=datetime.fromisoformat(str(scene.notes(step.id)["since"])),
        seconds=float(step.arguments.get("seconds", 0.0)),
    )
    return {switch.page_key: maintenance.page(told)}


def _until(noted: str, scene: Scene, *, hours: float) -> str:
    """What the switch was set to before, so that setting it again changes nothing; renewed when most of it is over."""
    now = scene.clock.now()
    if noted and datetime.fromisoformat(noted) > now + timedelta(hours=hours / 2):
        return noted
    return (now + timedelta(hours=hours)).isoformat(timespec="seconds")


async def _switch_back(step: Step, scene: Scene, contract: Sessions) -> None:
    switch = contract.gate.switch
    before = scene.notes(str(step.arguments.get("of", ""))).get("switch")
    if switch is None or before is None:
        return
    ref = Ref(CONFIG_MAP, scene.subject.namespace, switch.config_map)
    live = await scene.cluster.get(ref)
    if live is None:
        return
    await scene.checkpoint(step)
    if not before["existed"] and set(live.get("data", default={})) <= {switch.key, switch.page_key}:
        await scene.cluster.delete(ref, uid=live.uid)
        return
    page = {switch.page_key: before["page"]} if switch.page_key else {}
    await scene.cluster.patch(ref, {"data": {switch.key: _not_past(before["value"], scene), **page}})


def _not_past(value: Json, scene: Scene) -> Json:
    """The value as it was; a time that has passed meanwhile says the same as none."""
    try:
        over = datetime.fromisoformat(str(value)) < scene.clock.now()
    except (TypeError, ValueError):
        return value
    return None if over else value
