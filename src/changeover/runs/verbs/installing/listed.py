"""The objects that an installer says it made: read from its ConfigMap, looked at, compared with before.

* the list is a YAML or JSON stream of manifests (or only their apiVersion, kind and metadata), or a list of them
* an object is compared by its content without what the server and controllers write; one that was deleted and made
  again is told apart from one that was changed
* what may not be read is counted, not guessed
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from changeover.objects import Kind, KubeObject, Ref
from changeover.package import yaml_text
from changeover.ports import Cluster, Refused
from changeover.release.profile import Listing
from changeover.settings import PARALLEL

CONFIG_MAP = Kind("v1", "ConfigMap")
MOST = 500
"""Objects that are looked at one by one."""
_WRITTEN_BY_SERVER = frozenset(
    {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"}
)
_HOLDS_DATA = frozenset({"PersistentVolumeClaim", "PersistentVolume"})


@dataclass(frozen=True, slots=True)
class Seen:
    """The listed objects as they are now."""

    live: Mapping[str, KubeObject] = field(default_factory=dict)
    """By `Ref.key`."""
    listed: int = 0
    unreadable: int = 0
    problem: str = ""
    """Why there is no list; empty when there is one."""

    def marks(self) -> dict[str, list[str]]:
        """Per object its uid and a digest of its content, as the journal keeps it."""
        return {key: [obj.uid[:8], _digest(obj)] for key, obj in self.live.items()}


async def look(cluster: Cluster, listing: Listing, namespace: str) -> Seen:
    """Read the list and every object on it."""
    found = await cluster.get(Ref(CONFIG_MAP, namespace, listing.config_map))
    if found is None:
        return Seen(problem=f"ConfigMap {listing.config_map} is not there")
    data: Mapping[str, Any] = found.get("data", default={})
    texts = [str(data.get(listing.key, ""))] if listing.key else [str(one) for _, one in sorted(data.items())]
    try:
        refs = await _refs(cluster, texts, namespace)
    except yaml_text.BrokenYaml as problem:
        return Seen(problem=f"ConfigMap {listing.config_map} is no list of objects: {problem.message}")
    limit = asyncio.Semaphore(PARALLEL)

    async def one(ref: Ref) -> KubeObject | Refused | None:
        async with limit:
            try:
                return await cluster.get(ref)
            except Refused as refused:
                return refused

    answers = await asyncio.gather(*(one(ref) for ref in refs[:MOST]))
    live = {obj.ref.key: obj for obj in answers if isinstance(obj, KubeObject)}
    return Seen(live, len(refs), sum(isinstance(one, Refused) for one in answers))


async def _refs(cluster: Cluster, texts: list[str], namespace: str) -> list[Ref]:
    served = await cluster.served()
    found: dict[str, Ref] = {}
    for text in texts:
        for _, document in yaml_text.load_stream(text):
            for raw in _manifests(document):
                kind = Kind(str(raw["apiVersion"]), str(raw["kind"]))
                resource = served.get((kind.api_version, kind.name))
                metadata = raw.get("metadata") or {}
                where = str(metadata.get("namespace") or namespace)
                ref = Ref(kind, where if resource is None or resource.namespaced else "", str(metadata.get("name")))
                found[ref.key] = ref
    return list(found.values())


def _manifests(document: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(document, list):
        for one in document:
            yield from _manifests(one)
    elif isinstance(document, Mapping):
        if isinstance(document.get("items"), list):
            yield from _manifests(document["items"])
        elif {"apiVersion", "kind"} <= document.keys() and isinstance(document.get("metadata"), Mapping):
            yield document


def compare(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What an installer did to its objects: created, changed, replaced (made again), removed; keys, sorted."""
    both = before.keys() & after.keys()
    return {
        "created": sorted(after.keys() - before.keys()),
        "changed": sorted(key for key in both if before[key][0] == after[key][0] and before[key][1] != after[key][1]),
        "replaced": sorted(key for key in both if before[key][0] != after[key][0]),
        "removed": sorted(before.keys() - after.keys()),
    }


def lost_data(compared: Mapping[str, list[str]]) -> list[str]:
    """Claims and volumes that are gone or were made again: what they held is gone."""
    return [key for key in (*compared["removed"], *compared["replaced"]) if key.partition("/")[0] in _HOLDS_DATA]


def _digest(obj: KubeObject) -> str:
    metadata = {key: value for key, value in obj.metadata.items() if key not in _WRITTEN_BY_SERVER}
    content = {**{key: value for key, value in obj.raw.items() if key != "status"}, "metadata": metadata}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:12]
