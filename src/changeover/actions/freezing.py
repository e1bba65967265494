"""Freezes as they concern a change: which keep it from beginning, and which a person overrides, by name, with a reason.

The way back is never frozen, and neither is what is asked of a run that goes on: abort, resume, answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from changeover.actions import audit, installations
from changeover.actions.ask import Ask, Override
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.plan.model import Finding, Severity
from changeover.plan.strategy import Parameters
from changeover.runs.freezes import Freeze, Frozen, holding

NEVER_FROZEN = "rollback"
"""The kind of change that goes back."""


class BadOverride(Problem):
    """An override that names no freeze there is, or gives no reason."""

    reference = "bad-override"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """The freezes of an Installation, as one change meets them."""

    freezes: tuple[Freeze, ...] = ()
    """Those that it heeds: not what it overrides, and none on the way back."""
    overridden: tuple[Freeze, ...] = ()
    override: Override = field(default_factory=Override)

    def findings(self, start: datetime) -> Iterator[Finding]:
        """What a plan says of freezes that hold when the change begins."""
        for held in holding(self.freezes, start):
            yield Finding(
                "frozen",
                Severity.BLOCKS,
                f"The freeze {held.freeze.name} holds until {held.until}.",
                found=held.origin,
                hint=held.way_out,
            )
        for held in holding(self.overridden, start):
            yield Finding(
                "freeze-overridden",
                Severity.WARNS,
                f"The freeze {held.freeze.name} holds until {held.until}. This change begins nevertheless.",
                found=f"{held.origin}; overridden because: {self.override.reason}",
            )

    def ahead(self, start: datetime, seconds: float) -> Iterator[Finding]:
        """What a plan says of freezes that begin before the change would end, if it had to go back."""
        for held in holding(self.freezes, start, start + timedelta(seconds=seconds)):
            if held.time.begins > start:
                yield Finding(
                    "freeze-ahead",
                    Severity.WARNS,
                    f"The freeze {held.freeze.name} begins at {held.time.begins.isoformat()}, before this would end.",
                    found=held.origin,
                    hint="what is under way then is not cut, but begin earlier or after it",
                )

    def record(self, outside: Outside, start: datetime) -> list[dict[str, Any]]:
        """What a run keeps of the freezes that it overrides: which, until when, set and overridden by whom, and why."""
        now = outside.clock.now().isoformat(timespec="seconds")
        return [
            {
                "freeze": held.freeze.name,
                "until": held.time.ends.isoformat(),
                "setBy": held.freeze.by,
                "by": outside.person,
                "at": now,
                "reason": self.override.reason,
            }
            for held in holding(self.overridden, start)
        ]


def of(installation: KubeObject) -> tuple[Freeze, ...]:
    """The freezes of its policy."""
    return tuple(Freeze.of(one) for one in installation.get("spec", "policy", "freezes", default=[]))


def standing(installation: KubeObject, ask: Ask) -> Standing:
    """The freezes that a change heeds, and those that it overrides. Raises BadOverride."""
    freezes, typed = of(installation), ask.override.freezes
    unknown = typed - {one.name for one in freezes}
    if unknown:
        raise BadOverride(
            f"There is no freeze {', '.join(sorted(unknown))}.",
            found=f"freezes: {', '.join(one.name for one in freezes) or 'none'}",
            hint="type its name as `changeover freezes` shows it",
        )
    if typed and not ask.override.reason.strip():
        raise BadOverride("To override a freeze, say why.", hint="--override-reason WHY; it stands in the evidence")
    if ask.kind == NEVER_FROZEN:
        return Standing()
    return Standing(
        tuple(one for one in freezes if one.name not in typed),
        tuple(one for one in freezes if one.name in typed),
        Override(typed, " ".join(ask.override.reason.split())[:2000]),
    )


async def refuse(outside: Outside, installation: KubeObject, kind: str, parameters: Parameters) -> None:
    """Right before a run is made, by the Installation as it is now. Raises Frozen."""
    if kind == NEVER_FROZEN:
        return
    live, start = await installations.find(outside, installation.name), outside.clock.now()
    if parameters.not_before:
        start = max(start, datetime.fromisoformat(parameters.not_before))
    for held in holding(of(live), start):
        if held.freeze.name not in parameters.overridden:
            raise Frozen(f"{held.told}.", found=held.origin, hint=held.way_out)


async def tell(outside: Outside, run: KubeObject) -> None:
    """Keep in the audit log which freezes a run overrides."""
    for one in run.get("spec", "overrides", default=[]):
        detail = f"{run.name}: {one['freeze']}, because {one['reason']}"
        await audit.Log(outside).record(audit.Entry(one["at"], one["by"], "override freeze", "done", detail=detail))
