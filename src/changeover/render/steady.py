"""Keeps what a chart makes up: passwords, certificates, and the checksums that follow from them.

Helm charts draw random values each time they are rendered; applied as they come they would change passwords and restart
pods with every plan. So a chart is rendered twice: where the two differ, something was made up, and it is kept.

* in a Secret it is kept under its place for ever (until a rotation asks for a new one);
* elsewhere it is kept as long as chart and values stay the same: a checksum must follow a change of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from changeover.errors import Problem


class UnsteadyChart(Problem):
    """A chart whose objects, not only their values, change with every rendering."""

    reference = "unsteady-chart"


@dataclass(frozen=True, slots=True)
class Keepsakes:
    """Values kept by earlier renderings, and those that this one used."""

    before: Mapping[str, str] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)

    def keep(self, key: str, fresh: Any) -> Any:
        """The kept value of a place, else the fresh one, which is kept from now on."""
        if key not in self.used:
            self.used[key] = self.before.get(key) or json.dumps(fresh, ensure_ascii=False)
        return json.loads(self.used[key])


def settle(
    first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]], *, scope: str, keepsakes: Keepsakes
) -> list[Mapping[str, Any]]:
    """The objects of one rendering with everything made up replaced by what was kept.

    `scope` names release, chart and values. Raises UnsteadyChart.
    """
    names = [_name(raw) for raw in first]
    if names != [_name(raw) for raw in second]:
        raise UnsteadyChart(
            "The chart makes up which objects there are.",
            found=", ".join(sorted(set(names) ^ {_name(raw) for raw in second})) or "another order each time",
            hint="names of objects must not be random; the chart's author can fix it",
        )
    release = scope.partition("\n")[0]
    settled: list[Mapping[str, Any]] = []
    for name, one, other in zip(names, first, second, strict=True):
        place = ("chart", release if one.get("kind") == "Secret" else scope, name)
        settled.append(_settled(one, other, place, keepsakes))
    return settled


def _settled(one: Any, other: Any, place: tuple[str, ...], keepsakes: Keepsakes) -> Any:
    if one == other:
        return one
    if isinstance(one, Mapping) and isinstance(other, Mapping) and one.keys() == other.keys():
        return {key: _settled(one[key], other[key], (*place, str(key)), keepsakes) for key in one}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [_settled(item, twin, (*place, str(at)), keepsakes) for at, (item, twin) in pairs]
    return keepsakes.keep(json.dumps(place, ensure_ascii=False), one)


def _name(raw: Mapping[str, Any]) -> str:
    metadata = raw.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else ""
    return f"{raw.get('kind')}/{name}"
