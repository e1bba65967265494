"""Take a Snapshot: everything that planning knows of the cluster, read at one moment, many requests at a time.

* members of the ApplySet come from one list per kind, by label; only what is not among them is read one by one
* hooks that live are not asked about: they go before they are made again
* every object of the new revision is sent as a dry run, exactly as the run would send it (`plan.dress`): first without
  force, so that other owners of fields are named, and with force when there are some
* where webhooks change objects, what differs is asked a second time: what is another value then nobody can know
* what others keep is left out of it, as it is left out by the run (`plan.keeping`)
* rights: one question settles it for an administrator; others are asked right by right
* what could not be looked at for want of rights counts as absent, and the missing right becomes a finding
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from changeover.objects import FIELD_MANAGER, Kind, KubeObject, Ref
from changeover.plan import diff, immutables, inventory, keeping, rbac, room
from changeover.plan.dress import dress
from changeover.plan.immutables import identity, persistentvolumeclaim
from changeover.plan.immutables.remedy import READOPT
from changeover.plan.keeping import Theirs
from changeover.plan.model import DryRun, Rehearsal, Room, Snapshot
from changeover.ports import Busy, Cluster, ClusterProblem, FieldConflict, Refused, Resource
from changeover.render.revision import Revision
from changeover.settings import APPLYSET_PART_OF, GATE_POLICY, PARALLEL

T = TypeVar("T")
Served = Mapping[tuple[str, str], Resource]

_BINDING = Kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding")
_POLICY = Kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy")
_WEBHOOK = Kind("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration")
_AUTOSCALER = Kind("autoscaling/v2", "HorizontalPodAutoscaler")
_NODE = Kind("v1", "Node")
_POD = Kind("v1", "Pod")
_SERVICE = Kind("v1", "Service")
_CLAIM = Kind("v1", "PersistentVolumeClaim")
REFUSED = 422
"""The status with which a change of an immutable field is answered."""


async def take_snapshot(
    cluster: Cluster,
    new: Revision,
    old: Revision | None,
    *,
    installation: Ref | None,
    namespace: str,
    theirs: Theirs | None = None,
) -> Snapshot:
    """Look at everything that a plan from `old` to `new` depends on; `theirs` = what others keep."""
    wanted = _refs(new, old)
    look = _Look(
        cluster, await _served(cluster, wanted.values()), asyncio.Semaphore(PARALLEL), namespace, theirs or Theirs()
    )
    set_id = inventory.applyset_id(installation) if installation else ""
    members, autoscaled, claims = await asyncio.gather(
        _members(look, installation, set_id, wanted), _autoscaled(look, new, wanted), _claims(look)
    )
    found, dry_runs, denied, gate, services = await asyncio.gather(
        _live(look, members, wanted),
        _dry_runs(look, new, set_id=set_id, autoscaled=autoscaled),
        _denied(look, new, old),
        _policy_gate(look),
        look.list(_SERVICE, namespace=namespace),
    )
    found = await _settled(look, found, dry_runs)
    anew = {obj.ref.key for obj in new.hooks} & found.keys()
    dry_runs = {key: answer for key, answer in dry_runs.items() if key not in anew}
    dressed = {
        obj.ref.key: _as_theirs(obj, found.get(obj.ref.key), dry_runs[obj.ref.key])
        for obj in _dressed(look, new, set_id=set_id, autoscaled=autoscaled)
        if obj.ref.key in dry_runs
    }
    return Snapshot(
        live=found,
        dry_runs=await _asked_twice(look, found, dressed, dry_runs),
        inventory=tuple(obj.ref for obj in members),
        served=frozenset(look.served),
        denied=denied,
        autoscaled=autoscaled,
        foreign=_foreign(found, set_id),
        populated=await _populated(look, found, new),
        policy_gate=gate,
        claims=claims,
        rooms=await _rooms(look, found),
        services=tuple(one for one in services if one.ref.key not in found),
        rehearsals=await _rehearsals(look, found, dressed, dry_runs),
    )


async def _rooms(look: _Look, found: Mapping[str, KubeObject]) -> tuple[Room, ...]:
    """What is free on the nodes, asked only where a rollout may need it; none where they may not be read."""
    if not any(obj.kind == "Deployment" for obj in found.values()):
        return ()
    nodes = await look.list(_NODE)
    return room.rooms(nodes, await look.list(_POD)) if nodes else ()


async def _settled(
    look: _Look, found: Mapping[str, KubeObject], dry_runs: Mapping[str, DryRun]
) -> dict[str, KubeObject]:
    """Read again what the dry run met as another object, or not at all: a Job that its time-to-live took meanwhile."""

    def is_other(key: str, live: KubeObject) -> bool:
        answer = dry_runs.get(key)
        return answer is not None and answer.result is not None and answer.result.uid not in ("", live.uid)

    others = {key: live for key, live in found.items() if is_other(key, live)}
    again = await look.all(look.get(live.ref) for live in others.values())
    kept = {key: live for key, live in found.items() if key not in others}
    return kept | {key: live for key, live in zip(others, again, strict=True) if live is not None}


async def _served(cluster: Cluster, wanted: Iterable[Ref]) -> Served:
    """What is served, asked anew when a wanted kind is missing: its definition may have come since."""
    served = await cluster.served()
    missing = next((ref for ref in wanted if _key(ref.kind) not in served), None)
    if missing is None:
        return served
    await cluster.get(missing)  # a missing kind is looked up anew
    return await cluster.served()


@dataclass(frozen=True, slots=True)
class _Look:
    cluster: Cluster
    served: Served
    slots: asyncio.Semaphore
    namespace: str
    theirs: Theirs = field(default_factory=Theirs)

    async def all(self, questions: Iterable[Awaitable[T]]) -> list[T]:
        """Ask many, `PARALLEL` at a time."""

        async def one(question: Awaitable[T]) -> T:
            async with self.slots:
                return await question

        return list(await asyncio.gather(*(one(question) for question in questions)))

    async def list(self, kind: Kind, *, namespace: str = "", selector: str = "") -> Sequence[KubeObject]:
        """List; what may not be listed is empty, the missing right is found by asking for rights."""
        if (kind.api_version, kind.name) not in self.served:
            return ()
        try:
            return await self.cluster.list(kind, namespace=namespace, selector=selector)
        except Refused:
            return ()

    async def get(self, ref: Ref) -> KubeObject | None:
        """Read; what may not be read counts as absent."""
        try:
            return await self.cluster.get(ref)
        except Refused:
            return None


def _refs(*revisions: Revision | None) -> dict[str, Ref]:
    return {obj.ref.key: obj.ref for revision in reversed(revisions) if revision for obj in revision.everything}


async def _members(
    look: _Look, installation: Ref | None, set_id: str, wanted: Mapping[str, Ref]
) -> tuple[KubeObject, ...]:
    if installation is None:
        return ()
    parent = await look.get(installation)
    kinds = {ref.kind.group_kind for ref in wanted.values()}
    places = [look.namespace]
    if parent is not None:
        kinds.update(inventory.listed_group_kinds(parent))
        places = list(dict.fromkeys((*inventory.listed_namespaces(parent), look.namespace)))
    places = list(dict.fromkeys((*places, *(ref.namespace for ref in wanted.values() if ref.namespace))))
    selector = f"{APPLYSET_PART_OF}={set_id}"
    versions = {ref.kind.group_kind: ref.kind for ref in wanted.values() if _key(ref.kind) in look.served}
    questions = []
    for group_kind in sorted(kinds):
        kind = versions.get(group_kind) or inventory.served_kind(group_kind, look.served)
        if kind is not None:
            homes = places if look.served[_key(kind)].namespaced else [""]
            questions += [look.list(kind, namespace=home, selector=selector) for home in homes]
    return tuple(obj for listed in await look.all(questions) for obj in listed)


def _key(kind: Kind) -> tuple[str, str]:
    return (kind.api_version, kind.name)


async def _live(look: _Look, members: Iterable[KubeObject], wanted: Mapping[str, Ref]) -> dict[str, KubeObject]:
    found = {obj.ref.key: obj for obj in members}
    missing = [
        ref
        for key, ref in wanted.items()
        if _key(ref.kind) in look.served and (key not in found or found[key].api_version != ref.kind.api_version)
    ]
    for obj in await look.all(look.get(ref) for ref in missing):
        if obj is not None:
            found[obj.ref.key] = obj
    return found


async def _autoscaled(look: _Look, new: Revision, wanted: Mapping[str, Ref]) -> frozenset[str]:
    places = sorted({look.namespace, *(ref.namespace for ref in wanted.values() if ref.namespace)})
    listed = await look.all(look.list(_AUTOSCALER, namespace=place) for place in places)
    scalers = [scaler for some in listed for scaler in some]
    scalers += [obj for obj in new.objects if obj.ref.kind.group_kind == _AUTOSCALER.group_kind]
    return frozenset(_scaled_by(scaler) for scaler in scalers)


def _scaled_by(scaler: KubeObject) -> str:
    target = scaler.get("spec", "scaleTargetRef", default={})
    kind = Kind(str(target.get("apiVersion", "")), str(target.get("kind", "")))
    return Ref(kind, scaler.namespace, str(target.get("name", ""))).key


async def _claims(look: _Look) -> frozenset[str]:
    return frozenset(claim.name for claim in await look.list(_CLAIM, namespace=look.namespace))


async def _dry_runs(look: _Look, new: Revision, *, set_id: str, autoscaled: frozenset[str]) -> dict[str, DryRun]:
    dressed = _dressed(look, new, set_id=set_id, autoscaled=autoscaled)
    answers = await look.all(_ask(look, obj) for obj in dressed)
    return {obj.ref.key: answer for obj, answer in zip(dressed, answers, strict=True)}


async def _ask(look: _Look, obj: KubeObject) -> DryRun:
    """What others keep is left out, where the object is there; a claim is asked for as large as it is at least."""
    kept = tuple(one for one in look.theirs.kept.get(obj.ref.key, ()) if keeping.has(obj, one[0]))
    is_claim = obj.kind == _CLAIM.name
    live = await look.get(obj.ref) if kept or is_claim else None
    kept = kept if live else ()
    if live and is_claim:
        obj = persistentvolumeclaim.as_large(obj, live)
    answer = await _dry_run(look.cluster, _asked(obj, live, kept))
    if answer.owners and look.theirs.keeps_new:
        kept += tuple((name, manager) for manager, name in answer.owners if keeping.has(obj, name))
        live = live or await look.get(obj.ref)
        answer = await _dry_run(look.cluster, _asked(obj, live, kept))
    return replace(answer, kept=kept)


def _asked(obj: KubeObject, live: KubeObject | None, kept: tuple[keeping.Field, ...]) -> KubeObject:
    return keeping.as_theirs(obj, live, (name for name, _ in kept)) if live and kept else obj


def _as_theirs(obj: KubeObject, live: KubeObject | None, answer: DryRun) -> KubeObject:
    """As it is sent where it is made anew: what others keep is carried over."""
    if live is None or not answer.kept:
        return obj
    return keeping.filled(obj, keeping.values(live, (name for name, _ in answer.kept)))


def _dressed(look: _Look, new: Revision, *, set_id: str, autoscaled: frozenset[str]) -> list[KubeObject]:
    return [
        dress(obj, new.digest, applyset_id=set_id, autoscaled=autoscaled, version=new.version)
        for obj in new.everything
        if (obj.api_version, obj.kind) in look.served
    ]


async def _rehearsals(
    look: _Look, live: Mapping[str, KubeObject], wanted: Mapping[str, KubeObject], answers: Mapping[str, DryRun]
) -> dict[str, Rehearsal]:
    """Ask about both halves of what was refused for an immutable field and can be brought about otherwise."""
    found: dict[str, Rehearsal] = {}
    for key, answer in answers.items():
        if answer.result is not None or answer.status != REFUSED or key not in live:
            continue
        frozen = immutables.frozen_fields(live[key], wanted[key])
        remedy = immutables.remedy(live[key], wanted[key], frozen)
        if remedy is not None:
            in_place = identity.in_place(live[key], wanted[key]) if remedy.handler == READOPT else None
            found[key] = Rehearsal(
                await _dry_run(look.cluster, identity.as_new(wanted[key])),
                await _dry_run(look.cluster, in_place) if in_place else None,
            )
    return found


async def _asked_twice(
    look: _Look, live: Mapping[str, KubeObject], wanted: Mapping[str, KubeObject], answers: Mapping[str, DryRun]
) -> dict[str, DryRun]:
    """The answers; of what would change, with the paths at which a webhook answers otherwise each time."""
    first = {key: one.result for key, one in answers.items() if one.result is not None and key in live}
    changing = {key: result for key, result in first.items() if diff.compare(live[key], result)}
    if not changing or not await look.list(_WEBHOOK):
        return dict(answers)
    again = await look.all(_dry_run(look.cluster, wanted[key]) for key in changing)
    told = dict(answers)
    for (key, before), after in zip(changing.items(), again, strict=True):
        paths = frozenset(one.path for one in diff.compare(before, after.result)) if after.result else frozenset()
        told[key] = replace(answers[key], unknowable=paths)
    return told


async def _dry_run(cluster: Cluster, obj: KubeObject) -> DryRun:
    owners: tuple[tuple[str, str], ...] = ()
    try:
        try:
            result = await cluster.apply(obj, force=False, dry_run=True)
        except FieldConflict as conflict:
            owners = tuple(owner for owner in conflict.owners if owner[0] != FIELD_MANAGER)
            result = await cluster.apply(obj, force=True, dry_run=True)
    except Refused as refusal:
        return DryRun(None, refusal.status, refusal.found or refusal.message, causes=refusal.causes, owners=owners)
    except Busy as busy:
        return DryRun(None, 429, busy.found or busy.message, owners=owners)
    except ClusterProblem as problem:
        return DryRun(None, 0, str(problem), owners=owners)
    return DryRun(result, 200, owners=owners)


async def _denied(look: _Look, new: Revision, old: Revision | None) -> tuple[str, ...]:
    anything = Resource(Kind("*/*", "*"), "*", namespaced=False)
    if await look.cluster.allowed("*", anything):
        return ()
    rights = rbac.rights_needed((new, old), namespace=look.namespace, served=look.served)
    answers = await look.all(
        look.cluster.allowed(
            right.verb, right.asked_of, namespace=right.namespace, name=right.name, account=right.account
        )
        for right in rights
    )
    return tuple(dict.fromkeys(right.text for right, allowed in zip(rights, answers, strict=True) if not allowed))


async def _policy_gate(look: _Look) -> bool:
    found = await look.all(look.get(Ref(kind, "", GATE_POLICY)) for kind in (_POLICY, _BINDING))
    return all(found)


def _foreign(live: Mapping[str, KubeObject], set_id: str) -> dict[str, str]:
    return {
        key: owner for key, obj in live.items() if (owner := obj.labels.get(APPLYSET_PART_OF, "")) and owner != set_id
    }


async def _populated(look: _Look, live: Mapping[str, KubeObject], new: Revision) -> frozenset[str]:
    staying = {obj.ref.key for obj in new.everything}
    leaving = [obj for key, obj in live.items() if obj.kind == "CustomResourceDefinition" and key not in staying]
    listed = await look.all(look.list(defined(obj)) for obj in leaving)
    return frozenset(obj.ref.key for obj, objects in zip(leaving, listed, strict=True) if objects)


def defined(definition: KubeObject) -> Kind:
    """The kind that a CustomResourceDefinition defines, in the version that is stored."""
    versions = definition.get("spec", "versions", default=[])
    stored = next((version["name"] for version in versions if version.get("storage")), "")
    return Kind(f"{definition.get('spec', 'group')}/{stored}", str(definition.get("spec", "names", "kind")))
