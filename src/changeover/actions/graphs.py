"""The graphs that a package names, filled from the operator's Prometheus (its HTTP API: /api/v1/query_range).

What cannot be asked or read is said in the graph's place; a graph is never the reason why a page fails.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from changeover.actions import config, installations
from changeover.actions.outside import Outside
from changeover.package.application import Graph, mapping, mappings, text

DEFAULT_SECONDS = 900
_STEPS = 60
_MOST_SERIES = 8
_MOST_GRAPHS = 12
_WITHIN = 4.0
_LABEL = re.compile(r"\{\{\s*\.?([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Series:
    """One line: (seconds since 1970, value), oldest first."""

    legend: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One graph with what Prometheus knows."""

    title: str
    axis: str
    """How values read, in Grafana's words: ``bytes``, ``percent``; empty for plain numbers."""
    begins: datetime
    ends: datetime
    series: tuple[Series, ...] = ()
    trouble: str = ""
    """Why there is nothing to draw."""


def address(spec: Mapping[str, Any]) -> str:
    """Where Prometheus answers, of an Installation's spec; empty when the operator names none."""
    return text(mapping(spec.get("prometheus")).get("url")).rstrip("/")


async def graphs(outside: Outside, installation: str = "") -> tuple[Drawn, ...]:
    """All graphs of what runs; none when the package has none or no Prometheus is named."""
    followed = await installations.find(outside, installation)
    where = address(mapping(followed.get("spec")))
    if not where:
        return ()
    named = (await config.look(outside, followed.name)).graphs[:_MOST_GRAPHS]
    return tuple(await asyncio.gather(*(_drawn(outside, where, one) for one in named)))


async def _drawn(outside: Outside, where: str, graph: Graph) -> Drawn:
    ends = outside.clock.now()
    begins = ends - timedelta(seconds=graph.seconds or DEFAULT_SECONDS)
    series: list[Series] = []
    trouble = ""
    for query, legend in graph.queries:
        asked = {
            "query": query,
            "start": str(begins.timestamp()),
            "end": str(ends.timestamp()),
            "step": str(max(1, math.ceil((ends - begins).total_seconds() / _STEPS))),
        }
        answer = await outside.http.request("GET", f"{where}/api/v1/query_range?{urlencode(asked)}", within=_WITHIN)
        if answer.status == 200:
            series += _read(answer.body, legend)
        else:
            trouble = trouble or _why(answer.body) or answer.error or f"Prometheus answers {answer.status}"
    trouble = trouble if trouble or series else "Prometheus knows nothing of it in this time"
    return Drawn(graph.title, graph.axis, begins, ends, tuple(series[:_MOST_SERIES]), "" if series else trouble)


def _read(body: bytes, legend: str) -> list[Series]:
    """What it answers: ``{"data": {"result": [{"metric": {…}, "values": [[seconds, "text"], …]}]}}``."""
    found = []
    for one in mappings(mapping(mapping(_json(body)).get("data")).get("result")):
        points = tuple(_point(pair) for pair in one.get("values") or () if isinstance(pair, list) and len(pair) == 2)
        whole = tuple((at, value) for at, value in points if math.isfinite(at) and math.isfinite(value))
        if whole:
            found.append(Series(_named(legend, mapping(one.get("metric"))), whole))
    return found


def _point(pair: Sequence[Any]) -> tuple[float, float]:
    try:
        return float(pair[0]), float(pair[1])
    except (TypeError, ValueError):
        return math.nan, math.nan


def _named(legend: str, metric: Mapping[str, Any]) -> str:
    if legend:
        return _LABEL.sub(lambda found: str(metric.get(found[1], "")), legend)
    return ", ".join(f"{name} {value}" for name, value in sorted(metric.items()) if name != "__name__")


def _why(body: bytes) -> str:
    return text(mapping(_json(body)).get("error"))[:300]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
