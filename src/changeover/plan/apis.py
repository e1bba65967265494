"""Which API versions a cluster serves, and which a later Kubernetes will not: for the update, the way back, and ahead.

* an object of the new release in a version that is not served blocks the update (`classes`); the replacement is named
* an object of the old release in such a version that is not in the cluster either only blocks a *later* way back to
  that release: this run's own way back restores what lived
* one that lives, served under another version, could not be applied again as the old release has it: there is no way
  back at all once the change has begun
* an object that the new release drops and that is not served is nobody's trouble

`REMOVALS` is the Deprecated API Migration Guide (kubernetes.io/docs/reference/using-api/deprecation-guide) and, from
1.34 on, what Kubernetes' API lifecycle gives a beta version: it is removed six minor releases after it came.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from changeover.errors import Problem
from changeover.objects import Kind, KubeObject
from changeover.plan.model import Finding, Severity
from changeover.render.revision import Revision

_NAMED = 5
_VERSION = re.compile(r"^v?1\.(\d{1,3})(?:[.+-].*)?$")


class BadVersion(Problem):
    """Not a version of Kubernetes."""

    reference = "bad-kubernetes-version"


@dataclass(frozen=True, slots=True)
class Removal:
    """Kinds of one API version that Kubernetes 1.`minor` does not serve any more."""

    api_version: str
    kinds: tuple[str, ...]
    minor: int
    instead: str
    """The version that serves the kind now, or in words what replaces it."""

    @property
    def words(self) -> str:
        """``use policy/v1``."""
        return f"use {self.instead}" if re.fullmatch(r"\S+", self.instead) else self.instead


_WORKLOADS = ("DaemonSet", "Deployment", "ReplicaSet")
_WEBHOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_RBAC = ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
_FLOW = ("FlowSchema", "PriorityLevelConfiguration")
_STORAGE = ("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment")
_POLICIES = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
_NO_PSP = "label namespaces for Pod Security Admission; there is no replacement under the same name"

REMOVALS: tuple[Removal, ...] = (
    Removal("extensions/v1beta1", _WORKLOADS, 16, "apps/v1"),
    Removal("extensions/v1beta1", ("NetworkPolicy",), 16, "networking.k8s.io/v1"),
    Removal("extensions/v1beta1", ("PodSecurityPolicy",), 16, _NO_PSP),
    Removal("apps/v1beta1", ("Deployment", "StatefulSet"), 16, "apps/v1"),
    Removal("apps/v1beta2", (*_WORKLOADS, "StatefulSet"), 16, "apps/v1"),
    Removal("admissionregistration.k8s.io/v1beta1", _WEBHOOKS, 22, "admissionregistration.k8s.io/v1"),
    Removal("apiextensions.k8s.io/v1beta1", ("CustomResourceDefinition",), 22, "apiextensions.k8s.io/v1"),
    Removal("apiregistration.k8s.io/v1beta1", ("APIService",), 22, "apiregistration.k8s.io/v1"),
    Removal("certificates.k8s.io/v1beta1", ("CertificateSigningRequest",), 22, "certificates.k8s.io/v1"),
    Removal("coordination.k8s.io/v1beta1", ("Lease",), 22, "coordination.k8s.io/v1"),
    Removal("extensions/v1beta1", ("Ingress",), 22, "networking.k8s.io/v1"),
    Removal("networking.k8s.io/v1beta1", ("Ingress", "IngressClass"), 22, "networking.k8s.io/v1"),
    Removal("rbac.authorization.k8s.io/v1beta1", _RBAC, 22, "rbac.authorization.k8s.io/v1"),
    Removal("scheduling.k8s.io/v1beta1", ("PriorityClass",), 22, "scheduling.k8s.io/v1"),
    Removal("storage.k8s.io/v1beta1", _STORAGE, 22, "storage.k8s.io/v1"),
    Removal("batch/v1beta1", ("CronJob",), 25, "batch/v1"),
    Removal("discovery.k8s.io/v1beta1", ("EndpointSlice",), 25, "discovery.k8s.io/v1"),
    Removal("events.k8s.io/v1beta1", ("Event",), 25, "events.k8s.io/v1"),
    Removal("autoscaling/v2beta1", ("HorizontalPodAutoscaler",), 25, "autoscaling/v2"),
    Removal("policy/v1beta1", ("PodDisruptionBudget",), 25, "policy/v1"),
    Removal("policy/v1beta1", ("PodSecurityPolicy",), 25, _NO_PSP),
    Removal("node.k8s.io/v1beta1", ("RuntimeClass",), 25, "node.k8s.io/v1"),
    Removal("flowcontrol.apiserver.k8s.io/v1beta1", _FLOW, 26, "flowcontrol.apiserver.k8s.io/v1"),
    Removal("autoscaling/v2beta2", ("HorizontalPodAutoscaler",), 26, "autoscaling/v2"),
    Removal("storage.k8s.io/v1beta1", ("CSIStorageCapacity",), 27, "storage.k8s.io/v1"),
    Removal("flowcontrol.apiserver.k8s.io/v1beta2", _FLOW, 29, "flowcontrol.apiserver.k8s.io/v1"),
    Removal("flowcontrol.apiserver.k8s.io/v1beta3", _FLOW, 32, "flowcontrol.apiserver.k8s.io/v1"),
    Removal("admissionregistration.k8s.io/v1beta1", _POLICIES, 34, "admissionregistration.k8s.io/v1"),
    Removal("networking.k8s.io/v1beta1", ("IPAddress", "ServiceCIDR"), 37, "networking.k8s.io/v1"),
    Removal("storage.k8s.io/v1beta1", ("VolumeAttributesClass",), 37, "storage.k8s.io/v1"),
)


def removal_of(kind: Kind) -> Removal | None:
    """When a kind in this version stops being served; None when nothing is known."""
    return next((one for one in REMOVALS if one.api_version == kind.api_version and kind.name in one.kinds), None)


def hint(kind: Kind) -> str:
    """What to do about a version that is not served; empty when nothing is known."""
    found = removal_of(kind)
    return f"Kubernetes 1.{found.minor} removed it: {found.words}" if found else ""


def minor(version: str) -> int:
    """The 37 of ``1.37`` or ``v1.37.2``. Raises BadVersion."""
    match = _VERSION.match(version.strip())
    if match is None:
        raise BadVersion("A version of Kubernetes looks like 1.37.", found=version)
    return int(match.group(1))


def ahead(revision: Revision, version: str) -> tuple[Finding, ...]:
    """What of a revision a cluster of this version would not serve. Raises BadVersion."""
    wanted = minor(version)
    gone: dict[Removal, list[KubeObject]] = {}
    for obj in revision.everything:
        removal = removal_of(obj.ref.kind)
        if removal and removal.minor <= wanted:
            gone.setdefault(removal, []).append(obj)
    return tuple(
        Finding(
            "removed-api",
            Severity.BLOCKS,
            f"Kubernetes 1.{wanted} does not serve {removal.api_version} {objects[0].kind}: "
            f"{_list([obj.name for obj in objects])} of {revision.version} (removed in 1.{removal.minor}).",
            found=f"{len(objects)} object{'s' if len(objects) > 1 else ''}",
            hint=removal.words,
            ref=objects[0].ref,
        )
        for removal, objects in gone.items()
    )


def removed_later(revision: Revision, served: Collection[tuple[str, str]]) -> Iterator[Finding]:
    """Versions that are served still and will not be: for the next upgrade of the cluster."""
    found: dict[Removal, list[str]] = {}
    for obj in revision.everything:
        removal = removal_of(obj.ref.kind)
        if removal and (obj.api_version, obj.kind) in served:
            found.setdefault(removal, []).append(str(obj.ref))
    for removal, names in found.items():
        yield Finding(
            "api-removed-later",
            Severity.NOTES,
            f"Kubernetes 1.{removal.minor} will not serve {removal.api_version} of {_list(names)}.",
            hint=f"{removal.words}; `changeover check --kubernetes 1.{removal.minor}` looks ahead",
        )


def lost(old: Revision | None, served: Collection[tuple[str, str]]) -> tuple[KubeObject, ...]:
    """Objects of the old revision in versions that are not served."""
    return tuple(obj for obj in (old.objects if old else ()) if (obj.api_version, obj.kind) not in served)


def for_the_way_back(
    old: Revision | None, served: Collection[tuple[str, str]], live: Collection[str]
) -> Iterator[Finding]:
    """What only blocks going back; `live` holds the `Ref.key` of what is in the cluster."""
    gone = lost(old, served)
    absent = [obj for obj in gone if obj.ref.key not in live]
    if old is not None and absent:
        kinds = sorted({f"{obj.api_version} {obj.kind}" for obj in absent})
        hints = sorted({text for obj in absent if (text := hint(obj.ref.kind))})
        yield Finding(
            "way-back-unserved",
            Severity.WARNS,
            f"A later rollback to {old.version} is refused: the cluster no longer serves {', '.join(kinds)}.",
            found=f"{_list([str(obj.ref) for obj in absent])}; they are not in the cluster now either",
            hint="; ".join(["a rollback during this run brings back what runs now, without them", *hints]),
        )
    why = no_way_back(old, served, live)
    if why:
        yield Finding(
            "no-way-back",
            Severity.WARNS,
            f"Once the change has begun there is no way back: {why}.",
            found=_list([f"{obj.ref} as {obj.api_version}" for obj in gone if obj.ref.key in live]),
            hint="; ".join(sorted({text for obj in gone if (text := hint(obj.ref.kind))})),
        )


def no_way_back(old: Revision | None, served: Collection[tuple[str, str]], live: Collection[str]) -> str:
    """Why this run could not go back to the old revision, in words; empty when it could."""
    gone = [obj for obj in lost(old, served) if obj.ref.key in live]
    kinds = sorted({f"{obj.api_version} {obj.kind}" for obj in gone})
    return f"the cluster no longer serves {', '.join(kinds)}, in which the old release is written" if gone else ""


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
