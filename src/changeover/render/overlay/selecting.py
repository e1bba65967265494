"""Which objects of a release a patch is for: the one that it names, or those that its target selects.

* a patch names apiVersion, kind and name exactly; without a namespace it means the Installation's own
* of a target, group, version, kind, name and namespace are regular expressions that match the whole; what is left out
  matches everything; ``labelSelector`` and ``annotationSelector`` are as for kubectl
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from changeover.gotemplate.sprig.re2 import BadPattern, Pattern, compile_pattern
from changeover.objects import KubeObject
from changeover.render.overlay.problems import BadOverlay, Place

_PARTS = ("group", "version", "kind", "name", "namespace")
_FIELDS = frozenset({*_PARTS, "labelSelector", "annotationSelector"})
_SET = re.compile(r"^(\S+)\s+(in|notin)\s*\(([^()]*)\)$")
_EQUAL = re.compile(r"^([^\s=!]+)\s*(==|=|!=)\s*([^\s=!]*)$")
_COMMA = re.compile(r",(?![^(]*\))")


@dataclass(frozen=True, slots=True)
class Named:
    """The one object that a patch names."""

    api_version: str
    kind: str
    name: str
    namespace: str
    """As the patch says it, else the Installation's."""

    def fits(self, obj: KubeObject) -> bool:
        """Whether this is the object."""
        return obj.api_version == self.api_version and self.nearly(obj)

    def nearly(self, obj: KubeObject) -> bool:
        """Whether it is the object, perhaps of another apiVersion."""
        return (obj.kind, obj.name) == (self.kind, self.name) and obj.namespace in ("", self.namespace)

    @property
    def words(self) -> str:
        """``Deployment/web``."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition of a selector: `values` None asks only whether the key is there."""

    key: str
    values: frozenset[str] | None
    wanted: bool = True

    def holds(self, found: object) -> bool:
        """Whether labels or annotations fulfil it; what is no mapping has none."""
        found = found if isinstance(found, Mapping) else {}
        fits = self.key in found if self.values is None else found.get(self.key) in self.values
        return fits is self.wanted


@dataclass(frozen=True, slots=True)
class Target:
    """A selector of objects; `words` is how the operator wrote it."""

    patterns: Mapping[str, Pattern]
    labels: tuple[Requirement, ...]
    annotations: tuple[Requirement, ...]
    words: str
    kind: str = ""
    """The kind's expression."""

    def fits(self, obj: KubeObject) -> bool:
        """Whether it selects this object."""
        group, _, version = obj.api_version.rpartition("/")
        found = {"group": group, "version": version, "kind": obj.kind, "name": obj.name, "namespace": obj.namespace}
        return (
            all(pattern.is_in(found[part]) for part, pattern in self.patterns.items())
            and all(one.holds(obj.labels) for one in self.labels)
            and all(one.holds(obj.annotations) for one in self.annotations)
        )


def target(found: object, place: Place) -> Target:
    """Read a patch's target. Raises BadOverlay."""
    if not isinstance(found, Mapping) or set(found) - _FIELDS or not found:
        said = ", ".join(sorted(map(str, found))) if isinstance(found, Mapping) else type(found).__name__
        raise BadOverlay(
            f"{place}: a target selects by {', '.join(sorted(_FIELDS))}.",
            found=said or "nothing",
            hint="a target without any of them would mean every object",
        )
    texts = {str(name): str(value) for name, value in found.items() if value not in (None, "")}
    return Target(
        {part: _pattern(texts[part], part, place) for part in _PARTS if part in texts},
        _requirements(texts.get("labelSelector", ""), place),
        _requirements(texts.get("annotationSelector", ""), place),
        ", ".join(f"{name} {value}" for name, value in texts.items()),
        texts.get("kind", ""),
    )


def _pattern(text: str, part: str, place: Place) -> Pattern:
    try:
        return compile_pattern(f"^(?:{text})$")
    except BadPattern:
        raise BadOverlay(f"{place}: the target's {part} is no regular expression.", found=text) from None


def _requirements(text: str, place: Place) -> tuple[Requirement, ...]:
    return tuple(_requirement(one.strip(), place) for one in _COMMA.split(text) if one.strip())


def _requirement(text: str, place: Place) -> Requirement:
    if match := _SET.match(text):
        key, how, values = match.groups()
        return Requirement(key, frozenset(one.strip() for one in values.split(",")), how == "in")
    if match := _EQUAL.match(text):
        key, how, value = match.groups()
        return Requirement(key, frozenset({value}), how != "!=")
    if not re.search(r"[\s=()]", text.removeprefix("!")):
        return Requirement(text.removeprefix("!"), None, not text.startswith("!"))
    raise BadOverlay(f"{place}: a selector is a list of key=value, key in (…), key or !key.", found=text)
