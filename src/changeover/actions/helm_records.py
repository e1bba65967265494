"""Helm's own record of a release, kept true by us: ``helm list``, ``history``, ``get`` and ``rollback`` go on working.

One Secret ``sh.helm.release.v1.NAME.vN`` for each change of the release, as Helm keeps it: gzipped JSON in base64.

* a run begins: revision N+1 is written as pending-install, -upgrade or -rollback, so that Helm itself stands back
* it is committed: N+1 is deployed, the one before superseded
* it went back: N+1 failed, and N+2, a copy of the one before, is deployed (``Rollback to N``), as Helm does it; a first
  installation that was taken back is uninstalled
* it is held, or was cut off: it stays pending until the run ends

Numbers go on where Helm left off. A record names the run that wrote it, so writing it again changes nothing.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.actions.adopt_origin import SECRET
from changeover.actions.outside import Outside
from changeover.objects import GROUP, KubeObject
from changeover.package import yaml_text
from changeover.package.helm_record import HELM_TYPE, open_record
from changeover.ports import AlreadyExists, Refused
from changeover.render.chart_release import ChartRelease, Hook
from changeover.render.revision import Revision
from changeover.runs.scene import Subject
from changeover.runs.state import Verdict

WRITTEN_BY = f"{GROUP}/written-by"
"""On a record: the run of ours that wrote it. Not the label of runs: records outlive them."""
HISTORY = 10
"""Records that are kept of a release, as Helm does by default."""
LARGEST = 1000 * 1024
"""Bytes of a record; beyond it only names and values are kept, as a Secret holds no more than 1 MiB."""
_PENDING = {"install": "pending-install", "rollback": "pending-rollback"}


@dataclass(frozen=True, slots=True)
class Record:
    """One revision of a release as Helm knows it."""

    number: int
    status: str
    secret: KubeObject

    @property
    def run(self) -> str:
        """The run of ours that wrote it; empty when Helm did."""
        return str(self.secret.labels.get(WRITTEN_BY, ""))


async def numbers(outside: Outside) -> Mapping[str, int]:
    """The number of the last revision of every Helm release that is deployed in the namespace.

    Whoever may see no Secrets knows of none; the plan says that the right is missing.
    """
    found: dict[str, int] = {}
    deployed: set[str] = set()
    try:
        records = await outside.cluster.list(SECRET, namespace=outside.namespace, selector="owner=helm")
    except Refused:
        return {}
    for secret in records:
        name = str(secret.labels.get("name", ""))
        found[name] = max(found.get(name, 0), _number(secret))
        deployed |= {name} if secret.labels.get("status") == "deployed" else set()
    return {name: number for name, number in found.items() if name in deployed}


async def begin(outside: Outside, subject: Subject) -> None:
    """A run begins: its releases are pending."""
    for release in _concerned(subject):
        records = await _records(outside, release)
        if any(one.run == subject.run for one in records):
            continue
        for left in (one for one in records if one.run and one.status.startswith("pending")):
            await _set(outside, left, "failed", "Its end was not recorded")
        state = _PENDING.get(subject.plan.kind, "pending-upgrade") if _is_deployed(records) else "pending-install"
        made = _made(outside, release, subject.new, records=records)
        if release not in subject.new.charts:
            made = _again(outside, next(one for one in reversed(records) if not one.run), records[-1].number + 1)
        made["info"] |= {"status": state, "description": f"Changeover {subject.run} is under way"}
        await _create(outside, made, namespace=release.namespace, run=subject.run)


async def end(outside: Outside, subject: Subject, verdict: Verdict) -> None:
    """A run has ended: what is deployed says so, what was before is superseded, what went back failed."""
    for release in _concerned(subject):
        records = await _records(outside, release)
        own = next((one for one in records if one.run == subject.run and one.status.startswith("pending")), None)
        if own is None:
            continue
        if verdict is Verdict.COMMITTED:
            await _deployed(outside, own, records, _said(subject, own))
        elif verdict is Verdict.ROLLED_BACK:
            await _went_back(outside, own, records)
        await _trim(outside, release)
    if verdict is Verdict.COMMITTED and subject.old is not None and subject.new.charts:
        staying = {(one.namespace, one.name) for one in subject.new.charts}
        gone = [one for one in subject.old.charts if (one.namespace, one.name) not in staying]
        await forget(outside, gone)


async def forget(outside: Outside, releases: Iterable[ChartRelease]) -> None:
    """The releases are gone: Helm keeps no record of what it uninstalled."""
    for release in releases:
        for record in await _records(outside, release):
            await outside.cluster.delete(record.secret.ref, uid=record.secret.uid)


async def retire(outside: Outside, releases: Iterable[ChartRelease]) -> None:
    """The releases are gone and their history stays, as ``helm uninstall --keep-history`` has it."""
    for release in releases:
        records = await _records(outside, release)
        for record in records[:-1]:
            if record.status == "deployed":
                await _set(outside, record, "superseded")
        if records:
            await _set(outside, records[-1], "uninstalled", "Uninstallation complete (Changeover)")


def packed(record: Mapping[str, Any]) -> str:
    """A record as it stands in the Secret's data. The opposite of `package.helm_record.open_record`."""
    content = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()
    inner = base64.b64encode(gzip.compress(content, 9, mtime=0))
    return base64.b64encode(inner).decode()


def _concerned(subject: Subject) -> Sequence[ChartRelease]:
    """The releases of the new revision; of a rollback to what Helm itself had deployed, those that it replaces."""
    went_to_helms = subject.plan.kind == "rollback" and not subject.new.charts and subject.old is not None
    return subject.old.charts if went_to_helms and subject.old else subject.new.charts


