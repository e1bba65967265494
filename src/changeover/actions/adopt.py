"""Take over what already runs: find it, show how it differs from its release, become the owner of its fields.

Nothing restarts, because nothing but labels, annotations and ``managedFields`` of the objects themselves is written:

* revision 1 is the release's objects that are live; what the release has and the cluster has not is named and is no
  part of it, so that the way back to revision 1 leads to what really ran
* before the first object is touched, the former owners of every field stand in a blob: `disown` gives them back
* each object is marked, then its fields change hands (`plan.ownership`); both carry the resourceVersion that was read.
  Cut off in between, `adopt` goes on where it stopped, and `disown` undoes what was done
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from changeover import __version__
from changeover.actions import (
    adopt_fields,
    adopt_kots,
    adopt_origin,
    adopt_overlay,
    answers,
    customising,
    following,
    install,
    installations,
    keys,
    revisions,
)
from changeover.actions.adopt_origin import Manifests, Origin
from changeover.actions.answers import Answers
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import API_VERSION, Kind, KubeObject, Ref
from changeover.package.answers import Given, layered
from changeover.plan import inventory, ownership, planner
from changeover.plan.explain import change_as_json
from changeover.plan.intent import Intent
from changeover.plan.model import Effect, ObjectChange
from changeover.render import finish
from changeover.render.revision import Revision
from changeover.runs.observe import take_snapshot
from changeover.settings import APPLYSET_ID, PARALLEL
from changeover.strategies.table import strategy_named

_POD = Kind("v1", "Pod")


class NothingToAdopt(Problem):
    """Nothing of the release is in the cluster."""

    reference = "nothing-to-adopt"


class BelongsToOther(Problem):
    """Objects of the release belong to another ApplySet or Installation."""

    reference = "belongs-to-other"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to adopt: a package or channel and a version, a Helm release, or both."""

    source: str = ""
    version: str = ""
    name: str = ""
    profile: str = ""
    helm: str = ""
    answers: Given | None = None
    managers: tuple[str, ...] = ()
    """Field managers to take over besides those that are known."""
    kots: Mapping[str, str] | None = None
    """It is a KOTS installation: the files of its download by path, empty without one; None = it is not."""
    overlay: bool = True
    """Whether the operator's kustomize overlay is carried along."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """What an adoption would do; nothing is changed by it."""

    name: str
    source: str
    origin: Origin
    revision: Revision
    """The release's objects that are live."""
    found: tuple[KubeObject, ...]
    absent: tuple[str, ...]
    """Objects of the release that are not in the cluster."""
    unserved: tuple[str, ...]
    """Those of them whose kind this cluster does not serve."""
    drift: tuple[ObjectChange, ...]
    dropped: Mapping[str, tuple[str, ...]]
    """Per object, fields that the tool before had set and this release does not say: they go with the next apply."""
    managers: Mapping[str, int]
    """From whom fields are taken over, with the number of objects."""
    profile: Mapping[str, Any] = field(default_factory=dict)
    held: Answers = field(default_factory=Answers)
    """The answers that the running release was made with, as far as known."""
    kept: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The same for programs; secrets are masked."""
        return {
            "installation": self.name,
            "origin": {"tool": self.origin.tool, "name": self.origin.name, "sequence": self.origin.sequence},
            "licence": bool(self.origin.licence),
            "overlay": list(adopt_overlay.names(self.origin.customisations)),
            "remarks": [finding.message for finding in customising.findings(self.revision)],
            "version": self.revision.version,
            "revision": self.revision.digest,
            "found": [str(obj.ref) for obj in self.found],
            "absent": list(self.absent),
            "unserved": list(self.unserved),
            "managers": dict(self.managers),
            "drift": [change_as_json(change) for change in self.drift],
            "dropped": {name: list(paths) for name, paths in self.dropped.items()},
        }


async def look(outside: Outside, wanted: Wanted) -> Adoption:
    """Find what runs and compare it with its release."""
    await install.refuse_unprepared(outside)
    origin = await _origin(outside, wanted)
    source = Manifests(origin) if origin.manifest else outside.source(wanted.source)
    catalog = await source.catalog()
    name = wanted.name or install.name_from(origin.name or catalog.name)
    before = await _refuse_followed(outside, name)
    newest = catalog.newest.version if catalog.newest else ""
    release = catalog.find(origin.version if origin.manifest else (wanted.version or origin.version or newest))
    given = _given(wanted, origin)
    draft = before or _draft(outside, name)
    over = following.Over(None if origin.manifest else given, adopt_kots.licence_of(origin))
    rendered = await following.render(outside, draft, source, release, over=over)
    whole = await customising.applied(outside, rendered, draft, origin.customisations)
    found = await _found(outside, whole)
    if not found:
        raise NothingToAdopt(
            f"None of the {len(whole.objects)} objects of {release.version} is in the cluster.",
            hint="name the namespace with -n and the version that runs; nothing yet? `changeover install`",
        )
    served = await outside.cluster.served()
    absent = [obj for obj in whole.objects if obj.ref.key not in found]
    revision = _of_live(whole, found)
    drift, dropped = await _differences(outside, draft, revision, found, wanted.managers)
    return Adoption(
        name=name,
        source=wanted.source,
        origin=origin,
        revision=revision,
        found=tuple(found.values()),
        absent=tuple(str(obj.ref) for obj in absent),
        unserved=tuple(str(obj.ref) for obj in absent if (obj.api_version, obj.kind) not in served),
        drift=drift,
        dropped=dropped,
        managers=_counted(found.values(), wanted.managers),
        profile=outside.profiles(wanted.profile) if wanted.profile else {},
        held=Answers(given) if origin.manifest and given else rendered.carried.answers,
        kept=rendered.kept,
    )


async def take(outside: Outside, adoption: Adoption, managers: Sequence[str] = ()) -> dict[str, Any]:
    """Become the owner; returns what was done and the proof that no pod restarted."""
    installation = await _create(outside, adoption)
    pods = await _pods(outside, adoption.found)
    await _remember(outside, installation, adoption, managers)
    marks = adopt_fields.Marks(inventory.applyset_id(installation.ref), adoption.revision)
    limit = asyncio.Semaphore(PARALLEL)

    async def one(obj: KubeObject) -> bool:
        async with limit:
            return await adopt_fields.hand_over(outside, obj.ref, marks, managers)

    restarted = await asyncio.gather(*(one(obj) for obj in adoption.found))
    await _record(outside, installation, adoption)
    after = await _pods(outside, adoption.found)
    return {
        "installation": adoption.name,
        "version": adoption.revision.version,
        "adopted": len(adoption.found),
        "pods": {"before": len(pods), "same": len(pods.keys() & after.keys()), "gone": _names(pods, after)},
        "changedSpecs": sorted(str(obj.ref) for obj, changed in zip(adoption.found, restarted, strict=True) if changed),
    }


async def _origin(outside: Outside, wanted: Wanted) -> Origin:
    if wanted.helm:
        return await adopt_origin.of_helm(outside, wanted.helm)
    if wanted.kots is None:
        return Origin()
    files = {path: text for path, text in wanted.kots.items() if wanted.overlay or not adopt_overlay.is_part(path)}
    return await adopt_kots.origin(outside, files)


def _given(wanted: Wanted, origin: Origin) -> Given | None:
    """What the tool before knew, with what is given now on top."""
    if not origin.answers:
        return wanted.answers
    known = Given(dict(origin.answers), dict.fromkeys(origin.answers, origin.words))
    return layered((known, wanted.answers)) if wanted.answers else known


def _names(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return sorted(name for uid, name in before.items() if uid not in after)


async def _refuse_followed(outside: Outside, name: str) -> KubeObject | None:
    """The Installation of an adoption that was cut off; one that runs something is refused."""
    found = await outside.cluster.get(Ref(installations.INSTALLATION, outside.namespace, name))
    if found is not None and found.get("status", "running"):
        raise install.AlreadyInstalled(
            f"{name} is followed in namespace {outside.namespace} already.",
            found=f"version {found.get('status', 'running', 'version')}",
            hint="`changeover update` changes it; --name adopts another beside it",
        )
    return found


def _draft(outside: Outside, name: str) -> KubeObject:
    metadata = {"name": name, "namespace": outside.namespace}
    return KubeObject({"apiVersion": API_VERSION, "kind": "Installation", "metadata": metadata, "spec": {}})


async def _found(outside: Outside, revision: Revision) -> dict[str, KubeObject]:
    limit = asyncio.Semaphore(PARALLEL)

    async def one(obj: KubeObject) -> KubeObject | None:
        async with limit:
            return await outside.cluster.get(obj.ref)

    found = await asyncio.gather(*(one(obj) for obj in revision.objects))
    return {obj.ref.key: obj for obj in found if obj is not None and not obj.terminating}


def _of_live(revision: Revision, found: Mapping[str, KubeObject]) -> Revision:
    """The revision of what is there; the release's own when all of it is."""
    objects = tuple(obj for obj in revision.objects if obj.ref.key in found)
    if len(objects) == len(revision.objects):
        return revision
    kept = {key: value for key, value in revision.phases.items() if key in found}
    return replace(
        revision,
        objects=objects,
        phases=kept,
        waits={key: value for key, value in revision.waits.items() if key in found},
        digest=finish.digest([revision.digest, sorted(found)]),
    )


