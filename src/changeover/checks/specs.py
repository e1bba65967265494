"""Decides what is to be collected and judged: the Troubleshoot documents of files, packages and clusters, merged. Pure.

* kinds: Preflight, SupportBundle, Collector, Analyzer, Redactor, and their host and remote forms, of
  ``troubleshoot.sh/v1beta2``; the older ``troubleshoot.replicated.com/v1beta1`` reads the same
* ``v1beta3`` documents are templates over values (``{{ .Values.x }}``, Sprig) and read as v1beta2 afterwards
* the same collector or analyzer asked for twice is there once; namespaces of clusterResources are joined
* cluster information and resources are always collected: analyzers read them
* what excludes itself is left out; a kind that we do not know stays, by its name, to be told as skipped
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from changeover.errors import Problem
from changeover.gotemplate import parse, sprig
from changeover.objects import KubeObject
from changeover.package import yaml_text
from changeover.package.application import mapping, mappings, text, texts
from changeover.ports import Collector
from changeover.settings import IMAGE, LIGHT

GROUPS = ("troubleshoot.sh/", "troubleshoot.replicated.com/")
KINDS = frozenset(
    {
        "Preflight",
        "SupportBundle",
        "Collector",
        "Analyzer",
        "Redactor",
        "HostPreflight",
        "HostCollector",
        "RemoteCollector",
    }
)
LABELS = ("troubleshoot.sh/kind", "troubleshoot.io/kind")
DATA_KEYS = ("support-bundle-spec", "preflight.yaml", "preflight-spec", "redactor-spec")
"""Where Secrets and ConfigMaps hold a spec."""

LISTS = ("collectors", "analyzers", "hostCollectors", "hostAnalyzers", "remoteCollectors", "redactors")
"""Fields of a document that hold entries."""
Place = Literal["cluster", "host", "nodes"]
ALWAYS = ("clusterInfo", "clusterResources")
_TEMPLATED = re.compile(r"^apiVersion:\s*[\"']?troubleshoot\.sh/v1beta3\b", re.MULTILINE)


class NoSpec(Problem):
    """A file, package or cluster that says nothing about what to check."""

    reference = "no-spec"


class BrokenSpec(Problem):
    """A Troubleshoot document that is not shaped as one: what it asks for would be passed over in silence."""

    reference = "broken-spec"


@dataclass(frozen=True, slots=True)
class Specs:
    """What is to be done, in order; analyzers and redactors as documents have them."""

    collectors: tuple[Collector, ...] = ()
    analyzers: tuple[Mapping[str, Any], ...] = ()
    redactors: tuple[Mapping[str, Any], ...] = ()
    host_collectors: tuple[Collector, ...] = ()
    host_analyzers: tuple[Mapping[str, Any], ...] = ()
    documents: tuple[str, ...] = field(default=())
    """``Preflight gitpod``: what was read."""

    def complete(self) -> Specs:
        """The same with what is always collected of a cluster, resources first and copies last."""
        if self.host_collectors and not self.collectors and not self.analyzers:
            return self
        there = {one.kind for one in self.collectors}
        added = [Collector(kind, {}) for kind in ALWAYS if kind not in there]
        ordered = sorted((*added, *self.collectors), key=lambda one: _RANK.get(one.kind, 2))
        return Specs(tuple(ordered), *(getattr(self, name) for name in Specs.__slots__[1:]))


_RANK = {"clusterInfo": 0, "clusterResources": 1, "copy": 3, "copyFromHost": 3}


def lighter(wanted: Specs) -> Specs:
    """The same, leaving out what takes long and no analyzer of it reads."""
    reads = {kind_of(one) for one in wanted.analyzers}
    files = [text(mapping(one.get(kind_of(one))).get("fileName")) for one in wanted.analyzers]
    if reads & {"clusterResource", "imagePullSecret", "velero"} or any(
        "custom-resources" in file or "/logs/" in file for file in files
    ):
        return wanted
    light = tuple(
        Collector(one.kind, {**one.spec, LIGHT: True}) if one.kind == "clusterResources" else one
        for one in wanted.complete().collectors
    )
    return replace(wanted, collectors=light)


def in_pods(collectors: Iterable[Collector], image: str) -> tuple[Collector, ...]:
    """The same, those that look at each node by pods of this image."""
    return tuple(
        replace(one, spec={**one.spec, IMAGE: image}) if one.place == "nodes" and image else one for one in collectors
    )


def is_spec(raw: Mapping[str, Any]) -> bool:
    """Whether a document is one of Troubleshoot's."""
    return text(raw.get("apiVersion")).startswith(GROUPS) and raw.get("kind") in KINDS


