"""The order of changes: KOTS' order, cut into waves whose changes are independent of each other.

* creation phases ascending (kots.io/creation-phase; charts come after manifests); within a phase the kind order below,
  which is Helm's, with the workloads that keep data before the others
* foundations (Namespaces, definitions, classes) are awaited, because later objects cannot be accepted without them
* otherwise only what the author waits for (kots.io/wait-for-*) is awaited: a Job without a wait does not hold up others
* what leaves goes last, in reverse order: workloads before what they use
* hooks are waves of their own: pre-… before the objects of their chart, post-… after them; of what leaves before and
  after all that leaves
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from changeover.plan import hooks
from changeover.plan.data import why_data
from changeover.plan.hooks import HookRun
from changeover.plan.model import Effect, ObjectChange
from changeover.plan.strategy import Await, Wave, is_applied
from changeover.render.revision import Revision

_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("foundations", ("PriorityClass", "Namespace", "StorageClass", "IngressClass", "CustomResourceDefinition")),
    (
        "settings, access and services",
        (
            "NetworkPolicy",
            "ResourceQuota",
            "LimitRange",
            "PodSecurityPolicy",
            "PodDisruptionBudget",
            "ServiceAccount",
            "Secret",
            "SecretList",
            "ConfigMap",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "ClusterRole",
            "ClusterRoleList",
            "ClusterRoleBinding",
            "ClusterRoleBindingList",
            "Role",
            "RoleList",
            "RoleBinding",
            "RoleBindingList",
            "Service",
        ),
    ),
    ("data stores", ()),
    (
        "workloads",
        (
            "DaemonSet",
            "Pod",
            "ReplicationController",
            "ReplicaSet",
            "Deployment",
            "HorizontalPodAutoscaler",
            "StatefulSet",
        ),
    ),
    ("jobs", ("Job", "CronJob")),
    ("entrances", ("Ingress", "APIService")),
)
_TITLES = (*(title for title, _ in _GROUPS), "everything else")
_DATA_STORES = 2
_WORKLOADS = 3
_GROUP_OF = {kind: number for number, (_, kinds) in enumerate(_GROUPS) for kind in kinds}
_AWAITED = frozenset({"Namespace", "CustomResourceDefinition"})
_WORKING = frozenset({_DATA_STORES, _WORKLOADS, _WORKLOADS + 1})


def in_waves(changes: Iterable[ObjectChange], revision: Revision, runs: Iterable[HookRun] = ()) -> tuple[Wave, ...]:
    """The changes towards `revision`, each with its wave's number, waves in order; `runs` = hooks on the way."""
    changes, runs = tuple(changes), tuple(runs)
    pending = {change.ref.key: change for change in changes if change.handler == hooks.HANDLER}
    others = _of_objects([change for change in changes if change.ref.key not in pending], revision)
    around = _of_hooks(runs, pending)
    ordered = [one for _, one in sorted((*others, *around), key=lambda pair: pair[0])]
    return tuple(_wave(number, one, revision.waits) for number, one in enumerate(ordered))


@dataclass(frozen=True, slots=True)
class _Set:
    title: str
    changes: Sequence[ObjectChange]
    hooks: tuple[HookRun, ...] = ()


_Place = tuple[int, int, int]
"""(0 = what stays | 1 = what leaves, phase, group); hooks are before the first or after the last group."""
_FIRST, _LAST = -1, 99


def _of_objects(changes: Iterable[ObjectChange], revision: Revision) -> Iterator[tuple[_Place, _Set]]:
    present = {obj.ref.key: obj for obj in revision.objects}
    sets: dict[tuple[int, int], list[ObjectChange]] = {}
    leaving: dict[int, list[ObjectChange]] = {}
    for change in changes:
        key = change.ref.key
        if change.effect in {Effect.PRUNE, Effect.KEEP}:
            group = _GROUP_OF.get(change.ref.kind.name, len(_GROUPS))
            leaving.setdefault(_leaving_order(group), []).append(change)
            continue
        group = _group(change, is_store=key in present and bool(why_data(present[key])))
        sets.setdefault((revision.phases.get(key, 0), group), []).append(change)
    for (phase, group), inside in sets.items():
        yield (0, phase, group), _Set(_title(group, phase), inside)
    for order, inside in leaving.items():
        yield (1, 0, order), _Set(("removing workloads", "removing the rest", "removing foundations")[order], inside)


def _of_hooks(runs: Sequence[HookRun], pending: dict[str, ObjectChange]) -> Iterator[tuple[_Place, _Set]]:
    """One set for each event of each release; a hook's change is shown where it is run first."""
    for event, release in dict.fromkeys((run.event, run.release) for run in runs):
        inside = tuple(run for run in runs if (run.event, run.release) == (event, release))
        shown = [change for run in inside if (change := pending.pop(run.key, None)) is not None]
        side, _, what = event.partition("-")
        place = (1, 0) if what == "delete" else (0, inside[0].phase)
        yield (*place, _FIRST if side == "pre" else _LAST), _Set(f"{event} of {release}", shown, inside)


def _group(change: ObjectChange, *, is_store: bool) -> int:
    group = _GROUP_OF.get(change.ref.kind.name, len(_GROUPS))
    return _DATA_STORES if group == _WORKLOADS and is_store else group


def _leaving_order(group: int) -> int:
    if group in _WORKING:
        return 0
    return 2 if group == 0 else 1


def _title(group: int, phase: int) -> str:
    return _TITLES[group] if phase == 0 else f"{_TITLES[group]} (phase {phase})"


def _wave(number: int, one: _Set, waits: Mapping[str, tuple[tuple[str, str], ...]]) -> Wave:
    inside = tuple(replace(change, wave=number) for change in one.changes)
    awaits = [
        Await(change.ref.key, waits.get(change.ref.key, (("ready", "true"),)))
        for change in inside
        if is_applied(change)
        and change.handler != hooks.HANDLER
        and (change.ref.key in waits or change.ref.kind.name in _AWAITED)
    ]
    return Wave(number, one.title, inside, tuple(awaits), one.hooks)
