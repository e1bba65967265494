"""Applies an overlay to a revision, and says what of it was in vain.

* after the release is rendered, its images are redirected and labels, annotations and variables of the operator's are
  on: as KOTS has it, the downstream overlay comes last and has the last word
* a wish that no object fits, and one that changes nothing any more, is a remark: the release may have moved on
* an object that a patch deletes is no part of the revision; creation phases and waits follow changed annotations
* who an object is never changes, nor the values of a Secret
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from changeover import images
from changeover.objects import KubeObject
from changeover.render import finish, ordering, shape
from changeover.render.overlay.changes import Change, Strategic
from changeover.render.overlay.kustomization import Overlay, Resource
from changeover.render.overlay.patches import secret_in
from changeover.render.overlay.problems import BadOverlay
from changeover.render.overlay.selecting import Named
from changeover.render.revision import Remark, Revision

ABSENT = "overlay-target-absent"
IDLE = "overlay-changes-nothing"
_SECRET_PARTS = ("data", "stringData", "type")


@dataclass(frozen=True, slots=True)
class Applied:
    """The revision with an overlay on it, and every change that it made."""

    revision: Revision
    touched: tuple[Touch, ...]


@dataclass(frozen=True, slots=True)
class Touch:
    """One wish, carried out on one object; `after` None = it deleted the object."""

    change: Change
    before: KubeObject
    after: KubeObject | None


def apply(
    revision: Revision, overlay: Overlay, *, namespace: str, namespaced: shape.Namespaced | None = None
) -> Applied:
    """Put an overlay on a revision. Raises PatchFailed, SecretInOverlay, BadOverlay, UnusableObject."""
    objects = [*revision.objects, *_added(revision, overlay.resources, namespace=namespace, namespaced=namespaced)]
    work = _Work(objects)
    for change in overlay.changes:
        work.carry_out(change)
    done = tuple(obj for obj in work.objects if obj is not None)
    remarks = (*revision.remarks, *work.remarks)
    if done == revision.objects:
        return Applied(replace(revision, remarks=remarks), tuple(work.touched))
    return Applied(_revised(revision, done, remarks), tuple(work.touched))


def _added(
    revision: Revision, resources: Iterable[Resource], *, namespace: str, namespaced: shape.Namespaced | None
) -> list[KubeObject]:
    given = list(resources)
    scoped = shape.scopes([*(obj.raw for obj in revision.objects), *(one.raw for one in given)], namespaced)
    known = {obj.ref.key for obj in revision.objects}
    found: list[KubeObject] = []
    for one in given:
        obj = KubeObject(shape.normal(one.raw, namespace=namespace, namespaced=scoped))
        if obj.ref.key in known:
            raise BadOverlay(
                f"{one.place}: {obj.ref} is there already.",
                hint="the release or another file of the overlay has it: patch it instead of adding it",
            )
        known.add(obj.ref.key)
        found.append(obj)
    return found


class _Work:
    """The objects while one wish after the other is carried out; None stands where one was deleted."""

    def __init__(self, objects: list[KubeObject]) -> None:
        self.objects: list[KubeObject | None] = list(objects)
        self.remarks: list[Remark] = []
        self.touched: list[Touch] = []

    def carry_out(self, change: Change) -> None:
        fitting = [place for place, obj in enumerate(self.objects) if obj is not None and change.fits(obj)]
        if not fitting:
            self._tell(change, ABSENT, f"is for {change.words}, which this release does not have{self._nearly(change)}")
            return
        for place in fitting:
            obj = self.objects[place]
            if obj is not None:
                self.objects[place] = self._changed(change, obj)
        if not any(one.change is change for one in self.touched):
            self._tell(change, IDLE, f"changes nothing of {change.words}: the release says so itself")

    def _changed(self, change: Change, obj: KubeObject) -> KubeObject | None:
        raw = change.changed(obj)
        if raw is not None and obj.kind == "Secret" and obj.ref.kind.group == "":
            was, becomes = ({name: one.get(name) for name in _SECRET_PARTS} for one in (obj.raw, raw))
            if was != becomes:
                raise secret_in(change.place)
        if raw is not None and raw == obj.raw:
            return obj
        scoped = bool(obj.namespace)
        after = None if raw is None else KubeObject(shape.normal(raw, namespace="", namespaced=lambda _kind: scoped))
        if after is None or _sorted(after.raw) != _sorted(obj.raw):
            self.touched.append(Touch(change, obj, after))
        return after

    def _nearly(self, change: Change) -> str:
        if not isinstance(change, Strategic) or not isinstance(change.whom, Named):
            return ""
        whom = change.whom
        other = next((obj.api_version for obj in self.objects if obj is not None and whom.nearly(obj)), "")
        return f" as {whom.api_version}: there it is {other}" if other else ""

    def _tell(self, change: Change, reference: str, what: str) -> None:
        hint = "change or remove it: `changeover customisations show` writes the overlay out"
        self.remarks.append(
            Remark(reference, f"{change.place} of your overlay {what}", change.place.file, change.place.line, hint)
        )


def _sorted(value: Any) -> str:
    """The same text for values that differ only in the order of lists."""
    if isinstance(value, Mapping):
        return json.dumps({name: _sorted(one) for name, one in value.items()}, sort_keys=True)
    if isinstance(value, list):
        return json.dumps(sorted(_sorted(one) for one in value))
    return json.dumps(value)


def _revised(revision: Revision, objects: tuple[KubeObject, ...], remarks: tuple[Remark, ...]) -> Revision:
    before = {obj.ref.key: obj.raw for obj in revision.objects}
    phases, waits = dict(revision.phases), dict(revision.waits)
    for obj in objects:
        _follow(phases, ordering.phase_of, obj, before)
        _follow(waits, ordering.waits_of, obj, before)
    there = {obj.ref.key for obj in objects}
    return replace(
        revision,
        objects=objects,
        digest=finish.digest([revision.digest, [obj.raw for obj in objects]]),
        phases={key: value for key, value in phases.items() if key in there},
        waits={key: value for key, value in waits.items() if key in there},
        images=_images(revision, objects),
        remarks=remarks,
    )


def _follow(
    held: dict[str, Any], read: Callable[[Mapping[str, Any]], Any], obj: KubeObject, before: Mapping[str, Any]
) -> None:
    """Take what an object's annotations ask for when the overlay changed it, or added the object."""
    was, wanted = read(before.get(obj.ref.key, {})), read(obj.raw)
    if was == wanted:
        return
    if wanted:
        held[obj.ref.key] = wanted
    else:
        held.pop(obj.ref.key, None)


def _images(revision: Revision, objects: Iterable[KubeObject]) -> tuple[str, ...]:
    """Images that run now, and those that the release announces beyond what its own objects run."""
    ran, runs = _running(revision.objects), _running(objects)
    return tuple(sorted((set(revision.images) - (ran - runs)) | (runs - ran)))


def _running(objects: Iterable[KubeObject]) -> set[str]:
    return {str(container["image"]) for obj in objects for container in images.containers(obj.raw)}
