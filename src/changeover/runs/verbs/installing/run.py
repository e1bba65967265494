"""RUN-INSTALLER: run a Job that installs the application itself, alone, and see to its outcome.

* alone: another installer that is at work is waited for; on the way back it is ended when it has had its time
* its log is followed while it runs and kept when it has ended: its time-to-live is raised until then and given back
  afterwards, so that a Job with ttl 0 is read before it vanishes
* the outcome is its exit and Helm's own record: a release that is failed or pending fails the step, whatever the exit
* what it lists is compared with before: a claim that is gone or was made again fails the step; workloads on the list
  must become healthy
* an earlier attempt is deleted and the Job made again, also when a person says `again` after a failure; nothing is ever
  uninstalled
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from changeover.errors import Problem
from changeover.objects import Kind, KubeObject
from changeover.plan import installers
from changeover.plan.steps import Step
from changeover.ports import Json
from changeover.runs.health import kstatus
from changeover.runs.holding import Aborted, Overdue
from changeover.runs.scene import Scene
from changeover.runs.state import AGAIN
from changeover.runs.verbs import time_to_live
from changeover.runs.verbs.installing import helm_record, listed, logs
from changeover.runs.verbs.installing.listed import Seen
from changeover.runs.verbs.manifests import dressed
from changeover.settings import STEP_ANNOTATION

JOB = Kind("batch/v1", "Job")
POLL = 1.0
_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
_NAMED = 20


class InstallerFailed(Problem):
    """The package's own installer did not do its work."""

    reference = "installer-failed"


async def run_installer(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Run it, or go on with one that was begun."""
    wanted = dressed(step, scene)
    if "before" not in scene.notes(step.id):
        seen = await _listed(scene)
        records = await helm_record.releases(scene.cluster, scene.subject.namespace)
        await scene.note(step, "before", {"releases": records, "objects": seen.marks()})
    job = await _started(step, scene, wanted)
    if _of_attempt(step, scene, "outcome") is None:
        try:
            job = await _ended(step, scene, job)
        except (Aborted, Overdue):
            await _keep_log(step, scene, job)
            raise
        await _keep_log(step, scene, job)
        await scene.note(step, "outcome", {"attempt": _attempt(step, scene), **_outcome(job)})
    await _given_back(step, scene, job, wanted)
    return await _judged(step, scene)


async def _keep_log(step: Step, scene: Scene, job: KubeObject) -> None:
    await scene.note(step, "log", logs.masking_for(scene.subject.new).text(await logs.whole(scene.cluster, job)))


def _mark(step: Step, scene: Scene) -> str:
    attempt = _attempt(step, scene)
    return f"{scene.subject.run}/{step.id}" + (f"/{attempt}" if attempt else "")


def _attempt(step: Step, scene: Scene) -> int:
    """0, and one more each time that a person says `again` after a failure."""
    return int(scene.notes(step.id).get(AGAIN, 0))


def _of_attempt(step: Step, scene: Scene, key: str) -> Mapping[str, Any] | None:
    """What this attempt has noted; another one's does not count."""
    noted: Mapping[str, Any] = scene.notes(step.id).get(key) or {}
    return noted if noted and noted["attempt"] == _attempt(step, scene) else None


async def _started(step: Step, scene: Scene, wanted: KubeObject) -> KubeObject:
    """The Job of this step: the one that was begun, or a new one once no other is at work."""
    while True:
        others = await _at_work(scene, but=wanted.name)
        live = await scene.cluster.get(wanted.ref)
        if live is not None and live.annotations.get(STEP_ANNOTATION) == _mark(step, scene):
            return live
        if live is None and (made := _of_attempt(step, scene, "made")):
            return KubeObject({**wanted.raw, "metadata": {**wanted.metadata, "uid": made["uid"]}})
        if live is None and not others:
            break
        await scene.checkpoint(step)
        if live is not None and (live.terminating or not _unfinished(live)):
            await scene.cluster.delete(live.ref, uid=live.uid, propagation="Foreground")
        for other in (*others, *([live] if live is not None and _unfinished(live) else [])):
            await _waited_for(step, scene, other)
        await scene.clock.sleep(POLL)
    await scene.checkpoint(step)
    job = await scene.cluster.create(time_to_live.kept(wanted, _mark(step, scene)))
    await scene.note(step, "made", {"attempt": _attempt(step, scene), "uid": job.uid})
    return job


async def _at_work(scene: Scene, *, but: str) -> Sequence[KubeObject]:
    """Installers that have not ended, of any revision."""
    jobs = await scene.cluster.list(JOB, namespace=scene.subject.namespace)
    ours = (job for job in jobs if job.name != but and installers.is_installer(job, scene.subject.profile))
    return [job for job in ours if _unfinished(job)]


def _unfinished(job: KubeObject) -> bool:
    health = kstatus.judge(job)
    return not health.current and not health.failed


async def _waited_for(step: Step, scene: Scene, other: KubeObject) -> None:
    """An installer is never cut off while it may still end by itself; on the way back it gets its time, no more."""
    age = (scene.clock.now() - datetime.fromisoformat(str(other.metadata["creationTimestamp"]))).total_seconds()
    if step.undoes and age > installers.seconds(scene.subject.profile):
        scene.progress(step, f"{other.ref} has had its time and is ended")
        await scene.checkpoint(step)
        await scene.cluster.delete(other.ref, uid=other.uid, propagation="Foreground")
        return
    scene.progress(step, f"{other.ref} is at work; two installers at once would undo each other")


async def _ended(step: Step, scene: Scene, job: KubeObject) -> KubeObject:
    hide = logs.masking_for(scene.subject.new)
    while _unfinished(job):
        line = hide.text(await logs.last_line(scene.cluster, job))
        scene.progress(step, f"{job.ref}: {line}" if line else f"{job.ref}: {kstatus.judge(job).message}")
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)
        again = await scene.cluster.get(job.ref)
        if again is None or again.uid != job.uid:
            return job
        job = again
    return job


