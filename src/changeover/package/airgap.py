"""``airgap.yaml`` of an air-gap bundle: which release it is, which images it holds, which releases must come before it.

A required release counts as installed when something installed is at least as new: by version where the licence's
channel demands semantic versions, else by cursor, which only compares within a channel. Nothing is required of a first
install, or after a change of channel.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from changeover.errors import Problem
from changeover.package import yaml_text
from changeover.package.application import mapping, mappings, text, texts

DOCKER_ARCHIVE, REGISTRY = "docker-archive", "docker-registry"
_FORMATS = {"": DOCKER_ARCHIVE, "docker": REGISTRY, DOCKER_ARCHIVE: DOCKER_ARCHIVE, REGISTRY: REGISTRY}
_SEMVER = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(-[0-9A-Za-z.-]+)?(?:\+.*)?")


class BadAirgap(Problem):
    """A bundle that is none, or whose description cannot be read."""

    reference = "bad-airgap"


@dataclass(frozen=True, slots=True)
class Stop:
    """A release with its place in a channel."""

    version: str
    cursor: str
    channel_id: str = ""


@dataclass(frozen=True, slots=True)
class Airgap:
    """What a bundle says of itself."""

    version: str
    cursor: int = 0
    notes: str = ""
    channel_id: str = ""
    channel_name: str = ""
    application: str = ""
    required: bool = False
    required_releases: tuple[Stop, ...] = ()
    """Newest first, as written."""
    images: tuple[str, ...] = ()
    format: str = DOCKER_ARCHIVE
    signature: str = field(default="", repr=False)
    """Base64; what it covers: `airgap_signature`."""


def read_airgap(content: str, *, file: str = "airgap.yaml") -> Airgap:
    """Read the document. Raises BadAirgap, BrokenYaml."""
    data = yaml_text.load(content, file=file)
    if not isinstance(data, Mapping) or data.get("kind") != "Airgap":
        raise BadAirgap(f"{file} is no description of an air-gap bundle.", hint="kind Airgap was expected")
    return from_spec(mapping(data.get("spec")), file=file)


def from_spec(spec: Mapping[str, Any], *, file: str = "airgap.yaml") -> Airgap:
    """The same from its spec. Raises BadAirgap."""
    told = str(spec.get("format") or "")
    if told not in _FORMATS:
        raise BadAirgap(f"{file}: images in the format {told} are not known.", hint="docker-archive or docker-registry")
    cursor = str(spec.get("updateCursor") or "0")
    return Airgap(
        version=str(spec.get("versionLabel") or ""),
        cursor=int(cursor) if cursor.isdigit() else 0,
        notes=text(spec.get("releaseNotes")),
        channel_id=text(spec.get("channelID")),
        channel_name=text(spec.get("channelName")),
        application=text(spec.get("appSlug")),
        required=spec.get("isRequired") is True,
        required_releases=tuple(
            Stop(str(one.get("versionLabel") or ""), str(one.get("updateCursor") or ""))
            for one in mappings(spec.get("requiredReleases"))
        ),
        images=texts(spec.get("savedImages")),
        format=_FORMATS[told],
        signature=text(spec.get("signature")).strip(),
    )


def as_document(about: Airgap) -> dict[str, Any]:
    """The document again, as `read_airgap` reads it; what we do not know is left out."""
    return {
        "apiVersion": "kots.io/v1beta1",
        "kind": "Airgap",
        "spec": {
            "versionLabel": about.version,
            "updateCursor": str(about.cursor),
            "releaseNotes": about.notes,
            "channelID": about.channel_id,
            "channelName": about.channel_name,
            "appSlug": about.application,
            "isRequired": about.required,
            "requiredReleases": [
                {"versionLabel": one.version, "updateCursor": one.cursor} for one in about.required_releases
            ],
            "savedImages": list(about.images),
            "format": about.format,
        },
    }


def missing(
    airgap: Airgap, installed: Iterable[Stop], *, by_version: bool, changed_channel: bool = False
) -> tuple[Stop, ...]:
    """The required releases that must be installed first, oldest first."""
    known = tuple(installed)
    if not known or changed_channel:
        return ()
    found = []
    for stop in airgap.required_releases:
        if any(_covers(one, stop, airgap.channel_id, by_version=by_version) for one in known):
            break
        found.append(stop)
    return tuple(reversed(found))


def _covers(one: Stop, stop: Stop, channel_id: str, *, by_version: bool) -> bool:
    if by_version:
        mine, wanted = _semver(one.version), _semver(stop.version)
        if mine and wanted:
            return mine >= wanted
    if one.channel_id and channel_id and one.channel_id != channel_id:
        return False
    return one.cursor.isdigit() and stop.cursor.isdigit() and int(one.cursor) >= int(stop.cursor)


def _semver(version: str) -> tuple[int, int, int, bool] | None:
    """Tolerant; a pre-release is before its release."""
    found = _SEMVER.fullmatch(version)
    if not found:
        return None
    first, second, third, pre = found.groups()
    return int(first), int(second or 0), int(third or 0), not pre
