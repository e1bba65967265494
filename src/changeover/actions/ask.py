"""What a person asks for when they change something: one value, the same from the command line and the console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from changeover.package.answers import Given
from changeover.plan.strategy import Parameters


@dataclass(frozen=True, slots=True)
class Checks:
    """How the release's preflights are treated."""

    skip: bool = False
    """Make only those that are strict."""
    allowed: frozenset[str] = frozenset()
    """Classes of what collectors may do beyond reading."""
    accepted: frozenset[str] = frozenset()
    """Titles of strict checks that may fail, as typed."""


@dataclass(frozen=True, slots=True)
class Override:
    """Freezes, by their typed names, in which a run begins nevertheless, and why."""

    freezes: frozenset[str] = frozenset()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One change, as asked for."""

    kind: str
    """install | update | rollback | configure | uninstall"""
    version: str = ""
    """The wanted release; empty means the newest."""
    revision: int = 0
    """rollback: the number of the earlier revision; 0 means the one before."""
    source: str = ""
    """A channel or package other than the Installation's; empty = its own."""
    strategy: str = ""
    """Empty means the Installation's default."""
    next_window: bool = False
    """Begin in the Installation's next window in which the change fits, and end before it closes."""
    override: Override = field(default_factory=Override)
    parameters: Parameters = field(default_factory=Parameters)
    answers: Given | None = None
    """New answers, which replace the kept ones name by name; None changes nothing."""
    customisations: Sequence[Mapping[str, Any]] | None = None
    """Entries that replace the Installation's own from the next commit on; None changes nothing."""
    grants: tuple[str, ...] = ()
    """Service accounts that may be created for the package's own installer."""
    checks: Checks = field(default_factory=Checks)
    acknowledged: frozenset[str] = frozenset()
    """Ids of the vendor's notes that who asks has read."""
    accept_data_loss: frozenset[str] = frozenset()
    """Names of data-bearing objects that may go, as typed."""
