"""One object changes hands at an adoption: it is marked, then its fields are taken over; both carry what was read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.actions.outside import Outside
from changeover.objects import REVISION_ANNOTATION, KubeObject, Ref
from changeover.plan import ownership
from changeover.plan.dress import VERSION_ANNOTATION
from changeover.ports import Conflict
from changeover.render.revision import Revision
from changeover.settings import APPLYSET_PART_OF

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Marks:
    """What an adopted object carries from then on."""

    set_id: str
    revision: Revision

    def as_patch(self, obj: KubeObject) -> dict[str, Any]:
        """A merge patch that puts them on exactly this state of an object."""
        annotations = {REVISION_ANNOTATION: self.revision.digest, VERSION_ANNOTATION: self.revision.version}
        read = {"resourceVersion": obj.resource_version, "uid": obj.uid}
        return {"metadata": {**read, "labels": {APPLYSET_PART_OF: self.set_id}, "annotations": annotations}}

    def are_on(self, obj: KubeObject) -> bool:
        """Whether the object has them."""
        return (
            obj.labels.get(APPLYSET_PART_OF) == self.set_id
            and obj.annotations.get(REVISION_ANNOTATION) == self.revision.digest
        )


async def hand_over(outside: Outside, ref: Ref, marks: Marks, managers: Sequence[str]) -> bool:
    """Mark an object and take its fields; True when its spec was changed by somebody meanwhile."""
    spec: Any = None
    for attempt in range(_ATTEMPTS):
        live = await outside.cluster.get(ref)
        if live is None:
            return False
        spec = live.get("spec") if spec is None else spec
        try:
            if not marks.are_on(live):
                live = await outside.cluster.patch(ref, marks.as_patch(live))
            hand = ownership.take_over(live, managers)
            done = await outside.cluster.patch(ref, entries_patch(live, hand.entries))
        except Conflict:
            if attempt == _ATTEMPTS - 1:
                raise
            continue
        return bool(done.get("spec") != spec)
    raise AssertionError


def entries_patch(obj: KubeObject, entries: Iterable[ownership.Entry]) -> list[dict[str, Any]]:
    """A JSON patch that replaces ``managedFields`` of exactly this state of an object."""
    return [
        {"op": "test", "path": "/metadata/uid", "value": obj.uid},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": obj.resource_version},
        {"op": "replace", "path": "/metadata/managedFields", "value": [dict(entry) for entry in entries]},
    ]
