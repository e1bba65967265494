"""What Helm would call a release: which chart with which values, its objects, hooks and notes.

* every chart of a revision that Helm itself would install is one; so Helm's own record can be written as Helm would;
* hooks of all events are kept as the chart gave them, for Helm's record, and in the form in which they are sent: those
  of a change, of the way back and of the removal are run by steps (`plan.hooks`), those of tests as a probe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from changeover.package.charts import Chart
from changeover.render import ordering
from changeover.render.ordering import Placed


@dataclass(frozen=True, slots=True)
class Hook:
    """An object that runs at an event, not as part of the application."""

    events: tuple[str, ...]
    weight: int
    deletes: tuple[str, ...]
    """Its delete policies."""
    source: str
    """The template that it comes from."""
    raw: Mapping[str, Any]
    """As the chart gave it."""
    form: Mapping[str, Any] = field(repr=False, default_factory=dict)
    """As it is sent, in its namespace."""

    @property
    def is_test(self) -> bool:
        """Whether ``helm test`` would run it."""
        return bool(ordering.TESTS & {*self.events})


@dataclass(frozen=True, slots=True)
class ChartRelease:
    """One release of one chart."""

    name: str
    namespace: str
    chart: Mapping[str, Any]
    """Chart.yaml."""
    values: Mapping[str, Any] = field(repr=False, default_factory=dict)
    """What the operator gives."""
    defaults: Mapping[str, Any] = field(repr=False, default_factory=dict)
    """values.yaml."""
    keys: tuple[str, ...] = ()
    """`Ref.key` of its objects, hooks apart."""
    hooks: tuple[Hook, ...] = field(repr=False, default=())
    notes: str = field(repr=False, default="")
    upgrade: bool = False
    """Whether Helm knew a release of that name already."""
    phase: int = 0
    """In which its objects are applied."""

    @property
    def place(self) -> str:
        """``namespace/name``."""
        return f"{self.namespace}/{self.name}"

    def as_json(self) -> dict[str, Any]:
        """As kept with the revision."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> ChartRelease:
        """The inverse of `as_json`."""
        hooks = tuple(
            Hook(**{**one, "events": tuple(one["events"]), "deletes": tuple(one["deletes"])}) for one in data["hooks"]
        )
        return ChartRelease(**{**data, "keys": tuple(data["keys"]), "hooks": hooks})


def release_of(chart: Chart, objects: Sequence[Placed], *, name: str, namespace: str) -> ChartRelease:
    """The release that a rendered chart makes; values and notes are added by who knows them."""
    hooks = tuple(
        Hook(
            events=tuple(sorted(ordering.hook_events(item.raw))),
            weight=ordering.hook_weight(item.raw),
            deletes=ordering.hook_deletes(item.raw),
            source=item.source,
            raw=item.raw,
        )
        for item in objects
        if ordering.is_known(item.raw)
    )
    return ChartRelease(name=name, namespace=namespace, chart=chart.meta, defaults=chart.values, hooks=hooks)
