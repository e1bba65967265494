"""The data guard: what holds data, and whether it may go.

* claims and volumes hold data; so do workloads that mount claims or make them (StatefulSet, Deployment, Pod …)
* a CustomResourceDefinition holds the objects of its kind; a Namespace holds everything in it
* such an object is removed only when its name was typed: ``StatefulSet/mysql`` (or its whole key)
"""

from __future__ import annotations

from changeover.objects import KubeObject, Ref

_ALWAYS = {
    "PersistentVolumeClaim": "it is a claim on a volume",
    "PersistentVolume": "it is a volume",
    "Namespace": "everything in the namespace would go with it",
}


def why_data(obj: KubeObject, *, populated: frozenset[str] = frozenset()) -> str:
    """Why the object holds data, in words; empty when it does not. `populated` = keys of definitions with objects."""
    if obj.kind in _ALWAYS and not obj.ref.kind.group:
        return _ALWAYS[obj.kind]
    if obj.kind == "CustomResourceDefinition":
        return "objects of its kind exist and would go with it" if obj.ref.key in populated else ""
    if obj.get("spec", "volumeClaimTemplates", default=[]):
        return "its pods have claims of their own"
    claims = claims_of(obj)
    return f"its pods use {_list(claims)}" if claims else ""


def claims_of(obj: KubeObject) -> tuple[str, ...]:
    """Names of the claims that a workload's pods mount (not those made from claim templates)."""
    pod = obj.get("spec", default={}) if obj.kind == "Pod" else obj.get("spec", "template", "spec", default={})
    volumes = pod.get("volumes") or []
    names = (((volume or {}).get("persistentVolumeClaim") or {}).get("claimName") for volume in volumes)
    return tuple(name for name in names if name)


def is_accepted(ref: Ref, accepted: frozenset[str]) -> bool:
    """Whether a person typed this object's name."""
    return str(ref) in accepted or ref.key in accepted


def _list(claims: tuple[str, ...]) -> str:
    return ("claim " if len(claims) == 1 else "claims ") + ", ".join(claims)
