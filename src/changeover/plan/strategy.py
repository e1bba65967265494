"""What a strategy is given, and what it must answer: a list of steps, nothing else.

A strategy is pure: the same Situation gives the same Steps, so that preview and execution cannot disagree. It never
looks at the cluster; whatever it must know stands in the Situation.

How the waves are to be read:

* `waves` is the way forward, `way_back` the same change undone. Waves go one after another; the changes of one wave
  are independent of each other and may run concurrently.
* Every change whose effect is in `APPLIED` gets an APPLY step, also `unchanged` ones: applying them costs about 2 ms,
  re-asserts every field and moves the revision annotation, on which the truth about the running version stands.
* `prune` gets a PRUNE step; `keep`, `forbidden` and what `is_skipped` says get none. `unknown` is applied too: what
  must not run at all is kept back by a finding that blocks, not by leaving a step out.
* After a wave, everything in `awaits` must hold before the next begins (the author's kots.io/wait-for-*, a Namespace
  or CRD that later objects need). What an author does not wait for, a strategy may still wait for at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from changeover.plan.hooks import HookRun
from changeover.plan.model import Effect, ObjectChange
from changeover.plan.steps import Steps
from changeover.release.profile import DataStore, Profile

APPLIED = frozenset(
    {
        Effect.UNCHANGED,
        Effect.CREATE,
        Effect.PATCH,
        Effect.RESTART,
        Effect.RECREATE,
        Effect.RECREATE_KEEPING_PODS,
        Effect.UNKNOWN,
    }
)
"""Effects that a run brings about by applying the object."""


@dataclass(frozen=True, slots=True)
class Side:
    """The old or the new revision, as far as steps name it."""

    version: str
    digest: str
    informers: tuple[str, ...] = ()
    """statusInformers, ``[ns/]kind/name``."""
    reads_epochs: tuple[int, int] = (0, 0)
    writes_epoch: int = 0
    keys: tuple[str, ...] = ()
    """`Ref.key` of what is there and has to be healthy when it runs; a Job that is not run again is not among them."""


@dataclass(frozen=True, slots=True)
class Await:
    """What must hold of one object before the next wave; conditions are ("ready", "true") or (jsonpath, value)."""

    key: str
    conditions: tuple[tuple[str, str], ...] = (("ready", "true"),)


@dataclass(frozen=True, slots=True)
class Wave:
    """Changes that may go concurrently, and what must hold before the next wave."""

    number: int
    title: str
    """For people: ``services and settings``."""
    changes: tuple[ObjectChange, ...]
    awaits: tuple[Await, ...] = ()
    hooks: tuple[HookRun, ...] = ()
    """Run one after another; their changes are not applied otherwise."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the operator chose for this run; None and empty mean the profile's or the strategy's default."""

    not_before: str = ""
    """RFC 3339; the run waits until then."""
    not_after: str = ""
    """RFC 3339, the end of the window: a run that cannot end by then does not start."""
    reserve_seconds: float | None = None
    """Kept free at the window's end for a rollback."""
    announce_seconds: int | None = None
    soak_seconds: int | None = None
    hold_seconds: float | None = None
    """How long everything must stay healthy before it counts; None = 30 s."""
    backup: bool = True
    conflicts: str = "take"
    """take | keep | stop: what to do about fields that others have set."""
    message: str = ""
    """Shown to users who are refused a session; empty = the profile's."""
    overridden: tuple[str, ...] = ()
    """Names of freezes during which it begins nevertheless, because a person said so."""


@dataclass(frozen=True, slots=True)
class Estimates:
    """Seconds, from the objects themselves and the Installation's history where there is one."""

    change_seconds: float = 0.0
    rollback_seconds: float = 0.0
    copy_seconds: float = 0.0
    """How long the last backup took."""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a strategy may know."""

    kind: str
    """install | update | rollback | configure | uninstall"""
    namespace: str
    new: Side
    old: Side | None
    """What runs now by our records; None for an install."""
    waves: tuple[Wave, ...]
    way_back: tuple[Wave, ...]
    profile: Profile = field(default_factory=Profile)
    parameters: Parameters = field(default_factory=Parameters)
    estimates: Estimates = field(default_factory=Estimates)
    policy_gate: bool = False
    """Whether the admission policy and its binding are there, so that the gate can be closed by a ConfigMap."""
    stores: tuple[DataStore, ...] = ()
    """The profile's data stores whose claim exists now: what can be backed up."""
    back_needs_restore: bool = False
    """The old release cannot read what the new one writes: going back means restoring the backup."""
    no_way_back: str = ""
    """Why there is no way back at all (in words); empty when there is one."""

    @property
    def changes(self) -> tuple[ObjectChange, ...]:
        """All changes of the way forward, wave by wave."""
        return tuple(change for wave in self.waves for change in wave.changes)


class Strategy(Protocol):
    """One way of going from the old revision to the new one."""

    @property
    def name(self) -> str:
        """As people choose it: ``window``."""
        ...

    def steps(self, situation: Situation) -> Steps:
        """List what will be done, and what undoes it."""
        ...


def is_applied(change: ObjectChange) -> bool:
    """Whether a run applies the object (see the module's rules)."""
    return change.effect in APPLIED and not is_skipped(change)


def is_skipped(change: ObjectChange) -> bool:
    """An unchanged object that must not be touched: a Job that ran would run again, a definition is another's."""
    return change.effect is Effect.UNCHANGED and change.reason.startswith((NOT_RUN_AGAIN, SHARED))


SHARED = "shared"
"""How the reason begins of a definition that another Installation looks after."""
NOT_RUN_AGAIN = "not run again"
"""How the reason of an unchanged, absent Job begins."""
