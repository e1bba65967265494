"""The operator's labels, annotations and environment variables on the objects of a release, and what they may not do.

* a matcher names apiVersion, kind and name, each exactly or ``*``; of several that set the same key the last one wins
* environment variables match by name alone; they are appended to all containers of a workload's pods
* pods inherit from their parents' template: a Pod is never matched itself. A Job's template cannot change once the Job
  is there, so its pods inherit nothing; the Job itself does
* what the release says itself always wins; every override that was rejected for it is reported
* selectors and claim templates are never touched, so adding a label to what runs needs no deletion
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from changeover.errors import Problem
from changeover.objects import GROUP, KubeObject
from changeover.render import finish
from changeover.render.revision import Remark, Revision

REJECTED = "override-rejected"
UNUSED = "customisation-unused"

_ANY = "*"
_KEY = re.compile(r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")
_LABEL_VALUE = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")
_RESERVED = (f"{GROUP}/", "applyset.kubernetes.io/")
_TEMPLATES = {
    "Deployment": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
"""Where the template of the pods of a kind stands; a Job's is left alone."""


class BadCustomisation(Problem):
    """A customisation that cannot be understood, or that Kubernetes would refuse."""

    reference = "bad-customisation"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One entry of the operator's list."""

    api_version: str = _ANY
    kind: str = _ANY
    name: str = _ANY
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    env: Sequence[Mapping[str, Any]] = ()

    def fits(self, obj: KubeObject) -> bool:
        """Whether labels and annotations go to this object."""
        pairs = ((self.api_version, obj.api_version), (self.kind, obj.kind), (self.name, obj.name))
        return obj.kind != "Pod" and all(wanted in (_ANY, found) for wanted, found in pairs)

    @property
    def words(self) -> str:
        """``Deployment/server``."""
        return f"{self.kind}/{self.name}"


def read(entries: Iterable[Any]) -> tuple[Matcher, ...]:
    """Matchers of entries, in their order. Raises BadCustomisation."""
    return tuple(_matcher(entry, place) for place, entry in enumerate(entries, 1))


def customise(revision: Revision, matchers: Sequence[Matcher]) -> Revision:
    """The revision with what the operator wants on top, and remarks on everything that was not done."""
    if not matchers:
        return revision
    work = _Work(matchers)
    objects = tuple(work.customised(obj) for obj in revision.objects)
    work.tell_unused()
    remarks = (*revision.remarks, *work.remarks)
    if objects == revision.objects:
        return replace(revision, remarks=remarks)
    digest = finish.digest([revision.digest, [obj.raw for obj in objects]])
    return replace(revision, objects=objects, digest=digest, remarks=remarks)


class _Work:
    """One pass over the objects of a revision."""

    def __init__(self, matchers: Sequence[Matcher]) -> None:
        self.matchers = matchers
        self.remarks: list[Remark] = []
        self.used: set[int] = set()

    def customised(self, obj: KubeObject) -> KubeObject:
        fitting = [one for one in self.matchers if one.fits(obj)]
        named = [one for one in self.matchers if one.env and one.name in (_ANY, obj.name)]
        path = _TEMPLATES.get(obj.kind, ())
        self.used |= {id(one) for one in fitting} | ({id(one) for one in named} if path else set())
        raw = dict(obj.raw)
        for part in ("labels", "annotations"):
            wanted = {key: value for one in fitting for key, value in getattr(one, part).items()}
            if wanted:
                raw["metadata"] = self._with(raw.get("metadata") or {}, part, wanted, where=f"{obj.ref} metadata")
                raw = self._in_template(raw, path, part, wanted=wanted, where=str(obj.ref))
        variables = {str(one["name"]): one for matcher in named for one in matcher.env}
        if variables and path:
            raw = _at(raw, (*path, "spec"), lambda pod: self._with_env(pod, variables, where=str(obj.ref)))
        return KubeObject(raw) if raw != obj.raw else obj

    def _in_template(
        self, raw: dict[str, Any], path: Sequence[str], part: str, *, wanted: Mapping[str, str], where: str
    ) -> dict[str, Any]:
        if not path:
            return raw
        told = f"{where} pods"
        return _at(raw, (*path, "metadata"), lambda metadata: self._with(metadata, part, wanted, where=told))

    def _with(self, metadata: Mapping[str, Any], part: str, wanted: Mapping[str, str], *, where: str) -> dict[str, Any]:
        own = metadata.get(part) or {}
        for key, value in wanted.items():
            if key in own and own[key] != value:
                self._reject(f"{where}: {part[:-1]} {key} stays {own[key]}; the release says so")
        return {**metadata, part: {**own, **{key: value for key, value in wanted.items() if key not in own}}}

    def _with_env(
        self, pod: Mapping[str, Any], variables: Mapping[str, Mapping[str, Any]], *, where: str
    ) -> dict[str, Any]:
        done = dict(pod)
        for group in ("initContainers", "containers"):
            if pod.get(group):
                done[group] = [self._container(one, variables, where=where) for one in pod[group]]
        return done

    def _container(
        self, container: Mapping[str, Any], variables: Mapping[str, Mapping[str, Any]], *, where: str
    ) -> Mapping[str, Any]:
        own = container.get("env") or []
        known = {one.get("name"): one for one in own if isinstance(one, Mapping)}
        for name, one in variables.items():
            if name in known and known[name] != one:
                self._reject(f"{where} container {container.get('name')}: variable {name} stays as the release says")
        added = [dict(one) for name, one in variables.items() if name not in known]
        return {**container, "env": [*own, *added]} if added else container

    def _reject(self, message: str) -> None:
        hint = "what the release says itself cannot be overridden; ask the vendor, or choose another key"
        self.remarks.append(Remark(REJECTED, message, hint=hint))

    def tell_unused(self) -> None:
        """Matchers that fit nothing are most likely mistakes."""
        for one in self.matchers:
            if id(one) not in self.used:
                why = "pods inherit from their parents: match those" if one.kind == "Pod" else "no object is called so"
                self.remarks.append(Remark(UNUSED, f"the customisation of {one.words} changes nothing: {why}"))


