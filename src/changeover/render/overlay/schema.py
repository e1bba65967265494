"""Which lists of Kubernetes' own kinds a strategic merge patch merges element by element, and by which fields.

As Kubernetes' schemas say (``x-kubernetes-patch-merge-key``, ``x-kubernetes-list-map-keys``). Every other list, and
every list of a kind that is not here, is replaced whole: tolerations, args, a custom resource's lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Shape:
    """How a value is merged; `fields` are those of the mapping, or of each element of the list."""

    fields: Mapping[str, Shape] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    """A list whose elements are told apart by these fields."""
    united: bool = False
    """A list of texts to which a patch only adds."""


PLAIN = Shape()
DEFAULTS = {"protocol": "TCP"}
"""What a key means where it is left out."""


def _by(*keys: str, **fields: Shape) -> Shape:
    return Shape(fields, keys)


def _in(**fields: Shape) -> Shape:
    return Shape(fields)


_META = _in(finalizers=Shape(united=True), ownerReferences=_by("uid"))
_CONTAINERS = _by(
    "name",
    env=_by("name"),
    ports=_by("containerPort", "protocol"),
    volumeMounts=_by("mountPath"),
    volumeDevices=_by("devicePath"),
    resources=_in(claims=_by("name")),
)
_POD = _in(
    containers=_CONTAINERS,
    initContainers=_CONTAINERS,
    ephemeralContainers=_CONTAINERS,
    volumes=_by("name"),
    imagePullSecrets=_by("name"),
    hostAliases=_by("ip"),
    topologySpreadConstraints=_by("topologyKey", "whenUnsatisfiable"),
    resourceClaims=_by("name"),
    schedulingGates=_by("name"),
)
_TEMPLATED = _in(template=_in(metadata=_META, spec=_POD))
_WEBHOOKS = _in(metadata=_META, webhooks=_by("name", matchConditions=_by("name")))
_ADMISSION = _in(matchConditions=_by("name"), variables=_by("name"))
_SHAPES: Mapping[tuple[str, str], Shape] = {
    ("", "Pod"): _in(metadata=_META, spec=_POD),
    ("", "PodTemplate"): _in(metadata=_META, template=_in(metadata=_META, spec=_POD)),
    ("", "ReplicationController"): _in(metadata=_META, spec=_TEMPLATED),
    ("", "Service"): _in(metadata=_META, spec=_in(ports=_by("port", "protocol"))),
    ("", "ServiceAccount"): _in(metadata=_META, secrets=_by("name")),
    ("apps", "Deployment"): _in(metadata=_META, spec=_TEMPLATED),
    ("apps", "DaemonSet"): _in(metadata=_META, spec=_TEMPLATED),
    ("apps", "ReplicaSet"): _in(metadata=_META, spec=_TEMPLATED),
    ("apps", "StatefulSet"): _in(metadata=_META, spec=_TEMPLATED),
    ("batch", "Job"): _in(metadata=_META, spec=_TEMPLATED),
    ("batch", "CronJob"): _in(metadata=_META, spec=_in(jobTemplate=_in(metadata=_META, spec=_TEMPLATED))),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _WEBHOOKS,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _WEBHOOKS,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): _in(metadata=_META, spec=_ADMISSION),
}
_OTHER = _in(metadata=_META)
_BUILT_IN = (
    "",
    "apps",
    "autoscaling",
    "batch",
    "policy",
)


def shape_of(group: str, kind: str) -> Shape:
    """How objects of this kind are merged; only the lists of Kubernetes' own kinds are merged by key."""
    known = _SHAPES.get((group, kind))
    if known:
        return known
    return _OTHER if group in _BUILT_IN or group.endswith(".k8s.io") else PLAIN