def _outcome(job: KubeObject) -> dict[str, Json]:
    health = kstatus.judge(job)
    if health.current:
        return {"exit": "succeeded"}
    return {"exit": "failed" if health.failed else "gone", "message": health.message}


async def _given_back(step: Step, scene: Scene, job: KubeObject, wanted: KubeObject) -> None:
    """Its author's own time-to-live."""
    live = await scene.cluster.get(job.ref)
    seconds = time_to_live.to_give_back(live, wanted, job.uid)
    if live is not None and seconds is not None:
        await scene.checkpoint(step)
        await time_to_live.give_back(scene.cluster, live, seconds)


async def _judged(step: Step, scene: Scene) -> Mapping[str, Json]:
    notes = scene.notes(step.id)
    outcome, before = notes["outcome"], notes["before"]
    installer = scene.subject.profile.installer
    records = await helm_record.releases(scene.cluster, scene.subject.namespace)
    against = helm_record.wrong(installer.release if installer else "", before["releases"], records)
    touched = helm_record.touched(before["releases"], records)
    if outcome["exit"] == "failed" or (outcome["exit"] == "gone" and not touched):
        raise _failed(
            f"{step.target.rpartition('/')[2]}: {outcome.get('message') or 'it is gone'}; {against}".strip("; ")
        )
    if against:
        raise _failed(against)
    compared = listed.compare(before["objects"], (await _healthy(step, scene)).marks())
    lost = listed.lost_data(compared)
    if lost:
        raise _failed(f"what {', '.join(lost)} held is gone")
    return {
        "exit": outcome["exit"],
        "releases": {name: " ".join(record) for name, record in touched.items()},
        **{what: keys[:_NAMED] for what, keys in compared.items()},
        "counts": {what: len(keys) for what, keys in compared.items()},
    }


def _failed(found: str) -> InstallerFailed:
    return InstallerFailed(
        "The package's own installer must succeed.",
        found=found,
        hint="its log is in the evidence; nothing is uninstalled to try again",
    )


async def _listed(scene: Scene) -> Seen:
    installer = scene.subject.profile.installer
    if installer is None or installer.lists is None:
        return Seen()
    return await listed.look(scene.cluster, installer.lists, scene.subject.namespace)


async def _healthy(step: Step, scene: Scene) -> Seen:
    """The listed objects once their workloads are healthy."""
    while True:
        seen = await _listed(scene)
        if seen.problem:
            raise _failed(seen.problem)
        waiting = [
            f"{obj.ref} {health.message}"
            for obj in seen.live.values()
            if obj.kind in _WORKLOADS and not (health := kstatus.judge(obj)).current
        ]
        if not waiting:
            return seen
        scene.progress(step, waiting[0], done=seen.listed - len(waiting), total=seen.listed)
        await scene.checkpoint(step)
        await scene.clock.sleep(POLL)
