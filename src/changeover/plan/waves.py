"""The order of changes: KOTS' order, cut into waves whose changes are independent of each other.

* creation phases ascending (kots.io/creation-phase; charts come after manifests); within a phase the kind order below,
  which is Helm's, with the workloads that keep data before the others
* foundations (Namespaces, definitions, classes) are awaited, because later objects cannot be accepted without them
* otherwise only what the author waits for (kots.io/wait-for-*) is awaited: a Job without a wait does not hold up others
* what leaves goes last, in reverse order: workloads before what they use
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from changeover.plan.data import why_data
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


def in_waves(changes: Iterable[ObjectChange], revision: Revision) -> tuple[Wave, ...]:
    """The changes towards `revision`, each with its wave's number, waves in order."""
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
    waves = [(_title(group, phase), sets[phase, group]) for phase, group in sorted(sets)]
    waves += [
        (("removing workloads", "removing the rest", "removing foundations")[n], leaving[n]) for n in sorted(leaving)
    ]
    return tuple(_wave(number, title, inside, revision.waits) for number, (title, inside) in enumerate(waves))


def _group(change: ObjectChange, *, is_store: bool) -> int:
    group = _GROUP_OF.get(change.ref.kind.name, len(_GROUPS))
    return _DATA_STORES if group == _WORKLOADS and is_store else group


def _leaving_order(group: int) -> int:
    if group in _WORKING:
        return 0
    return 2 if group == 0 else 1


def _title(group: int, phase: int) -> str:
    return _TITLES[group] if phase == 0 else f"{_TITLES[group]} (phase {phase})"


def _wave(
    number: int, title: str, changes: Sequence[ObjectChange], waits: Mapping[str, tuple[tuple[str, str], ...]]
) -> Wave:
    inside = tuple(replace(change, wave=number) for change in changes)
    awaits = [
        Await(change.ref.key, waits.get(change.ref.key, (("ready", "true"),)))
        for change in inside
        if is_applied(change) and (change.ref.key in waits or change.ref.kind.name in _AWAITED)
    ]
    return Wave(number, title, inside, tuple(awaits))
