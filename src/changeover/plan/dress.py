"""What is added to, and taken from, an object of a revision before it is sent to the cluster.

One pure function serves the dry run and the run engine's APPLY, so that prediction and execution cannot differ:

* the revision annotation and the version annotation are added; the ApplySet's part-of label when there is one.
  They go on the object only, never into a template: a template's change restarts pods.
* `spec.replicas` is removed where an autoscaler decides on it, else every update would reset it
* `status` and what only the server sets are removed; `stringData` becomes `data`; null and empty metadata goes
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from changeover.objects import GROUP, REVISION_ANNOTATION, KubeObject
from changeover.settings import APPLYSET_PART_OF

VERSION_ANNOTATION = f"{GROUP}/version"
"""On every applied object: the version of the release it was applied for, for people; the revision is the truth."""

SERVER_SIDE = frozenset({"creationTimestamp", "managedFields", "resourceVersion", "uid", "generation", "selfLink"})
"""Metadata that only the server writes."""


def dress(
    obj: KubeObject,
    revision: str,
    *,
    applyset_id: str = "",
    autoscaled: frozenset[str] = frozenset(),
    version: str = "",
) -> KubeObject:
    """The object as it is sent; `revision` is a digest, `autoscaled` holds the keys of workloads that an HPA scales."""
    raw = {name: value for name, value in obj.raw.items() if name != "status"}
    raw["metadata"] = _metadata(obj, revision, applyset_id=applyset_id, version=version)
    if obj.kind == "Secret" and raw.get("stringData") is not None:
        raw["data"] = _encoded(raw.pop("stringData"), raw.get("data") or {})
    if obj.ref.key in autoscaled and isinstance(raw.get("spec"), Mapping):
        raw["spec"] = {name: value for name, value in raw["spec"].items() if name != "replicas"}
    return KubeObject(raw)


def _metadata(obj: KubeObject, revision: str, *, applyset_id: str, version: str) -> dict[str, Any]:
    kept = {name: value for name, value in obj.metadata.items() if name not in SERVER_SIDE and value is not None}
    annotations = {**obj.annotations, REVISION_ANNOTATION: revision}
    if version:
        annotations[VERSION_ANNOTATION] = version
    kept["annotations"] = annotations
    labels = {**obj.labels, APPLYSET_PART_OF: applyset_id} if applyset_id else dict(obj.labels)
    if labels:
        kept["labels"] = labels
    return kept


def _encoded(plain: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in plain.items()}
    return {**data, **encoded}
