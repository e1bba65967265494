"""Begin a run of a prepared change, or go on with one that was cut off.

The Changeover object names the plan and both revisions by digest; they stand in blobs. Whoever executes needs only it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from changeover.actions import (
    announce,
    answers,
    approving,
    capturing,
    customising,
    fields,
    freezing,
    helm_records,
    installations,
    installing,
    learning,
    licensing,
    prepare,
    retention,
    revisions,
    runs_of,
)
from changeover.actions.in_accounts import changing
from changeover.actions.installations import CHANGEOVER
from changeover.actions.outside import Outside
from changeover.objects import API_VERSION, KubeObject
from changeover.plan import forms, inventory
from changeover.plan.explain import plan_as_json, plan_from_json
from changeover.plan.model import Plan
from changeover.ports import AlreadyExists
from changeover.release.profile import Profile
from changeover.render.revision import Revision
from changeover.runs import executor
from changeover.runs.happenings import Happening
from changeover.runs.scene import Subject
from changeover.runs.state import RunState, Verdict
from changeover.runs.verbs.table import ACTS
from changeover.settings import CARRIER_LABEL, INSTALLATION_LABEL

Tell = Callable[[Happening], None]


async def begin(outside: Outside, prepared: prepare.Prepared, *, tell: Tell) -> tuple[KubeObject, RunState]:
    """Create the Changeover object and carry it out, here."""
    return await _carry_on(outside, prepared.installation, await create(outside, prepared), tell=tell)


async def create(outside: Outside, prepared: prepare.Prepared, *, carrier: str = "") -> KubeObject:
    """Create the Changeover object with everything that whoever executes it needs.

    Raises RunUnderWay, NotApproved, Frozen.

    `carrier` says who executes it, when that is not this process alone (see `carrying`).
    """
    await runs_of.refuse_second(outside, prepared.installation.name)
    await approving.refuse_unapproved(outside, prepared)
    await freezing.refuse(outside, prepared.installation, prepared.plan.kind, prepared.intent.parameters)
    if prepared.kept:
        await answers.write_kept(outside, prepared.installation, prepared.kept)
    if prepared.answers is not None:
        await answers.keep(outside, prepared.installation, prepared.new_number, prepared.answers)
    run = await _create(outside, prepared, carrier)
    await freezing.tell(outside, run)
    await installations.patch_status(outside, prepared.installation, {"currentRun": run.name})
    return run


async def go_on(outside: Outside, installation: str, name: str, *, tell: Tell) -> tuple[KubeObject, RunState]:
    """Go on with the named run, or with the one that has not ended."""
    followed = await installations.find(outside, installation or name.rpartition("-")[0])
    run = await (runs_of.named(outside, followed.name, name) if name else runs_of.under_way(outside, followed.name))
    if run is None or runs_of.verdict(run) in runs_of.ENDED:
        raise runs_of.NoRun(
            f"{followed.name} has no run to go on with.",
            found=f"{run.name} {runs_of.verdict(run)}" if run else "all runs have ended",
            hint="`changeover history` lists them",
        )
    return await _carry_on(outside, followed, run, tell=tell)


async def _create(outside: Outside, prepared: prepare.Prepared, carrier: str) -> KubeObject:
    blobs = outside.blobs(prepared.installation)
    plan = prepared.plan
    checked = prepared.preflights.record
    content = json.dumps(plan_as_json(plan), sort_keys=True, separators=(",", ":")).encode()
    runs = await runs_of.every(outside, prepared.installation.name)
    spec = {
        "installation": prepared.installation.name,
        "kind": plan.kind,
        "strategy": plan.strategy,
        "fromVersion": plan.from_version,
        "toVersion": plan.to_version,
        "fromRevision": {"digest": plan.from_revision, "number": prepared.old_number, "blob": prepared.old_blob},
        "toRevision": {
            "digest": plan.to_revision,
            "number": prepared.new_number,
            "blob": prepared.new_blob or await revisions.keep(outside, prepared.installation, prepared.new),
        },
        "parameters": prepared.parameters_as_json(),
        "packageBlob": prepared.package_blob,
        "planDigest": plan.digest,
        "planBlob": await blobs.put(content, kind="plan"),
        "profileBlob": await blobs.put(prepared.profile.model_dump_json(by_alias=True).encode(), kind="profile"),
        "by": outside.person,
        **({"acknowledged": read} if (read := prepared.guides.record()) else {}),
        **({"overrides": list(prepared.overrides)} if prepared.overrides else {}),
        **({"preflightBlob": await blobs.put(checked, kind="preflights")} if checked else {}),
    }
    number = runs_of.number(runs[-1]) + 1 if runs else 1
    while True:
        try:
            return await outside.cluster.create(
                _changeover(outside, (prepared.installation.name, number), spec, carrier)
            )
        except AlreadyExists:
            number += 1


def planned(plan: Plan) -> Happening:
    """The first thing told of a run: its steps, so that whoever listens can call them by their titles."""
    steps = (*plan.steps.forward, *plan.steps.back)
    return Happening("planned", data={"steps": [step.as_json() for step in steps]})


def _changeover(outside: Outside, which: tuple[str, int], spec: Mapping[str, Any], carrier: str) -> KubeObject:
    installation, number = which
    return KubeObject(
        {
            "apiVersion": API_VERSION,
            "kind": CHANGEOVER.name,
            "metadata": {
                "name": f"{installation}-{number}",
                "namespace": outside.namespace,
                "labels": {INSTALLATION_LABEL: installation} | ({CARRIER_LABEL: carrier} if carrier else {}),
                "annotations": {forms.ANNOTATION: forms.mark()},
            },
            "spec": spec,
        }
    )


async def _subject(outside: Outside, installation: KubeObject, run: KubeObject) -> Subject:
    blobs = outside.blobs(installation)
    made_by = run.annotations.get(forms.ANNOTATION, "")
    forms.refuse_newer(made_by, run.name)

    async def revision(side: str) -> Revision | None:
        blob = run.get("spec", side, "blob", default="")
        return Revision.from_json(json.loads(await blobs.get(blob))) if blob else None

    new = await revision("toRevision")
    plan: Plan = plan_from_json(json.loads(await blobs.get(run.get("spec", "planBlob"))))
    if new is None:
        raise runs_of.NoRun(f"{run.name} names no revision to change to.", hint="begin a new run")
    return Subject(
        installation=installation.name,
        namespace=outside.namespace,
        installation_uid=installation.uid,
        run=run.name,
        plan=plan,
        old=await revision("fromRevision"),
        new=new,
        profile=Profile.model_validate_json(await blobs.get(run.get("spec", "profileBlob"))),
        old_number=int(run.get("spec", "fromRevision", "number", default=0)),
        new_number=int(run.get("spec", "toRevision", "number", default=0)),
        new_blob=str(run.get("spec", "toRevision", "blob", default="")),
        package_blob=str(run.get("spec", "packageBlob", default="")),
        made_by=forms.version_in(made_by),
    )


async def _widen(outside: Outside, installation: KubeObject, subject: Subject) -> None:
    """Before members are written, the parent lists their kinds: a crash leaves only a superset (KEP-3659)."""
    live = await outside.cluster.get(installation.ref)
    if live is None:
        return
    refs = [obj.ref for side in (subject.old, subject.new) if side for obj in side.objects]
    annotations = inventory.widened(live, refs)
    if annotations:
        await outside.cluster.patch(live.ref, {"metadata": {"annotations": annotations}})


async def _carry_on(
    outside: Outside, installation: KubeObject, run: KubeObject, *, tell: Tell
) -> tuple[KubeObject, RunState]:
    outside = changing(outside)
    subject = await _subject(outside, installation, run)
    tell(planned(subject.plan))
    await _widen(outside, installation, subject)
    await helm_records.begin(outside, subject)
    ports = executor.Ports(
        cluster=outside.cluster,
        clock=outside.clock,
        http=outside.http,
        volumes=outside.volumes(installation.get("spec", "policy", "backup", default={}), installation),
        replan=lambda: prepare.replan(outside, installation, run, subject),
        capture=lambda: capturing.capture(outside, installation, run, subject),
    )
    webhook = outside.webhook(str(installation.get("spec", "webhook", "url", default="")))
    announcer = announce.Announcer(subject, (installation, run), events=outside.events, webhook=webhook)
    try:
        state = await executor.carry_on(
            subject,
            ports,
            acts=ACTS,
            journal=outside.journal(run),
            lease=outside.lease(installation.name),
            tell=announcer.listening(tell),
            faults=outside.faults,
        )
    finally:
        await announcer.close()
    if state.verdict in (Verdict.COMMITTED, Verdict.ROLLED_BACK):
        await helm_records.end(outside, subject, state.verdict)
        await installations.patch_status(outside, installation, {"currentRun": None})
        if state.verdict is Verdict.COMMITTED:
            await answers.settle(outside, installation, subject.new_number)
            await customising.settle(outside, installation, subject.new)
            await fields.settle(outside, installation, subject.plan)
            await licensing.settle(outside, installation)
            await installing.settle(outside, installation, subject.new)
            await learning.learn(outside, installation, run, subject.plan)
        await retention.tidy(outside, installation)
    return run, state
