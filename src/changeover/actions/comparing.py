"""What differs between two releases or revisions, object by object and field by field, secrets masked.

Releases are rendered with the answers that hold now; a revision is compared as it was kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from changeover.actions import customising, following, installations, keys, revisions
from changeover.actions.outside import Outside
from changeover.objects import KubeObject
from changeover.plan import diff, show
from changeover.plan.masking import Masking
from changeover.plan.model import FieldChange
from changeover.render.revision import Revision

SIGN = "#"
"""``#3`` is revision 3; anything else is a release of the channel."""


@dataclass(frozen=True, slots=True)
class Change:
    """One object that is not the same on both sides."""

    object: str
    how: Literal["added", "removed", "changed"]
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides, and what differs."""

    before: str
    after: str
    changes: tuple[Change, ...]
    same: int
    """Objects that are equal on both sides."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


async def compare(outside: Outside, installation: str, before: str, after: str) -> Comparison:
    """Compare two sides; an empty `before` is what runs, an empty `after` the newest release.

    Raises UnknownRelease, NoRevision.
    """
    followed = await installations.find(outside, installation)
    before = before or f"{SIGN}{revisions.running_number(followed)}"
    left, right = await _side(outside, followed, before), await _side(outside, followed, after)
    key = (await keys.keys_of(outside, followed)).masking
    masking = Masking.of(key, (*left.secrets, *right.secrets), objects=(*left.objects, *right.objects))
    changes = tuple(_changes(left, right, masking))
    touched = sum(one.how != "added" for one in changes)
    words = (_word(name, one) for name, one in ((before, left), (after, right)))
    return Comparison(next(words), next(words), changes, len(left.objects) - touched)


def _word(name: str, side: Revision) -> str:
    return f"{side.version} (revision {name[1:]})" if name.startswith(SIGN) else side.version


async def _side(outside: Outside, installation: KubeObject, name: str) -> Revision:
    if name.startswith(SIGN):
        number = int(name[1:]) if name[1:].isdigit() else -1
        revisions.entry(installation, number)
        return await revisions.load(outside, installation, number)
    source = following.source_of(outside, installation)
    catalog = await source.catalog()
    release = catalog.find(name) if name or catalog.newest is None else catalog.newest
    rendered = await following.render(outside, installation, source, release, over=following.Over())
    return await customising.applied(outside, rendered, installation, None)


def _changes(left: Revision, right: Revision, masking: Masking) -> Iterator[Change]:
    before = {obj.ref.key: obj for obj in left.objects}
    after = {obj.ref.key: obj for obj in right.objects}
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old is None and new is not None:
            yield Change(str(new.ref), "added")
        elif new is None and old is not None:
            yield Change(str(old.ref), "removed")
        elif old is not None and new is not None and (found := diff.compare(old, new)):
            yield Change(str(new.ref), "changed", show.shown(found, new.kind, masking=masking))