def read(documents: Iterable[Mapping[str, Any]], *, kinds: frozenset[str] = KINDS) -> Specs:
    """Merge documents of these kinds; others are left out."""
    collectors: list[Collector] = []
    hosts: list[Collector] = []
    analyzers: list[Mapping[str, Any]] = []
    host_analyzers: list[Mapping[str, Any]] = []
    redactors: list[Mapping[str, Any]] = []
    names: list[str] = []
    for raw in documents:
        if not is_spec(raw) or raw["kind"] not in kinds:
            continue
        spec, is_host = mapping(raw.get("spec")), str(raw["kind"]).startswith("Host")
        names.append(f"{raw['kind']} {text(mapping(raw.get('metadata')).get('name'))}".strip())
        place: Place = "nodes" if is_true(spec.get("runHostCollectorsInPod")) else "host"
        ours: Place = "cluster" if not is_host else place
        ours = "nodes" if raw["kind"] == "RemoteCollector" else ours
        (collectors if ours == "cluster" else hosts).extend(_collectors(spec.get("collectors"), ours))
        hosts += _collectors(spec.get("hostCollectors"), place)
        hosts += _collectors(spec.get("remoteCollectors"), "nodes")
        (host_analyzers if is_host else analyzers).extend(_included(spec.get("analyzers")))
        host_analyzers += _included(spec.get("hostAnalyzers"))
        redactors += mappings(spec.get("redactors"))
    return Specs(
        tuple(_joined(_unique(collectors))),
        tuple(_unique(analyzers)),
        tuple(_unique(redactors)),
        tuple(_unique(hosts)),
        tuple(_unique(host_analyzers)),
        tuple(dict.fromkeys(names)),
    )


def documents_for(wanted: Specs) -> list[Mapping[str, Any]]:
    """The documents that ask for the same, as a bundle keeps them; without redactors, for they hold what they hide.

    One for each place where host collectors look, because a document says that of all of its own.
    """
    nodes = [one for one in wanted.host_collectors if one.place == "nodes"]
    here = [one for one in wanted.host_collectors if one.place != "nodes"]
    first = {
        "collectors": _entries(wanted.collectors),
        "analyzers": list(wanted.analyzers),
        "hostCollectors": _entries(here),
        "hostAnalyzers": list(wanted.host_analyzers),
    }
    second = {"hostCollectors": _entries(nodes), "runHostCollectorsInPod": True}
    return [
        {"apiVersion": f"{GROUPS[0]}v1beta2", "kind": "SupportBundle", "metadata": {"name": name}, "spec": spec}
        for name, spec in (("collected", first), ("collected-of-nodes", second))
        if name == "collected" or nodes
    ]


def _entries(collectors: Iterable[Collector]) -> list[Mapping[str, Any]]:
    return [
        {one.kind: {key: value for key, value in one.spec.items() if key not in {IMAGE, LIGHT}}} for one in collectors
    ]


def documents_of(written: str, *, file: str, values: Mapping[str, Any] | None = None) -> list[Mapping[str, Any]]:
    """The Troubleshoot documents of a text, templated ones rendered. Raises BrokenYaml, TemplateProblem."""
    if _TEMPLATED.search(written):
        written = parse(written, name=file, functions=sprig.pure()).render({"Values": values or {}})
    loaded = (data for _, data in yaml_text.load_stream(written, file=file))
    return [data for data in loaded if isinstance(data, Mapping) and is_spec(data)]


