"""StatefulSet (apps/v1): the API server refuses everything but seven fields, and does not say which field it was.

So the fields are compared here: the selector, each claim template by name, serviceName, podManagementPolicy, and
whatever else stands in the spec outside of the seven.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from changeover.objects import KubeObject
from changeover.plan.diff import ABSENT, Difference, overlay_values
from changeover.plan.immutables.frozen import Frozen, differing
from changeover.plan.immutables.remedy import KEEPING_PODS, Remedy
from changeover.plan.immutables.selectors import selector_changes

MUTABLE = frozenset(
    {
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    }
)
HINT = "a claim template under another name means new, empty volumes; ask the vendor how to move the data"
_DEFAULTS: Mapping[str, Any] = {"serviceName": "", "podManagementPolicy": "OrderedReady"}
_REASONS = {
    "serviceName": "the governing Service is part of the pods' names in DNS",
    "podManagementPolicy": "the order in which pods are made is fixed at creation",
}


def frozen_fields(live: KubeObject, desired: KubeObject) -> Iterator[Frozen]:
    """Every difference outside of the fields that may change."""
    yield from selector_changes(live, desired, hint=HINT)
    yield from _claim_templates(live, desired)
    for name in desired.get("spec", default={}):
        if name in MUTABLE or name in {"selector", "volumeClaimTemplates", *_DEFAULTS}:
            continue
        for change in differing(live, desired, "spec", name):
            yield Frozen(change, "Kubernetes changes only seven fields of a StatefulSet; this is none of them", HINT)
    for name, default in _DEFAULTS.items():
        before, after = live.get("spec", name) or default, desired.get("spec", name) or default
        if before != after:
            yield Frozen(Difference(("spec", name), before, after), _REASONS[name], HINT)


def cure(live: KubeObject, desired: KubeObject, frozen: Sequence[Frozen]) -> Remedy | None:
    """Its pods and claims are kept; but a claim template of another name would leave its data behind."""
    if _by_name(live).keys() != _by_name(desired).keys():
        return None
    prices = [KEEPING_PODS.price]
    paths = [one.difference.path for one in frozen]
    if any(path[:2] == ("spec", "volumeClaimTemplates") for path in paths):
        prices.append("the claims that it has stay as they are, only later ones follow the new template")
    if ("spec", "serviceName") in paths:
        prices.append("each pod's own DNS name follows its Service at the pod's next restart")
    return replace(KEEPING_PODS, price="; ".join(prices))


def _claim_templates(live: KubeObject, desired: KubeObject) -> Iterator[Frozen]:
    before, after = _by_name(live), _by_name(desired)
    for name in [*before, *(name for name in after if name not in before)]:
        path = ("spec", "volumeClaimTemplates", f"[name={name}]")
        for change in overlay_values(before.get(name, ABSENT), after.get(name, ABSENT), path):
            yield Frozen(change, "the claims of the pods were made from this template and keep their form", HINT)


def _by_name(obj: KubeObject) -> dict[str, Mapping[str, Any]]:
    """Claim templates in one form: the parts that matter, with absent ones filled in, so that dropping one shows."""
    return {
        template["metadata"]["name"]: {
            "metadata": {
                "labels": dict(template["metadata"].get("labels") or {}),
                "annotations": dict(template["metadata"].get("annotations") or {}),
            },
            "spec": {
                "volumeMode": "Filesystem",
                "storageClassName": "",
                "volumeName": "",
                **(template.get("spec") or {}),
            },
        }
        for template in obj.get("spec", "volumeClaimTemplates", default=[])
    }
