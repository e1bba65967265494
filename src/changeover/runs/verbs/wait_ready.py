"""WAIT-READY: every named object is Current (kstatus) and every informer ready, and it stays so for a while.

* what is awaited is said with its first cause: an image that cannot be pulled, a crash, no room, a denial
* an image that cannot be pulled, or a Job that failed, fails the step after a short grace: waiting cannot help
* objects are looked at kind by kind, one list per kind and look
* Jobs that shall go once they succeeded (``kots.io/hook-delete-policy``) are deleted then; those that shall go when
  they failed are deleted when the step gives up, their log in the journal
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from changeover.errors import Problem
from changeover.objects import Kind, KubeObject, Ref
from changeover.plan.steps import Step
from changeover.ports import Busy, Json, Unreachable
from changeover.render.ordering import HOOK_DELETE
from changeover.runs.health import causes, informers, jsonpath, kstatus
from changeover.runs.health.causes import POD, Cause
from changeover.runs.scene import Scene
from changeover.runs.verbs.installing import logs

ENDPOINTS, SERVICE = Kind("v1", "Endpoints"), Kind("v1", "Service")
POLL = 1.0
BLIND = 5
"""Looks in a row that may fail for want of an answer."""
GRACE_SECONDS = 45.0
"""How long a cause that waiting cannot cure may stand before the step fails."""


class NotReady(Problem):
    """What was applied does not become healthy, for a cause that waiting cannot cure."""

    reference = "not-ready"


async def wait_ready(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Wait until all is healthy and stays so."""
    refs = _refs(step, scene)
    since: float | None = None
    hopeless: dict[str, float] = {}
    hold = float(step.arguments.get("holdSeconds", 0))
    blind, total = 0, len(refs) + len(step.arguments.get("informers", ()))
    while True:
        try:
            waiting = await _waited_for(step, scene, refs)
        except (Unreachable, Busy):
            blind += 1  # one look that failed says nothing about health; many in a row do
            if blind >= BLIND:
                raise
            await scene.checkpoint(step)
            await scene.clock.sleep(POLL)
            continue
        blind = 0
        now = scene.clock.monotonic()
        if not waiting:
            since = now if since is None else since
            if now - since >= hold:
                await _remove_finished(step, scene, refs)
                return {"objects": len(refs)}
            scene.progress(step, f"healthy for {now - since:.0f} of {hold:.0f} s", done=total, total=total)
        else:
            since = None
            cause = await _explain(scene, waiting)
            scene.progress(step, _said(waiting, cause), done=total - len(waiting), total=total)
            try:
                _give_up(waiting, cause, hopeless, now)
            except NotReady:
                await _remove_failed(step, scene, waiting)
                raise
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)


async def _remove_finished(step: Step, scene: Scene, refs: Sequence[Ref]) -> None:
    jobs = [ref for ref in refs if ref.kind.name == "Job"]
    for live in (await _look(scene, jobs)).values() if jobs else ():
        wanted = "hook-succeeded" in live.annotations.get(HOOK_DELETE, "").split(",")
        if wanted and live.ref in jobs and int(live.get("status", "succeeded", default=0) or 0) > 0:
            await scene.checkpoint(step)
            await scene.cluster.delete(live.ref, uid=live.uid)


async def _remove_failed(step: Step, scene: Scene, waiting: Sequence[Waiting]) -> None:
    jobs = [live for _, _, live, failed in waiting if failed and live is not None and live.kind == "Job"]
    going = [job for job in jobs if "hook-failed" in job.annotations.get(HOOK_DELETE, "").split(",")]
    if going:
        texts = [await logs.whole(scene.cluster, job) for job in going]
        await scene.note(step, "log", logs.masking_for(scene.subject.new).text("\n".join(texts)))
    for job in going:
        await scene.checkpoint(step)
        await scene.cluster.delete(job.ref, uid=job.uid)


Waiting = tuple[str, str, KubeObject | None, bool]
"""(object, why, live, failed for good)"""


def _refs(step: Step, scene: Scene) -> list[Ref]:
    keys = set(step.arguments.get("objects", ()))
    subject = scene.subject
    found: dict[str, Ref] = {}
    for revision in (subject.new, subject.old):
        for obj in revision.objects if revision else ():
            if obj.ref.key in keys:
                found.setdefault(obj.ref.key, obj.ref)
    return list(found.values())