def _is_deployed(records: Iterable[Record]) -> bool:
    return any(one.status == "deployed" for one in records)


def _again(outside: Outside, record: Record, number: int) -> dict[str, Any]:
    """A copy of a record under a new number."""
    found = open_record(record.secret)
    return {**found, "version": number, "info": {**found["info"], "last_deployed": outside.clock.now().isoformat()}}


def _said(subject: Subject, record: Record) -> str:
    if subject.plan.kind == "rollback":
        return f"Rollback to {subject.new.version} (Changeover {subject.run})"
    what = "Install" if record.status == "pending-install" else "Upgrade"
    return f"{what} complete (Changeover {subject.run})"


async def _records(outside: Outside, release: ChartRelease) -> list[Record]:
    """All revisions of a release, oldest first."""
    selector = f"owner=helm,name={release.name}"
    found = await outside.cluster.list(SECRET, namespace=release.namespace, selector=selector)
    secrets = [secret for secret in found if secret.get("type", default="") == HELM_TYPE]
    records = [Record(_number(one), str(one.labels.get("status", "")), one) for one in secrets]
    return sorted(records, key=lambda one: one.number)


def _made(outside: Outside, release: ChartRelease, revision: Revision, *, records: Sequence[Record]) -> dict[str, Any]:
    """The record of a revision that is about to be deployed."""
    now = outside.clock.now().isoformat()
    first = open_record(records[0].secret)["info"].get("first_deployed", now) if records else now
    objects = [obj.raw for obj in revision.objects if obj.ref.key in {*release.keys}]
    record: dict[str, Any] = {
        "name": release.name,
        "namespace": release.namespace,
        "version": records[-1].number + 1 if records else 1,
        "info": {"first_deployed": first, "last_deployed": now, "deleted": "", "notes": release.notes},
        "chart": {
            "metadata": dict(release.chart),
            "lock": None,
            "templates": [],
            "values": dict(release.defaults),
            "schema": None,
            "files": [],
        },
        "config": dict(release.values),
        "manifest": "".join(f"---\n{yaml_text.dump(raw)}" for raw in objects),
        "hooks": [_hook(one) for one in release.hooks],
    }
    if len(packed(record)) > LARGEST:
        record |= {"manifest": "", "hooks": [], "info": {**record["info"], "notes": ""}}
    return record


def _hook(hook: Hook) -> dict[str, Any]:
    return {
        "name": hook.raw["metadata"]["name"],
        "kind": hook.raw["kind"],
        "path": hook.source,
        "manifest": yaml_text.dump(hook.raw),
        "events": list(hook.events),
        "last_run": {"started_at": "", "completed_at": "", "phase": ""},
        "weight": hook.weight,
        "delete_policies": list(hook.deletes),
    }


async def _create(outside: Outside, record: Mapping[str, Any], *, namespace: str, run: str) -> None:
    name = f"sh.helm.release.v1.{record['name']}.v{record['version']}"
    labels = {
        "owner": "helm",
        "name": record["name"],
        "version": str(record["version"]),
        "status": record["info"]["status"],
        "createdAt": str(int(outside.clock.now().timestamp())),
        WRITTEN_BY: run,
    }
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "type": HELM_TYPE,
        "data": {"release": packed(record)},
    }
    try:
        await outside.cluster.create(KubeObject(secret))
    except AlreadyExists:
        return  # another look at the same moment wrote it; the next `begin` or `end` reads which


async def _set(outside: Outside, record: Record, status: str, description: str = "") -> None:
    """Another status for a record, in its label and in what it holds."""
    held = open_record(record.secret)
    deleted = {"deleted": outside.clock.now().isoformat()} if status == "uninstalled" else {}
    said = {"description": description} if description else {}
    held["info"] = {**held["info"], "status": status, **said, **deleted}
    change = {
        "metadata": {
            "resourceVersion": record.secret.resource_version,
            "labels": {"status": status, "modifiedAt": str(int(outside.clock.now().timestamp()))},
        },
        "data": {"release": packed(held)},
    }
    await outside.cluster.patch(record.secret.ref, change)


async def _deployed(outside: Outside, own: Record, records: Sequence[Record], description: str) -> None:
    for other in records:
        if other.status == "deployed" and other.number != own.number:
            await _set(outside, other, "superseded")
    await _set(outside, own, "deployed", description)


async def _went_back(outside: Outside, own: Record, records: Sequence[Record]) -> None:
    earlier = [one for one in records if one.number < own.number]
    before = next((one for one in reversed(earlier) if one.status == "deployed"), None)
    if before is not None:
        again = _again(outside, before, own.number + 1)
        again["info"] |= {"status": "deployed", "description": f"Rollback to {before.number} (Changeover {own.run})"}
        await _create(outside, again, namespace=own.secret.namespace, run=own.run)
        await _set(outside, before, "superseded")
    if before is None and not any(one.number > own.number for one in records):
        await _set(outside, own, "uninstalled", f"The installation was taken back (Changeover {own.run})")
        return
    await _set(outside, own, "failed", f"It went back (Changeover {own.run})")


async def _trim(outside: Outside, release: ChartRelease) -> None:
    records = [one for one in await _records(outside, release) if one.status != "deployed"]
    for record in records[: max(0, len(records) + 1 - HISTORY)]:
        await outside.cluster.delete(record.secret.ref, uid=record.secret.uid)


def _number(secret: KubeObject) -> int:
    text = str(secret.labels.get("version", ""))
    return int(text) if text.isdigit() else 0
