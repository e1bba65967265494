"""The operator's kustomize overlay in what `kubectl kots download` writes: ``overlays/downstreams/<name>``.

A folder whose kustomization says no more than its base is KOTS's own and no overlay. Folders of charts below it are
overlays of their own. Only files that a kustomization names take part, as with KOTS.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from changeover.errors import Problem
from changeover.render.customisations import OVERLAY
from changeover.render.overlay.kustomization import NAMES, named_files, says_something

FOLDER = "overlays/downstreams/"


class ManyOverlays(Problem):
    """A download holds overlays for more than one cluster."""

    reference = "many-overlays"
    exit_code = 2


def entries(files: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """Customisations of the overlays among the files of a download. Raises ManyOverlays, BadOverlay, BrokenYaml."""
    found = dict(_overlays(files))
    clusters = sorted({folder.removeprefix(FOLDER).split("/")[0] for folder in found})
    if len(clusters) > 1:
        raise ManyOverlays(
            "The download holds overlays for more than one cluster.",
            found=", ".join(clusters),
            hint=f"leave in {FOLDER} only the one of this cluster",
        )
    return tuple({OVERLAY: overlay} for overlay in found.values())


def _overlays(files: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    for path, text in sorted(files.items(), key=lambda item: (item[0].count("/"), item[0])):
        folder, name = posixpath.split(path)
        if path.startswith(FOLDER) and name in NAMES and says_something(text, name=path):
            yield folder, {name: text, **dict(_named(files, folder, text, name=path))}


def _named(files: Mapping[str, str], folder: str, text: str, *, name: str) -> Iterator[tuple[str, str]]:
    for one in named_files(text, name=name):
        inside = posixpath.normpath(one)
        if (content := files.get(posixpath.join(folder, inside))) is not None:
            yield inside, content


def names(customisations: tuple[Mapping[str, Any], ...]) -> tuple[str, ...]:
    """Names of the files that take part, sorted."""
    return tuple(sorted(name for one in customisations for name in one[OVERLAY]))


def is_part(path: str) -> bool:
    """Whether a file of a download belongs to an overlay."""
    return path.startswith(FOLDER)