async def _differences(
    outside: Outside, draft: KubeObject, revision: Revision, found: Mapping[str, KubeObject], managers: Iterable[str]
) -> tuple[tuple[ObjectChange, ...], dict[str, tuple[str, ...]]]:
    snapshot = await take_snapshot(
        outside.cluster, revision, revision, installation=draft.ref, namespace=outside.namespace
    )
    if snapshot.foreign:
        key, owner = next(iter(snapshot.foreign.items()))
        raise BelongsToOther(
            f"{len(snapshot.foreign)} objects of the release belong to another ApplySet.",
            found=f"{key} to {owner}",
            hint="another Installation follows them (`changeover status --all-namespaces`): disown it first",
        )
    masking = (await keys.keys_of(outside, draft)).masking if draft.uid else finish.digest(draft.name).encode()
    intent = Intent("configure", revision, revision, outside.namespace, masking_key=masking)
    plan = planner.make_plan(intent, snapshot, strategy=strategy_named("plain"))
    drift = tuple(change for change in plan.changes if change.effect not in (Effect.UNCHANGED, Effect.CREATE))
    dropped = {}
    for key, obj in found.items():
        answer = snapshot.dry_runs.get(key)
        paths = ownership.dropped(obj, ownership.take_over(obj, managers).taken, answer.result if answer else None)
        if paths:
            dropped[str(obj.ref)] = paths
    return drift, dropped


