"""What a bench says: our figure, the peer's, their ratio, and the goal of the design (§8)."""

import math
import statistics
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took: seconds (None when it was cut off before it was done), its own share of them, memory."""

    seconds: float | None
    processor: float
    """Seconds in which it computed itself; the others it waited for the API server, or for its turn."""
    peak: float
    """At most held, in 10^6 bytes."""

    @property
    def text(self) -> str:
        """For a line."""
        took = "not done when it was cut off" if self.seconds is None else f"{self.seconds:.1f} s"
        return f"{took} ({self.processor:.1f} s of its own), at most {self.peak:.0f} MB held"


@dataclass(frozen=True, slots=True)
class Grown:
    """The same work by us and by others, as processes, of one size."""

    what: str
    objects: int
    ours: Spent
    theirs: Mapping[str, Spent]

    @property
    def text(self) -> str:
        """One line for each."""
        others = (f"  {name}: {one.text}{self._ratio(one)}" for name, one in self.theirs.items())
        return "\n".join([f"{self.what} of {self.objects:,} objects: {self.ours.text}", *others])

    def _ratio(self, other: Spent) -> str:
        if not (self.ours.seconds and other.seconds):
            return ""
        return f"; ratio {self.ours.seconds / other.seconds:.2f}"

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Steepness:
    """How the time for a piece of work grows with its size: 1 is in proportion to it, 2 with its square."""

    what: str
    sizes: tuple[tuple[int, Spent], ...]

    @property
    def exponent(self) -> float:
        """Between the last two sizes that were done."""
        done = [(size, one.seconds) for size, one in self.sizes if one.seconds]
        (small, short), (large, long) = done[-2:]
        return math.log(long / short) / math.log(large / small)

    @property
    def text(self) -> str:
        """One line for people."""
        return f"growth of {self.what}: exponent {self.exponent:.2f} (1 is linear)"

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {**asdict(self), "exponent": round(self.exponent, 3)}


Measured = Figure | Speed | Work | Grown | Steepness
