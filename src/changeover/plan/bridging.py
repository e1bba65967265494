"""Which Services and policies must keep their hold on pods whose labels change in the same update.

Only those whose own selector changes along: one whose selector stays does not know the labels that change, or its
author has made a mistake that is his to mend.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from changeover.objects import KubeObject
from changeover.plan.immutables.identity import pod_labels
from changeover.plan.immutables.remedy import READOPT
from changeover.plan.model import Effect, ObjectChange

BRIDGE = "bridge"
"""Handler of a change that is brought about together with the labels of the pods."""
_CHANGED = frozenset({Effect.PATCH, Effect.RECREATE})
_POLICIES = frozenset({"NetworkPolicy.networking.k8s.io", "PodDisruptionBudget.policy"})


def bridged(
    changes: Iterable[ObjectChange], live: Mapping[str, KubeObject], new: Mapping[str, KubeObject]
) -> frozenset[str]:
    """Keys of the objects that change hold together with pods' labels."""
    changes = tuple(changes)
    pods = [
        (change.ref.namespace, pod_labels(live[change.ref.key]), pod_labels(new[change.ref.key]))
        for change in changes
        if change.handler == READOPT and change.ref.key in live and change.ref.key in new
    ]
    relabelled = [(home, before, after) for home, before, after in pods if before != after]
    found = set()
    for change in changes:
        key = change.ref.key
        if change.effect not in _CHANGED or key not in live or key not in new:
            continue
        homes = [(before, after) for home, before, after in relabelled if home == change.ref.namespace]
        if change.ref.kind.group_kind == "Service":
            if any(_follows(live[key], new[key], before, after) for before, after in homes):
                found.add(key)
        elif change.ref.kind.group_kind in _POLICIES and homes:
            found.add(key)
    return frozenset(found)


def _follows(live: KubeObject, new: KubeObject, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    old, wanted = live.get("spec", "selector", default={}), new.get("spec", "selector", default={})
    if not old or not wanted or old == wanted:
        return False
    return bool(old.items() <= before.items() and wanted.items() <= after.items())