def refuse_broken(documents: Iterable[Mapping[str, Any]], *, file: str) -> None:
    """Raises BrokenSpec where something else stands than a list of entries of one kind each."""
    for raw in documents:
        spec = raw.get("spec")
        if not isinstance(spec, Mapping | None):
            raise BrokenSpec(f"{file}: spec of {raw['kind']} must be a mapping.", found=_short(spec))
        for name in LISTS:
            listed = mapping(spec).get(name)
            entries = listed if isinstance(listed, list) else [] if listed is None else [listed]
            wrong = [one for one in entries if not isinstance(one, Mapping) or not one]
            if wrong or not isinstance(listed, list | None):
                raise BrokenSpec(
                    f"{file}: {name} of {raw['kind']} must be a list of entries.",
                    found=_short(wrong[0] if wrong else listed),
                    hint="each entry begins with a dash and the name of its kind: `- clusterVersion:`",
                )


def _short(value: Any) -> str:
    return json.dumps(value, default=str)[:60]


def documents_within(objects: Iterable[KubeObject]) -> list[Mapping[str, Any]]:
    """The documents that labelled Secrets and ConfigMaps hold."""
    found: list[Mapping[str, Any]] = []
    for obj in objects:
        if obj.kind in {"Secret", "ConfigMap"} and any(label in obj.labels for label in LABELS):
            for key, written in _texts_of(obj):
                if key in DATA_KEYS:
                    found += documents_of(written, file=f"{obj.ref} {key}")
    return found


def kind_of(analyzer: Mapping[str, Any]) -> str:
    """The kind of an analyzer's entry: ``clusterVersion``; empty for an entry that says nothing."""
    return next(iter(analyzer), "")


def is_true(value: Any) -> bool:
    """Whether a flag that may be written as text says yes."""
    return value is True or (isinstance(value, str) and value.strip() in {"true", "True", "TRUE", "1", "t", "T"})


def is_strict(analyzer: Mapping[str, Any]) -> bool:
    """Whether failing it must keep the application from being installed."""
    return is_true(mapping(analyzer.get(kind_of(analyzer))).get("strict"))


def _texts_of(obj: KubeObject) -> Iterator[tuple[str, str]]:
    for key, value in (obj.get("stringData") or {}).items():
        yield key, str(value)
    for key, value in (obj.get("data") or {}).items():
        if obj.kind == "ConfigMap":
            yield key, str(value)
            continue
        try:
            yield key, base64.b64decode(str(value)).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue


def _collectors(entries: Any, place: Place) -> Iterator[Collector]:
    for entry in _included(entries):
        kind = next(iter(entry))
        yield Collector(kind, mapping(entry[kind]), place)


def _included(entries: Any) -> list[Mapping[str, Any]]:
    """Entries of one kind each; ``clusterInfo:`` without anything is one, what excludes itself is none."""
    named = [{kind: said for kind, said in entry.items() if kind != "docString"} for entry in mappings(entries)]
    return [entry for entry in named if entry and not is_true(mapping(next(iter(entry.values()))).get("exclude"))]


def _unique(entries: Iterable[Any]) -> list[Any]:
    found: dict[str, Any] = {}
    for entry in entries:
        found.setdefault(_identity(entry), entry)
    return list(found.values())


def _identity(entry: Any) -> str:
    told = {entry.place: {entry.kind: entry.spec}} if isinstance(entry, Collector) else entry
    return json.dumps(told, sort_keys=True, default=str)


def _joined(collectors: Sequence[Collector]) -> Iterator[Collector]:
    """One clusterResources for all: every namespace when one of them names none."""
    several = [one.spec for one in collectors if one.kind == "clusterResources"]
    namespaces = [texts(spec.get("namespaces")) for spec in several]
    everywhere = not all(namespaces)
    joined: dict[str, Any] = {key: value for spec in several for key, value in spec.items()}
    joined["namespaces"] = [] if everywhere else list(dict.fromkeys(name for group in namespaces for name in group))
    done = False
    for one in collectors:
        if one.kind != "clusterResources":
            yield one
        elif not done:
            done = True
            yield Collector(one.kind, joined)