def _counted(found: Iterable[KubeObject], managers: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for obj in found:
        for name in ownership.names_of(ownership.take_over(obj, managers).taken):
            counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


async def _create(outside: Outside, adoption: Adoption) -> KubeObject:
    installation = await install.create(outside, install.Wanted(source=adoption.source), adoption.name)
    spec = {"profile": dict(adoption.profile), "customisations": list(adoption.origin.customisations)}
    if any(spec.values()):
        patch = {"spec": {name: value for name, value in spec.items() if value}}
        installation = await outside.cluster.patch(installation.ref, patch)
    if adoption.origin.tool == "helm" and adoption.origin.name != adoption.name:
        continued = {"metadata": {"annotations": {following.HELM_RELEASE: adoption.origin.name}}}
        installation = await outside.cluster.patch(installation.ref, continued)
    await keys.keys_of(outside, installation)
    await adopt_kots.take_licence(outside, installation, adoption.origin)
    await answers.keep(outside, installation, 1, adoption.held)
    if adoption.kept:
        await answers.write_kept(outside, installation, adoption.kept)
    return installation


async def _remember(outside: Outside, installation: KubeObject, adoption: Adoption, managers: Sequence[str]) -> None:
    """Keep who owned what; an earlier record of an adoption that was cut off stays for what it had done."""
    known = await former_owners(outside, installation)
    owners: dict[str, Any] = dict(known)
    for obj in adoption.found:
        taken = ownership.take_over(obj, managers).taken
        if taken or obj.ref.key not in known:
            owners[obj.ref.key] = [dict(entry) for entry in taken]
    content = json.dumps({"owners": owners}, sort_keys=True).encode()
    await installations.patch_status(
        outside,
        installation,
        {
            "adopted": {
                "origin": adoption.origin.words,
                "blob": await outside.blobs(installation).put(content, kind="adoption"),
                "at": outside.clock.now().isoformat(timespec="seconds"),
                "by": outside.person,
                "sequence": adoption.origin.sequence,
            }
        },
    )


async def former_owners(outside: Outside, installation: KubeObject) -> Mapping[str, Any]:
    """Per `Ref.key`, the ``managedFields`` entries that were taken over; empty when it was never adopted."""
    live = await outside.cluster.get(installation.ref)
    blob = live.get("status", "adopted", "blob", default="") if live else ""
    if not blob:
        return {}
    owners: Mapping[str, Any] = json.loads(await outside.blobs(installation).get(blob))["owners"]
    return owners


async def _record(outside: Outside, installation: KubeObject, adoption: Adoption) -> None:
    """As a run does at its end: the parent of the ApplySet, and what runs now."""
    refs = [obj.ref for obj in adoption.revision.objects]
    annotations = {
        inventory.TOOLING: f"changeover/{__version__}",
        inventory.CONTAINS_GROUP_KINDS: inventory.group_kinds(refs),
        inventory.ADDITIONAL_NAMESPACES: inventory.additional_namespaces(refs, outside.namespace),
    }
    labels = {APPLYSET_ID: inventory.applyset_id(installation.ref)}
    await outside.cluster.patch(installation.ref, {"metadata": {"labels": labels, "annotations": annotations}})
    revision = adoption.revision
    entry = {
        "number": 1,
        "version": revision.version,
        "digest": revision.digest,
        "blob": await revisions.keep(outside, installation, revision),
        "run": "",
        "at": outside.clock.now().isoformat(timespec="seconds"),
        "verdict": "adopted",
        "epoch": revision.writes_epoch,
    }
    running = {"version": revision.version, "revision": revision.digest, "number": 1, "state": "adopted"}
    await installations.patch_status(outside, installation, {"running": running, "revisions": [entry]})


async def _pods(outside: Outside, found: Iterable[KubeObject]) -> dict[str, str]:
    """Names of all pods where the application lives, by uid."""
    places = sorted({obj.namespace for obj in found if obj.namespace})
    listed = [await outside.cluster.list(_POD, namespace=place) for place in places]
    return {pod.uid: pod.name for some in listed for pod in some}
