"""All that the operator wants on top of a release: labels, annotations and variables, and kustomize overlays.

Written as one list. Each entry is a matcher (`customise`), or ``overlay:`` with the files of a kustomize overlay by
path. The matchers come first, whatever their place; then the overlays, in their order: they have the last word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from changeover.package import yaml_text
from changeover.render import customise, shape
from changeover.render.customise import BadCustomisation
from changeover.render.overlay import applying, kustomization, overridden
from changeover.render.overlay.overridden import Form
from changeover.render.revision import Revision

OVERLAY = "overlay"
SOURCE = "customisations"
"""Where a revision's source holds the entries that it was rendered with."""
UNDONE = frozenset({customise.REJECTED, customise.UNUSED, applying.ABSENT, applying.IDLE, overridden.OVERRIDDEN})
"""References of remarks on what was not done, or was done against the operator's own word."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom the entries are applied for: the Installation's namespace, its cluster's kinds, its form."""

    namespace: str
    namespaced: shape.Namespaced | None = None
    form: Form | None = None


def from_text(text: str, *, name: str = "the customisations") -> tuple[dict[str, Any], ...]:
    """A list of entries, alone or under ``customization``. Raises BadCustomisation, BrokenYaml, and as an overlay."""
    data = yaml_text.load(text, file=name)
    listed = data.get("customization", data.get("customisations")) if isinstance(data, dict) else data
    if not isinstance(listed, list):
        raise BadCustomisation(
            f"{name} holds no list of customisations.",
            found=f"a {type(data).__name__}",
            hint="begin with `customization:` and a list of entries with kind, metadata.name and metadata.labels",
        )
    check(listed)
    return tuple(listed)


def check(entries: Sequence[Any]) -> None:
    """Refuse entries that cannot be understood. Raises BadCustomisation, BadOverlay, OverlayUnsupported and others."""
    _matchers(entries)
    _overlays(entries, "")


def apply(revision: Revision, entries: Sequence[Mapping[str, Any]], target: Target) -> Revision:
    """The revision with everything on top, its remarks and the entries in its source. Raises Problem."""
    done = customise.customise(revision, _matchers(entries))
    for one in _overlays(entries, target.namespace):
        applied = applying.apply(done, one, namespace=target.namespace, namespaced=target.namespaced)
        told = overridden.remarks(applied, target.form) if target.form else ()
        done = replace(applied.revision, remarks=(*applied.revision.remarks, *told))
    return replace(done, source={**done.source, SOURCE: [dict(entry) for entry in entries]})


def _matchers(entries: Sequence[Any]) -> tuple[customise.Matcher, ...]:
    return customise.read(one for one in entries if not _is_overlay(one))


def _is_overlay(entry: Any) -> bool:
    return isinstance(entry, Mapping) and OVERLAY in entry


def _overlays(entries: Sequence[Any], namespace: str) -> tuple[kustomization.Overlay, ...]:
    return tuple(kustomization.read(_files(one), namespace=namespace) for one in entries if _is_overlay(one))


def _files(entry: Mapping[str, Any]) -> Mapping[str, str]:
    files = entry[OVERLAY]
    if set(entry) != {OVERLAY} or not isinstance(files, Mapping):
        raise BadCustomisation("An entry with an overlay holds nothing else.", found=", ".join(sorted(entry)))
    if not all(isinstance(text, str) for text in files.values()):
        raise BadCustomisation("An overlay maps paths to the texts of files.", hint="path: | and the file, indented")
    return files