async def _waited_for(step: Step, scene: Scene, refs: Sequence[Ref]) -> list[Waiting]:
    live = await _look(scene, refs)
    return _waiting(step, refs, live) + await _informers(step, scene)


async def _look(scene: Scene, refs: Sequence[Ref]) -> dict[str, KubeObject]:
    groups = {(ref.kind, ref.namespace) for ref in refs}
    listed = await asyncio.gather(*(scene.cluster.list(kind, namespace=namespace) for kind, namespace in groups))
    return {obj.ref.key: obj for group in listed for obj in group}


def _waiting(step: Step, refs: Sequence[Ref], live: Mapping[str, KubeObject]) -> list[Waiting]:
    found: list[Waiting] = []
    for ref in refs:
        obj = live.get(ref.key)
        if obj is None:
            if ref.kind.name != "Job":  # a finished Job may be gone by its TTL; the journal knows that it was applied
                found.append((str(ref), "is not there", None, False))
            continue
        unmet = _unmet(step, obj)
        if unmet is not None:
            found.append(unmet)
    return found


def _unmet(step: Step, obj: KubeObject) -> Waiting | None:
    for path, value in step.arguments.get("conditions", ()):
        if path != "ready":
            seen = jsonpath.text(obj.raw, path)
            if seen != value:
                return (str(obj.ref), f"{path} is {seen or 'not there'}, waiting for {value}", obj, False)
    health = kstatus.judge(obj)
    return None if health.current else (str(obj.ref), health.message, obj, health.failed)


async def _informers(step: Step, scene: Scene) -> list[Waiting]:
    found: list[Waiting] = []
    for text in step.arguments.get("informers", ()):
        informer = informers.parse(text)
        if informer is None or informer.kind is None:
            continue
        ref = Ref(informer.kind, informer.namespace or scene.subject.namespace, informer.name)
        obj = await scene.cluster.get(ref)
        state = informers.State.MISSING if obj is None else await _state(scene, obj)
        if state is not informers.State.READY:
            found.append((text, f"its informer says {state.value}", obj, False))
    return found


async def _state(scene: Scene, obj: KubeObject) -> informers.State:
    if obj.kind == "Deployment":
        return informers.deployment(obj)
    if obj.kind in ("StatefulSet", "DaemonSet"):
        pods = await scene.cluster.list(POD, namespace=obj.namespace)
        return informers.stateful_set(obj, pods) if obj.kind == "StatefulSet" else informers.daemon_set(obj, pods)
    if obj.kind == "PersistentVolumeClaim":
        return informers.claim(obj)
    endpoints = await scene.cluster.list(ENDPOINTS, namespace=obj.namespace)
    if obj.kind == "Service":
        return informers.service(obj, endpoints)
    services = await scene.cluster.list(SERVICE, namespace=obj.namespace)
    return informers.ingress(obj, services, endpoints) or informers.State.MISSING


async def _explain(scene: Scene, waiting: Iterable[Waiting]) -> Cause | None:
    owners = [obj for _, _, obj, _ in waiting if obj is not None]
    namespaces = {obj.namespace for obj in owners if obj.namespace}
    listed = await asyncio.gather(*(scene.cluster.list(POD, namespace=namespace) for namespace in namespaces))
    return causes.first(owners, [pod for group in listed for pod in group])


def _said(waiting: Sequence[Waiting], cause: Cause | None) -> str:
    name, why, _, _ = waiting[0]
    others = f", and {len(waiting) - 1} more" if len(waiting) > 1 else ""
    return f"{name} {why}{others}" + (f": {cause.text}" if cause else "")


def _give_up(waiting: Sequence[Waiting], cause: Cause | None, hopeless: dict[str, float], now: float) -> None:
    reasons = {name: f"{name} {why}" for name, why, _, failed in waiting if failed}
    if cause and cause.hopeless:
        reasons[cause.about] = cause.text
    for about in hopeless.keys() - reasons.keys():
        del hopeless[about]
    for about, reason in reasons.items():
        if now - hopeless.setdefault(about, now) >= GRACE_SECONDS:
            raise NotReady(
                "What was applied must become healthy.",
                found=reason,
                hint="waiting longer cannot help; logs and events are in the evidence",
            )
