"""Sprig: semantic versions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from changeover.render.engine.values import ValueProblem

_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?")


class SemanticVersion(dict[str, Any]):
    """The parts of a version by Masterminds' names; prints as the version."""

    def __str__(self) -> str:
        preview = f"-{self['Prerelease']}" if self["Prerelease"] else ""
        build = f"+{self['Metadata']}" if self["Metadata"] else ""
        return f"{self['Major']}.{self['Minor']}.{self['Patch']}{preview}{build}"


def parse(text: str) -> SemanticVersion:
    """Read a version. Raises ValueProblem."""
    match = _VERSION.fullmatch(text.strip())
    if not match:
        raise ValueProblem("Invalid Semantic Version", found=text)
    major, minor, patch, preview, build = match.groups()
    return SemanticVersion(
        Major=int(major),
        Minor=int(minor or 0),
        Patch=int(patch or 0),
        Prerelease=preview or "",
        Metadata=build or "",
        Original=text,
    )


FUNCTIONS: dict[str, Callable[..., Any]] = {"semver": parse}
