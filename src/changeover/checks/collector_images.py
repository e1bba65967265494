"""Images that collectors start pods with: which, and moved to a private registry as the application's are. Pure.

The reference does so too when a registry is set; an image that a template writes is the template's business there, and
is moved here like the others, because it is moved after rendering.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from changeover import images
from changeover.package.application import mapping, mappings

LISTS = ("collectors", "remoteCollectors")
WITH_IMAGE = ("run", "copyFromHost", "sysctl", "collectd")
WITH_POD = ("runPod", "runDaemonSet")


def used(documents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Every image, once for each time that it is named."""
    for document in documents:
        for spec, key in _places(document):
            yield str(spec[key])


def moved(document: Mapping[str, Any], registry: str, secret: str) -> Mapping[str, Any]:
    """The document with its images at ``host[:port][/namespace]``; `secret` (may be empty) is what pulls them."""
    redirected = copy.deepcopy(dict(document))
    for spec, key in _places(redirected):
        spec[key] = images.rewrite(str(spec[key]), registry) or spec[key]
    if secret:
        for kind, spec in _collectors(redirected):
            if kind in WITH_IMAGE:
                spec.setdefault("imagePullSecret", {"name": secret})
            elif kind in WITH_POD and isinstance(spec.get("podSpec"), dict):
                spec["podSpec"].setdefault("imagePullSecrets", [{"name": secret}])
    return redirected


def _places(document: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Where an image stands: a mapping and the key in it."""
    for kind, spec in _collectors(document):
        if kind in WITH_IMAGE and isinstance(spec.get("image"), str):
            yield spec, "image"
        elif kind in WITH_POD:
            yield from ((container, "image") for container in images.containers(spec.get("podSpec")))


def _collectors(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in LISTS:
        for entry in mappings(mapping(document.get("spec")).get(name)):
            yield from ((kind, spec) for kind, spec in entry.items() if isinstance(spec, dict))
