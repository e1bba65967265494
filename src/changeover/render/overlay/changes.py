"""What an overlay can ask for, one value each: for which objects it is, and what becomes of them.

An image is meant by its name as it stands in the object, after it was redirected to a private registry.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jsonpatch

from changeover import images
from changeover.objects import KubeObject
from changeover.render.overlay import fields, merging
from changeover.render.overlay.problems import PatchFailed, Place
from changeover.render.overlay.schema import shape_of
from changeover.render.overlay.selecting import Named, Target

_FAILED = "change the overlay: `changeover customisations show`, then give it anew with --customisations"


class Change(Protocol):
    """One wish of an overlay."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        ...

    @property
    def words(self) -> str:
        """Whom it is for."""
        ...

    def fits(self, obj: KubeObject) -> bool:
        """Whether it is for this object."""
        ...

    def changed(self, obj: KubeObject) -> Mapping[str, Any] | None:
        """What becomes of the object; None = it goes. Raises PatchFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Strategic:
    """A strategic merge patch, for the object that it names or those that its target selects."""

    place: Place
    content: Mapping[str, Any]
    whom: Named | Target

    @property
    def words(self) -> str:
        """Whom it is for."""
        return self.whom.words

    def fits(self, obj: KubeObject) -> bool:
        """Whether it is for this object."""
        return self.whom.fits(obj)

    def changed(self, obj: KubeObject) -> Mapping[str, Any] | None:
        """The object merged with the patch; who an object is never changes."""
        metadata = self.content.get("metadata")
        inside = metadata if isinstance(metadata, Mapping) else {}
        others = {name: value for name, value in inside.items() if name not in {"name", "namespace"}}
        patch = {name: value for name, value in self.content.items() if name not in {"apiVersion", "kind", "metadata"}}
        if others:
            patch["metadata"] = others
        try:
            merged = merging.merge(obj.raw, patch, shape_of(obj.ref.kind.group, obj.kind))
        except merging.Unmergeable as error:
            raise PatchFailed(f"{self.place}: the patch does not fit {obj.ref}: {error}.", hint=_FAILED) from None
        return None if merged is merging.GONE else _same(obj, merged)


@dataclass(frozen=True, slots=True)
class Json:
    """A JSON patch (RFC 6902) for all that its target selects."""

    place: Place
    operations: Sequence[Mapping[str, Any]]
    lines: Sequence[int]
    """The line of each operation, for messages."""
    whom: Target

    @property
    def words(self) -> str:
        """Whom it is for."""
        return self.whom.words

    def fits(self, obj: KubeObject) -> bool:
        """Whether it is for this object."""
        return self.whom.fits(obj)

    def changed(self, obj: KubeObject) -> Mapping[str, Any] | None:
        """The object after all operations."""
        raw: Any = dict(obj.raw)
        for number, operation in enumerate(self.operations):
            try:
                raw = jsonpatch.apply_patch(raw, [dict(operation)])
            except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
                raise self._failed(obj, number, _why(error)) from None
            if not isinstance(raw, Mapping):
                raise self._failed(obj, number, "nothing is left of the object")
        return _same(obj, raw)

    def _failed(self, obj: KubeObject, number: int, why: str) -> PatchFailed:
        place, operation = Place(self.place.file, self.lines[number]), self.operations[number]
        what = f"{operation.get('op')} {operation.get('path')}"
        return PatchFailed(f"{place}: the operation `{what}` cannot be done on {obj.ref}.", found=why, hint=_FAILED)


def _why(error: Exception) -> str:
    """The reason in words that hold nothing of the object: it may be a Secret."""
    if isinstance(error, jsonpatch.JsonPatchTestFailed):
        return "the tested value is another"
    return str(error) if isinstance(error, jsonpatch.InvalidJsonPatch) else "there is no such place in the object"


def _same(obj: KubeObject, raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The changed object under its own name."""
    found = raw.get("metadata")
    inside = found if isinstance(found, Mapping) else {}
    metadata = {name: value for name, value in inside.items() if name != "annotations" or value}
    kept = {name: obj.metadata[name] for name in ("name", "namespace") if name in obj.metadata}
    return {**raw, "apiVersion": obj.api_version, "kind": obj.kind, "metadata": {**metadata, **kept}}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Labels or annotations on every object, at the places where kustomize writes them."""

    place: Place
    pairs: Mapping[str, str]
    specs: tuple[fields.FieldSpec, ...]
    words: str = "all objects"

    def fits(self, _obj: KubeObject) -> bool:
        """It is for all."""
        return True

    def changed(self, obj: KubeObject) -> Mapping[str, Any]:
        """The object with the pairs, which win."""
        return fields.written(obj, self.specs, self._on)

    def _on(self, own: Any) -> Any:
        return {**(own or {}), **self.pairs} if own is None or isinstance(own, Mapping) else own


@dataclass(frozen=True, slots=True)
class Replicas:
    """How many pods the workloads of a name have."""

    place: Place
    name: str
    count: int

    @property
    def words(self) -> str:
        """Whom it is for."""
        return f"workloads called {self.name}"

    def fits(self, obj: KubeObject) -> bool:
        """Whether it is a workload of this name."""
        return obj.name == self.name and obj.kind in fields.PATCHED

    def changed(self, obj: KubeObject) -> Mapping[str, Any]:
        """The object with the number."""
        return fields.written(obj, fields.REPLICAS, lambda _own: self.count)


@dataclass(frozen=True, slots=True)
class Image:
    """Another name, tag or digest for an image."""

    place: Place
    name: str
    new_name: str = ""
    tag: str = ""
    digest: str = ""

    @property
    def words(self) -> str:
        """Which image."""
        return f"image {self.name}"

    def fits(self, obj: KubeObject) -> bool:
        """Whether one of its containers runs the image."""
        return any(self._meant(str(one["image"])) for one in images.containers(obj.raw))

    def changed(self, obj: KubeObject) -> Mapping[str, Any]:
        """The object with the other image."""
        raw: dict[str, Any] = copy.deepcopy(dict(obj.raw))
        for container in images.containers(raw):
            found = self._meant(str(container["image"]))
            if found:
                container["image"] = self._other(found)
        return raw

    def _meant(self, reference: str) -> images.Image | None:
        image = images.parse(reference)
        return image if image and image.name == self.name else None

    def _other(self, found: images.Image) -> str:
        tag, digest = (self.tag, self.digest) if self.tag or self.digest else (found.tag, found.digest)
        return (self.new_name or found.name) + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