def _at(raw: Mapping[str, Any], path: Sequence[str], change: Any) -> dict[str, Any]:
    """A copy in which the mapping at a path is changed; a path that leads nowhere below the first part is made."""
    if not path:
        changed: dict[str, Any] = change(raw)
        return changed
    inside = raw.get(path[0])
    return {**raw, path[0]: _at(inside if isinstance(inside, Mapping) else {}, path[1:], change)}


def _matcher(entry: Any, place: int) -> Matcher:
    if not isinstance(entry, Mapping):
        raise BadCustomisation(f"Customisation {place} must be a mapping.", found=f"a {type(entry).__name__}")
    metadata, spec = entry.get("metadata") or {}, entry.get("spec") or {}
    unknown = (
        (set(entry) - {"apiVersion", "kind", "metadata", "spec"})
        | {f"metadata.{name}" for name in set(metadata) - {"name", "labels", "annotations"}}
        | {f"spec.{name}" for name in set(spec) - {"env"}}
    )
    if unknown:
        raise BadCustomisation(
            f"Customisation {place} says what cannot be customised.",
            found=", ".join(sorted(unknown)),
            hint="metadata.labels, metadata.annotations and spec.env can, by apiVersion, kind and metadata.name; "
            "more takes an overlay",
        )
    matcher = Matcher(
        api_version=str(entry.get("apiVersion") or _ANY),
        kind=str(entry.get("kind") or _ANY),
        name=str(metadata.get("name") or _ANY),
        labels=_texts(metadata.get("labels"), place),
        annotations=_texts(metadata.get("annotations"), place),
        env=tuple(spec.get("env") or ()),
    )
    for wrong in _wrong(matcher):
        raise BadCustomisation(f"Customisation {place}: {wrong}.")
    return matcher


def _texts(found: Any, place: int) -> dict[str, str]:
    pairs = found or {}
    if not isinstance(pairs, Mapping) or not all(isinstance(value, str) for value in pairs.values()):
        raise BadCustomisation(
            f"Customisation {place}: labels and annotations map texts to texts.",
            found=str(sorted(pairs) if isinstance(pairs, Mapping) else type(pairs).__name__),
            hint='quote what looks like a number or a truth: "8080", "true"',
        )
    return {str(key): value for key, value in pairs.items()}


def _wrong(matcher: Matcher) -> Iterator[str]:
    for key in (*matcher.labels, *matcher.annotations):
        if key.startswith(_RESERVED):
            yield f"{key} is ours"
        elif not _KEY.match(key):
            yield f"{key} is no name of a label or annotation"
    for key, value in matcher.labels.items():
        if not _LABEL_VALUE.match(value):
            yield f"label {key} cannot have the value {value!r}"
    for one in matcher.env:
        if not isinstance(one, Mapping) or not isinstance(one.get("name"), str) or not one["name"]:
            yield "a variable needs a name"
        elif set(one) - {"name", "value", "valueFrom"} or not isinstance(one.get("value", ""), str):
            yield f"variable {one['name']} has a name with a value (quoted) or a valueFrom"
