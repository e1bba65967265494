"""Reads an overlay's patches, from files and inline, each with the place where it stands.

A patch that is a list is a JSON patch, a mapping is a strategic merge patch. Raises BadOverlay, BrokenYaml,
OverlayUnsupported, SecretInOverlay.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from changeover.package import yaml_text
from changeover.render.overlay import plain
from changeover.render.overlay.changes import Change, Json, Strategic
from changeover.render.overlay.problems import BadOverlay, Place, SecretInOverlay
from changeover.render.overlay.selecting import Named, Target, target

_OPERATIONS = frozenset({"add", "remove", "replace", "move", "copy", "test"})
_HELD_BACK = ("data", "stringData")


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of an overlay by path, the name of its kustomization, the Installation's namespace."""

    files: Mapping[str, str]
    name: str
    namespace: str

    def documents(self, path: str) -> Iterator[tuple[Place, Any]]:
        """The documents of a file that the kustomization names."""
        found = posixpath.normpath(path)
        if found not in self.files:
            raise BadOverlay(
                f"{self.name} names {path}, which is not among the overlay's files.",
                found=", ".join(sorted(self.files)),
                hint="only files in the overlay's own folder are taken, no folders and no addresses",
            )
        for line, data in yaml_text.load_stream(self.files[found], file=found):
            yield Place(found, line), data

    def inline(self, text: str) -> Iterator[tuple[Place, Any]]:
        """The documents of a patch that stands in the kustomization itself."""
        first = _line_of(text, self.files[self.name])
        for line, data in yaml_text.load_stream(text, file=self.name, first_line=first):
            yield Place(self.name, line), data

    def text_from(self, place: Place) -> list[str]:
        """The lines of a file from a place on."""
        return self.files[place.file].splitlines()[place.line - 1 :]


def _line_of(text: str, whole: str) -> int:
    """On which line a block of text stands in the whole; 1 when it is written in another way there."""
    wanted = [line.strip() for line in text.strip().splitlines()]
    lines = [line.strip() for line in whole.splitlines()]
    for number in range(len(lines) - len(wanted) + 1):
        if lines[number : number + len(wanted)] == wanted:
            return number + 1
    return 1


def strategic(data: Mapping[str, Any], folder: Folder) -> Iterator[Change]:
    """``patchesStrategicMerge``: names of files, or the patches themselves."""
    for one in plain.texts(data.get("patchesStrategicMerge"), folder.name, "patchesStrategicMerge"):
        for place, content in folder.inline(one) if is_inline(one) else folder.documents(one):
            yield _strategic(place, content, folder, None)


def is_inline(text: str) -> bool:
    """Whether this is a patch itself, not the name of its file."""
    return "\n" in text.strip() or ": " in text


def either(data: Mapping[str, Any], folder: Folder) -> Iterator[Change]:
    """``patches``: each of either kind, with or without a target."""
    for number, one in enumerate(plain.mappings(data.get("patches"), folder.name, "patches")):
        where = Place(folder.name, field=f"patches[{number}]")
        plain.only(one, {"path", "patch", "target"}, where)
        selected = target(one["target"], where) if one.get("target") else None
        for place, content in _content(one, folder, where):
            if isinstance(content, list):
                yield _json(place, content, folder, selected)
            else:
                yield _strategic(place, content, folder, selected)


def json6902(data: Mapping[str, Any], folder: Folder) -> Iterator[Change]:
    """``patchesJson6902``: lists of operations, each with a target that names one object."""
    for number, one in enumerate(plain.mappings(data.get("patchesJson6902"), folder.name, "patchesJson6902")):
        where = Place(folder.name, field=f"patchesJson6902[{number}]")
        plain.only(one, {"path", "patch", "target"}, where)
        selected = target(one.get("target"), where)
        for place, content in _content(one, folder, where):
            yield _json(place, content, folder, selected)


def _content(one: Mapping[str, Any], folder: Folder, where: Place) -> Iterator[tuple[Place, Any]]:
    path, text = one.get("path"), one.get("patch")
    if bool(path) == bool(text) or not isinstance(path or text, str):
        raise BadOverlay(f"{where} has either a path or a patch.", found=", ".join(sorted(one)))
    return folder.documents(str(path)) if path else folder.inline(str(text))


def _strategic(place: Place, content: Any, folder: Folder, selected: Target | None) -> Strategic:
    if not isinstance(content, Mapping):
        raise BadOverlay(f"{place}: a strategic merge patch is a mapping.", found=f"a {type(content).__name__}")
    if content.get("kind") == "Secret" and any(content.get(part) for part in _HELD_BACK):
        raise secret_in(place)
    found = content.get("metadata")
    metadata = found if isinstance(found, Mapping) else {}
    named = Named(
        str(content.get("apiVersion") or ""),
        str(content.get("kind") or ""),
        str(metadata.get("name") or ""),
        str(metadata.get("namespace") or folder.namespace),
    )
    if selected is None and not (named.api_version and named.kind and named.name):
        raise BadOverlay(
            f"{place}: a patch names its object.",
            found=f"apiVersion {named.api_version!r}, kind {named.kind!r}, name {named.name!r}",
            hint="write apiVersion, kind and metadata.name into it, or give it a target",
        )
    return Strategic(place, content, selected or named)


def _json(place: Place, content: Any, folder: Folder, selected: Target | None) -> Json:
    if selected is None:
        raise BadOverlay(f"{place}: a JSON patch needs a target.", hint="add `target:` with kind and name")
    if not isinstance(content, list) or not all(isinstance(one, Mapping) for one in content):
        raise BadOverlay(f"{place}: a JSON patch is a list of operations.", found=f"a {type(content).__name__}")
    lines = _lines(folder.text_from(place), place.line, len(content))
    for line, one in zip(lines, content, strict=True):
        if str(one.get("op")) not in _OPERATIONS or not isinstance(one.get("path"), str):
            raise BadOverlay(
                f"{Place(place.file, line)}: an operation has an op ({', '.join(sorted(_OPERATIONS))}) and a path.",
                found=f"op {one.get('op')!r}",
            )
        if selected.kind == "Secret" and re.match(r"/(data|stringData)(/|$)", one["path"]) and "value" in one:
            raise secret_in(Place(place.file, line))
    return Json(place, tuple(content), lines, selected)


def _lines(text: Sequence[str], first: int, count: int) -> tuple[int, ...]:
    """The line on which each of so many list elements begins; `first` for all when it is no block list."""
    begin = next((line for line in text if line.strip()), "")
    indent = len(begin) - len(begin.lstrip())
    found = [first + number for number, line in enumerate(text) if re.match(rf" {{{indent}}}- ?", line)]
    return tuple(found[:count]) if begin.lstrip().startswith("-") and len(found) >= count else (first,) * count


def secret_in(place: Place) -> SecretInOverlay:
    """The refusal of a Secret's values."""
    return SecretInOverlay(
        f"{place} holds values of a Secret.",
        hint="whoever may look at the Installation would see them: give them as answers, or in a Secret of your own",
    )
