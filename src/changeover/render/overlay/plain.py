"""Reads the parts of a kustomization that need no patch: texts, pairs, replicas, images. Raises BadOverlay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from changeover.render.overlay.changes import Change, Image, Replicas
from changeover.render.overlay.problems import BadOverlay, OverlayUnsupported, Place


def texts(found: Any, name: str, field: str) -> tuple[str, ...]:
    """A list of texts."""
    listed = found or []
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise BadOverlay(f"{Place(name, field=field)} is a list of texts.", found=str(type(listed).__name__))
    return tuple(listed)


def mappings(found: Any, name: str, field: str) -> tuple[Mapping[str, Any], ...]:
    """A list of mappings."""
    listed = found or []
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        raise BadOverlay(f"{Place(name, field=field)} is a list of mappings.", found=str(type(listed).__name__))
    return tuple(listed)


def only(found: Mapping[str, Any], known: set[str], place: Place) -> None:
    """Refuse what a mapping says beyond the known. Raises OverlayUnsupported."""
    others = sorted(name for name, value in found.items() if value and name not in known)
    if others:
        raise OverlayUnsupported(f"{place} asks for what is not done here: {', '.join(others)}.")


def pairs(found: Any, place: Place) -> dict[str, str]:
    """Labels or annotations."""
    given = found or {}
    if not isinstance(given, Mapping) or not all(isinstance(value, str) for value in given.values()):
        raise BadOverlay(
            f"{place} maps texts to texts.", hint='quote what looks like a number or a truth: "8080", "true"'
        )
    return dict(given)


def replicas(data: Mapping[str, Any], name: str) -> Iterator[Change]:
    """Numbers of pods by name."""
    for number, one in enumerate(mappings(data.get("replicas"), name, "replicas")):
        place = Place(name, field=f"replicas[{number}]")
        count = one.get("count")
        if not one.get("name") or not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise BadOverlay(f"{place} has a name and a count, a whole number.", found=str(dict(one)))
        yield Replicas(place, str(one["name"]), count)


def images(data: Mapping[str, Any], name: str) -> Iterator[Change]:
    """Other images by name."""
    for number, one in enumerate(mappings(data.get("images"), name, "images")):
        place = Place(name, field=f"images[{number}]")
        only(one, {"name", "newName", "newTag", "digest"}, place)
        given = {field: str(one.get(field) or "") for field in ("name", "newName", "newTag", "digest")}
        if not given["name"]:
            raise BadOverlay(f"{place} names no image.", found=str(dict(one)))
        yield Image(place, given["name"], given["newName"], given["newTag"], given["digest"])
