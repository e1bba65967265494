"""Judge a support bundle that somebody sent, by specs that are given or that it holds; no cluster is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from changeover.actions import checking
from changeover.actions.checking import Checked
from changeover.checks import gaps, specs
from changeover.checks.bundle import SPEC_FILE, Mask
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.ports import Collected

_ROOTS = frozenset({"cluster-resources", "cluster-info", "host-collectors"})
"""Folders of a bundle; one of them is not the folder in which the bundle lies."""
_SPECS = (".yaml", ".yml")


def analyze(
    bundle: Mapping[str, bytes],
    files: Sequence[tuple[str, str]] = (),
    *,
    now: datetime,
    values: Mapping[str, Any] | None = None,
) -> Checked:
    """The findings on a bundle's files of the spec files, or without any of the specs within. Raises NoSpec."""
    inside = _without_top(bundle)
    documents = checking.of_files(files, values=values).documents if files else _stored(inside)
    found = specs.read(documents)
    if not found.analyzers and not found.host_analyzers:
        raise specs.NoSpec(
            "There is no analyzer by which this support bundle could be judged.",
            found=", ".join(found.documents) or "no spec in it",
            hint="name a file with analyzers by --spec",
        )
    collectors = (*found.collectors, *found.host_collectors)
    fetched = gaps.told_in(inside, [one.title for one in collectors])
    bench = checking.Bench(gaps.Brought(collectors, fetched, inside), Mask(found.redactors), now)
    return Checked(found, Collected(inside, fetched), checking.judge_all(found, bench))


def _without_top(bundle: Mapping[str, bytes]) -> Mapping[str, bytes]:
    tops = {path.partition("/")[0] for path in bundle}
    if len(tops) != 1 or tops & _ROOTS or any("/" not in path for path in bundle):
        return bundle
    return {path.partition("/")[2]: content for path, content in bundle.items()}


def _stored(inside: Mapping[str, bytes]) -> Sequence[Mapping[str, Any]]:
    """Specs that lie in a bundle: those that made one of ours, else files beside its folders and in ConfigMaps."""
    made = _documents(inside.get(SPEC_FILE, b""), SPEC_FILE)
    return made or list(_lying(inside))


def _lying(inside: Mapping[str, bytes]) -> Iterator[Mapping[str, Any]]:
    for path, content in inside.items():
        if "/" not in path and path.endswith(_SPECS):
            yield from _documents(content, path)
        if path.startswith("cluster-resources/configmaps/") and path.endswith(".json"):
            yield from _documents(content, path)


def _documents(content: bytes, path: str) -> Sequence[Mapping[str, Any]]:
    """What a file holds; one that cannot be read holds nothing."""
    try:
        if path.endswith(".json"):
            return specs.documents_within(_config_maps(content))
        return specs.documents_of(content.decode(errors="replace"), file=path)
    except (Problem, ValueError, TypeError, AttributeError):
        return ()


def _config_maps(content: bytes) -> Sequence[KubeObject]:
    told = json.loads(content)
    items = told.get("items") if isinstance(told, dict) else told
    listed = [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []
    return [KubeObject({"apiVersion": "v1", **one, "kind": "ConfigMap"}) for one in listed]
