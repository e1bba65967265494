"""Semantic versions as Masterminds/semver has them: lenient (``v1``, ``1.2``), prereleases before releases."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.values import Struct, Uint64

_VERSION = re.compile(
    r"v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?(?:-([0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?"
    r"(?:\+([0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?"
)
_LARGEST = 2**64


class Version(Struct):
    """A version; templates read its parts and compare it."""

    go_type: ClassVar[str] = "*semver.Version"
    go_kind: ClassVar[str] = "ptr"
    is_stringer: ClassVar[bool] = True

    def __init__(self, parts: tuple[int, int, int], *, pre: str = "", metadata: str = "", original: str = "") -> None:
        self.parts, self.pre, self.metadata = parts, pre, metadata
        self.original = original or str(self)

    def __str__(self) -> str:
        text = ".".join(map(str, self.parts))
        return text + (f"-{self.pre}" if self.pre else "") + (f"+{self.metadata}" if self.metadata else "")

    @cached_property
    def rank(self) -> tuple[Any, ...]:
        """Orders versions; metadata does not count."""
        return (*self.parts, not self.pre, tuple(map(_part_rank, self.pre.split("."))))

    def go_state(self) -> Mapping[str, Any]:
        """Its unexported fields."""
        major, minor, patch = map(Uint64, self.parts)
        named = {"major": major, "minor": minor, "patch": patch}
        return named | {"pre": self.pre, "metadata": self.metadata, "original": self.original}

    def go_methods(self) -> Mapping[str, tuple[Callable[..., Any], str]]:
        """Its parts, the next versions, comparisons."""
        return {
            "Major": (lambda: Uint64(self.parts[0]), ""),
            "Minor": (lambda: Uint64(self.parts[1]), ""),
            "Patch": (lambda: Uint64(self.parts[2]), ""),
            "Prerelease": (lambda: self.pre, ""),
            "Metadata": (lambda: self.metadata, ""),
            "Original": (lambda: self.original, ""),
            "String": (lambda: str(self), ""),
            "IncMajor": (lambda: self._next((self.parts[0] + 1, 0, 0)), ""),
            "IncMinor": (lambda: self._next((*self.parts[:1], self.parts[1] + 1, 0)), ""),
            "IncPatch": (lambda: self._next((*self.parts[:2], self.parts[2] + (not self.pre))), ""),
            "Compare": (lambda other: (self.rank > other.rank) - (self.rank < other.rank), self.go_type),
            "Equal": (lambda other: self.rank == other.rank, self.go_type),
            "LessThan": (lambda other: self.rank < other.rank, self.go_type),
            "LessThanEqual": (lambda other: self.rank <= other.rank, self.go_type),
            "GreaterThan": (lambda other: self.rank > other.rank, self.go_type),
            "GreaterThanEqual": (lambda other: self.rank >= other.rank, self.go_type),
        }

    def _next(self, parts: tuple[int, int, int]) -> Version:
        following = Version(parts)
        following.original = ("v" if self.original.startswith("v") else "") + str(following)
        return following


def parse(text: str) -> Version:
    """Read a version, also an incomplete one. Raises CallFailed."""
    match = _VERSION.fullmatch(text)
    if not match:
        raise CallFailed("Invalid Semantic Version")
    major, minor, patch = (int((part or "0").lstrip(".")) for part in match.groups()[:3])
    if max(major, minor, patch) >= _LARGEST:
        raise CallFailed("Error parsing version segment: value out of range")
    pre, metadata = match.group(4) or "", match.group(5) or ""
    if any(part.isdigit() and len(part) > 1 and part[0] == "0" for part in pre.split(".")):
        raise CallFailed("Version segment starts with 0")
    return Version((major, minor, patch), pre=pre, metadata=metadata, original=text)


def _part_rank(part: str) -> tuple[int, int, str]:
    if part.isdigit() and int(part) < _LARGEST:
        return (1, int(part), "")
    return (2, 0, part) if part else (0, 0, "")
