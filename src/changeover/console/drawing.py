"""Lines of a graph as an SVG path, and its numbers in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from changeover.actions.graphs import Drawn, Series
from changeover.evidence import words

WIDTH, HEIGHT = 600.0, 140.0
"""Of the drawing, in its own units; it is stretched to the page."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its words."""

    legend: str
    path: str
    """``M0.0,12.5 L10.2,13.0 …``"""
    last: str
    least: str
    most: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One graph, ready for the page."""

    title: str
    lines: tuple[Line, ...]
    low: str
    high: str
    begins: str
    ends: str
    trouble: str

    @property
    def in_words(self) -> str:
        """For those who do not see it."""
        return "; ".join(f"{one.legend or 'value'}: {one.last} now, {one.least} to {one.most}" for one in self.lines)


def picture(drawn: Drawn) -> Picture:
    """Draw it, from zero or from the least value below it."""
    values = [value for one in drawn.series for _, value in one.points]
    low, high = min((*values, 0.0)), max((*values, 0.0))
    high = high if high > low else low + 1.0
    begins, ends = drawn.begins.timestamp(), drawn.ends.timestamp()

    def path(one: Series) -> str:
        places = (
            f"{(at - begins) / (ends - begins) * WIDTH:.1f},{(high - value) / (high - low) * HEIGHT:.1f}"
            for at, value in one.points
        )
        return "M" + " L".join(places)

    return Picture(
        title=drawn.title,
        lines=tuple(
            Line(
                legend=one.legend,
                path=path(one),
                last=amount(one.points[-1][1], drawn.axis),
                least=amount(min(value for _, value in one.points), drawn.axis),
                most=amount(max(value for _, value in one.points), drawn.axis),
            )
            for one in drawn.series
        ),
        low=amount(low, drawn.axis),
        high=amount(high, drawn.axis),
        begins=f"{drawn.begins:%H:%M}",
        ends=f"{drawn.ends:%H:%M}",
        trouble=drawn.trouble,
    )


def amount(value: float, axis: str) -> str:
    """A number with its unit: 1.5 MiB, 12 %, 3.4 k."""
    if axis == "bytes" and value >= 0:
        return words.size(int(value))
    if axis in ("percent", "percentunit"):
        return f"{value * (100 if axis == 'percentunit' else 1):.3g} %"
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g}"
