"""What a bench says: our figure, the peer's, their ratio, and the goal of the design (§8)."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One comparison; values are medians in `unit`."""

    what: str
    peer: str
    ours: float
    theirs: float
    ratio: float
    goal: float = 0.0
    unit: str = "s"

    @property
    def text(self) -> str:
        """One line for people."""
        values = f"{self.what}: {self.ours:.2f} {self.unit}; {self.peer}: {self.theirs:.2f} {self.unit}"
        said = f"{values}; ratio {self.ratio:.2f}"
        if not self.goal:
            return said
        return f"{said}, goal {self.goal}: {'reached' if self.ratio <= self.goal else 'missed'}"

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return asdict(self)


def compared(what: str, peer: str, turns: Sequence[tuple[float, float]], *, goal: float = 0.0) -> Figure:
    """The figure of measurements taken in turns, (ours, theirs) in seconds; the ratio is the median of the turns'."""
    return Figure(
        what,
        peer,
        statistics.median(ours for ours, _ in turns),
        statistics.median(theirs for _, theirs in turns),
        statistics.median(ours / theirs for ours, theirs in turns),
        goal,
    )


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast something large is worked through, and the most memory that its process held; sizes in 10^6 bytes."""

    what: str
    size: float
    seconds: float
    peak: float

    @property
    def text(self) -> str:
        """One line for people."""
        worked = f"{self.size:.0f} MB in {self.seconds:.1f} s"
        return f"{self.what}: {self.size / self.seconds:.1f} MB/s ({worked}), at most {self.peak:.0f} MB held"

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {**asdict(self), "megabytes_per_second": round(self.size / self.seconds, 2)}


@dataclass(frozen=True, slots=True)
class Work:
    """What a piece of work takes: seconds as a process and again in the same process, and the most memory held."""

    what: str
    seconds: float
    warm: float
    peak: float
    """10^6 bytes."""

    @property
    def text(self) -> str:
        """One line for people."""
        return (
            f"{self.what}: {self.seconds:.2f} s as a process, {self.warm:.3f} s warm, at most {self.peak:.0f} MB held"
        )

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return asdict(self)
