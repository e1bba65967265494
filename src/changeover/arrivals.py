"""Files that arrive in parts: which file, in how many parts, and what a place that takes them can do.

Who sends a part says of which file by its id, and nothing else has to be remembered: parts come in any order, twice,
and again after any interruption. What is there counts once its sha256 is the one that was said.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from changeover.errors import Problem

PART_BYTES = 960 * 1024
"""Less than the mebibyte that proxies let through when nobody tells them otherwise."""
BUNDLE = ".airgap"


class BadUpload(Problem):
    """A file, or a part of one, that cannot be taken."""

    reference = "bad-upload"


class NoUpload(Problem):
    """No file of that id is arriving here."""

    reference = "no-upload"


class NoRoom(Problem):
    """The disk has too little room for a file, or for what it unpacks to."""

    reference = "no-disk-space"


@dataclass(frozen=True, slots=True)
class File:
    """Which file is being sent."""

    name: str
    size: int
    """Bytes."""
    sha256: str
    """Of the whole file, hexadecimal."""

    @property
    def id(self) -> str:
        """The same file is the same upload, also from another browser."""
        return hashlib.sha256(f"{self.name}\n{self.size}\n{self.sha256}".encode()).hexdigest()[:16]

    @property
    def parts(self) -> int:
        """How many parts it has."""
        return math.ceil(self.size / PART_BYTES)

    @property
    def is_bundle(self) -> bool:
        """Whether it brings images."""
        return self.name.endswith(BUNDLE)

    def part_bytes(self, number: int) -> int:
        """How many bytes that part has; 0 when the file has no such part."""
        if not 0 <= number < self.parts:
            return 0
        return min(PART_BYTES, self.size - number * PART_BYTES)


@dataclass(frozen=True, slots=True)
class Arrival:
    """How far a file is."""

    file: File
    missing: tuple[int, ...]
    """Numbers of the parts that are not there yet."""
    whole: bool = False
    """Whether all is there, and is what was said by its sha256."""


class Arrivals(Protocol):
    """Where files arrive: on a disk, never in memory. Each call touches the disk: not for an event loop."""

    def begin(self, file: File) -> Arrival:
        """Expect a file, or go on with it. Raises NoRoom, and BadUpload when too many others are arriving."""
        ...

    def put(self, id_: str, number: int, content: bytes) -> int:
        """Keep a part; how many are still missing. Raises NoUpload, BadUpload for one that does not fit."""
        ...

    def find(self, id_: str) -> Arrival:
        """How far a file is. Raises NoUpload."""
        ...

    def settle(self, id_: str) -> Path:
        """The whole file. Raises NoUpload; BadUpload when parts are missing, or it is another (it is let go then)."""
        ...

    def listed(self) -> Sequence[Arrival]:
        """Every file that is here or on its way."""
        ...

    def forget(self, id_: str) -> None:
        """Let go of a file; gone is fine."""
        ...
