"""Reads an overlay: a kustomization and the files that it names. What is not done here is refused by name.

* ``resources`` and ``bases`` that lead out of the folder (``../../midstream``) stand for the release; files in it are
  objects of the operator's own
* the order is kustomize's: strategic merge patches, patches, labels, annotations, JSON patches, replicas, images
* one place for everything the operator wants: values of Secrets are refused, for whoever may look sees an overlay
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from changeover.package import yaml_text
from changeover.render.overlay import fields, patches, plain
from changeover.render.overlay.changes import Change, Pairs
from changeover.render.overlay.problems import BadOverlay, OverlayUnsupported, Place

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
LARGEST = 256 * 1024
"""Bytes of an overlay's files together: they stand in the Installation."""

_DONE = frozenset(
    {
        *("apiVersion", "kind", "metadata", "bases", "resources", "patchesStrategicMerge", "patches"),
        *("patchesJson6902", "commonLabels", "labels", "commonAnnotations", "images", "replicas"),
    }
)
_SAID = frozenset({"apiVersion", "kind", "metadata", "bases", "resources"})


@dataclass(frozen=True, slots=True)
class Resource:
    """An object that the operator adds."""

    place: Place
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Overlay:
    """One overlay, ready to be applied in this order."""

    resources: tuple[Resource, ...]
    changes: tuple[Change, ...]


def says_something(text: str, *, name: str = "") -> bool:
    """Whether a kustomization asks for more than its base. Raises BrokenYaml, BadOverlay."""
    data = yaml_text.load(text, file=name)
    if not isinstance(data, Mapping):
        return False
    own = (path for part in ("bases", "resources") for path in plain.texts(data.get(part), name, part))
    return bool({field for field, value in data.items() if value} - _SAID) or not all(_leads_out(path) for path in own)


def kustomization_in(files: Mapping[str, str]) -> str:
    """Name of the kustomization among files. Raises BadOverlay when there is none, or more than one."""
    found = [name for name in NAMES if name in files]
    if len(found) == 1:
        return found[0]
    raise BadOverlay(
        "An overlay needs one kustomization.",
        found=" and ".join(found) or ", ".join(sorted(files)) or "no file",
        hint=f"it is called {', '.join(NAMES[:-1])} or {NAMES[-1]}, and names the patches beside it",
    )


def named_files(text: str, *, name: str) -> Iterator[str]:
    """Paths of the files that a kustomization names, relative to it. Raises BrokenYaml, BadOverlay."""
    data = _mapping(yaml_text.load(text, file=name), name)
    for part in ("bases", "resources"):
        yield from (path for path in plain.texts(data.get(part), name, part) if not _leads_out(path))
    merged = plain.texts(data.get("patchesStrategicMerge"), name, "patchesStrategicMerge")
    yield from (path for path in merged if not patches.is_inline(path))
    for part in ("patches", "patchesJson6902"):
        yield from (str(one["path"]) for one in plain.mappings(data.get(part), name, part) if one.get("path"))


def read(files: Mapping[str, str], *, namespace: str = "") -> Overlay:
    """Read an overlay's files by path; `namespace` is the Installation's.

    Raises BadOverlay, BrokenYaml, OverlayUnsupported, SecretInOverlay.
    """
    size = sum(len(text.encode()) for text in files.values())
    if size > LARGEST:
        raise BadOverlay(f"An overlay has at most {LARGEST} bytes.", found=f"{size} bytes")
    name = kustomization_in(files)
    data = _mapping(yaml_text.load(files[name], file=name), name)
    _refuse(data, name)
    folder = patches.Folder(files, name, namespace)
    return Overlay(
        tuple(_resources(data, folder)),
        (
            *patches.strategic(data, folder),
            *patches.either(data, folder),
            *_labels(data, name),
            *_annotations(data, name),
            *patches.json6902(data, folder),
            *plain.replicas(data, name),
            *plain.images(data, name),
        ),
    )


def _mapping(data: Any, name: str) -> Mapping[str, Any]:
    if isinstance(data, Mapping) and data.get("kind", "Kustomization") == "Kustomization":
        return data
    found = data.get("kind") if isinstance(data, Mapping) else type(data).__name__
    raise BadOverlay(f"{name} is no kustomization.", found=str(found))


def _refuse(data: Mapping[str, Any], name: str) -> None:
    unknown = sorted(field for field, value in data.items() if value and field not in _DONE)
    if unknown:
        raise OverlayUnsupported(
            f"{name} asks for what is not done here: {', '.join(unknown)}.",
            found=", ".join(unknown),
            hint="patches, labels, annotations, images, replicas and objects of your own are; write it as those",
        )


def _resources(data: Mapping[str, Any], folder: patches.Folder) -> Iterator[Resource]:
    bases: set[str] = set()
    for part in ("bases", "resources"):
        for path in plain.texts(data.get(part), folder.name, part):
            if _leads_out(path):
                bases.add(path)
            else:
                yield from _objects(folder, path)
    if len(bases) > 1:
        raise OverlayUnsupported(
            f"{folder.name} builds on {len(bases)} things.",
            found=", ".join(sorted(bases)),
            hint="one path out of the folder stands for the release; name your own files in the folder",
        )


def _leads_out(path: str) -> bool:
    return posixpath.normpath(path).startswith("../") or posixpath.normpath(path) == ".."


def _objects(folder: patches.Folder, path: str) -> Iterator[Resource]:
    for place, raw in folder.documents(path):
        if not isinstance(raw, Mapping) or not all(raw.get(name) for name in ("apiVersion", "kind", "metadata")):
            raise BadOverlay(f"{place}: a resource is an object with apiVersion, kind and metadata.")
        if raw["kind"] == "Secret" and (raw.get("data") or raw.get("stringData")):
            raise patches.secret_in(place)
        yield Resource(place, raw)


def _labels(data: Mapping[str, Any], name: str) -> Iterator[Change]:
    everywhere = (*fields.LABELS, *fields.TEMPLATE_LABELS, *fields.SELECTORS)
    if data.get("commonLabels"):
        place = Place(name, field="commonLabels")
        yield Pairs(place, plain.pairs(data["commonLabels"], place), everywhere)
    for number, one in enumerate(plain.mappings(data.get("labels"), name, "labels")):
        place = Place(name, field=f"labels[{number}]")
        plain.only(one, {"pairs", "includeSelectors", "includeTemplates"}, place)
        templates = fields.TEMPLATE_LABELS if one.get("includeTemplates") else ()
        specs = everywhere if one.get("includeSelectors") else (*fields.LABELS, *templates)
        yield Pairs(place, plain.pairs(one.get("pairs"), place), specs)


def _annotations(data: Mapping[str, Any], name: str) -> Iterator[Change]:
    if data.get("commonAnnotations"):
        place = Place(name, field="commonAnnotations")
        yield Pairs(place, plain.pairs(data["commonAnnotations"], place), fields.ANNOTATIONS)
