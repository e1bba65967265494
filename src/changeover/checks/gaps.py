"""Decides what would make an unknown answer known: which collector brings the missing file, and why it did not. Pure.

* a list that may not be read: the right that is missing, as the API server said it
* a collector that was skipped, cut off or failed: why; agreement that it lacks is named as ``--allow`` takes it
* a namespace that was not looked at, or a file that no collector of the spec brings: what the spec would need
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from changeover.package.application import mappings, text, texts
from changeover.ports import Collector, Fetched
from changeover.settings import SKIPPED_FILE

_KINDS = {"cephStatus": "ceph", "postgres": "postgresql"}
"""Collectors that are called otherwise than their analyzer."""
_FOLDERS = {
    "cluster-info": "clusterInfo",
    "cluster-resources": "clusterResources",
    "secrets": "secret",
    "configmaps": "configMap",
    "longhorn": "longhorn",
}
_LONGEST = 300
"""Characters of an API server's words."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What was to be collected, how each collector fared, and what is there."""

    collectors: Sequence[Collector]
    fetched: Sequence[Fetched]
    files: Mapping[str, bytes]


def hint_for(path: str, kind: str, brought: Brought, *, host: bool = False) -> str:
    """What would bring the missing file at `path`, which an analyzer of `kind` asks for."""
    refused = _refused(path, brought.files)
    if refused:
        return refused
    collector = next((one for one in brought.collectors if _brings(one, path, kind, host=host)), None)
    if collector is None:
        return f"no collector of the spec brings {path}"
    told = next((one for one in brought.fetched if one.title == collector.title), None)
    if told is not None and told.state != "done":
        return f"its collector {told.title} {'was ' if told.state == 'skipped' else 'is '}{told.state}: {told.reason}"
    namespaces, parts = texts(collector.spec.get("namespaces")), path.split("/")
    named = parts[2].removesuffix(".json") if len(parts) > 2 else ""
    if collector.kind == "clusterResources" and namespaces and named and named not in namespaces:
        return f"namespace {named} is not among those that clusterResources is to look at: {', '.join(namespaces)}"
    return f"its collector {collector.title} brought no {path}"


def _refused(path: str, files: Mapping[str, bytes]) -> str:
    """What the API server said to whoever wanted to read the list."""
    parts = path.split("/")
    if parts[0] != "cluster-resources" or len(parts) < 2:
        return ""
    name = parts[1].removesuffix(".json")
    raw = files.get(f"cluster-resources/{name}-errors.json")
    try:
        told = json.loads(raw) if raw else None
    except ValueError:
        return ""
    words = next(iter(told.values() if isinstance(told, Mapping) else told or ()), "")
    return f"the right to list {name} is missing: {' '.join(str(words).split())[:_LONGEST]}" if words else ""


def _brings(collector: Collector, path: str, kind: str, *, host: bool) -> bool:
    if host is (collector.place == "cluster"):
        return False
    names = {text(collector.spec.get(one)) for one in ("collectorName", "name")} - {""}
    same_kind = collector.kind in {kind, _KINDS.get(kind, kind)}
    if same_kind or _FOLDERS.get(path.partition("/")[0]) == collector.kind:
        return not names or any(_in(name, path) for name in names)
    return path.partition("/")[0] in names


def _in(name: str, path: str) -> bool:
    return any(name in (part, part.rpartition(".")[0], part.removesuffix("-packages.json")) for part in path.split("/"))


def told_in(files: Mapping[str, bytes], titles: Collection[str]) -> tuple[Fetched, ...]:
    """How collectors fared, as our bundles say it; `titles`: of the collectors of their specs."""
    skipped = [
        Fetched(text(one.get("collector")), "skipped", text(one.get("reason")))
        for one in mappings(_json(files.get(SKIPPED_FILE)))
    ]
    return (*skipped, *_cut_off(files, titles))


def _cut_off(files: Mapping[str, bytes], titles: Collection[str]) -> Iterator[Fetched]:
    for one in (Fetched(title, "partial") for title in dict.fromkeys(titles)):
        if one.error_file in files:
            yield replace(one, reason=", ".join(texts(_json(files[one.error_file]))))


def _json(raw: bytes | None) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None
