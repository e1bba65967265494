"""The plan as a value: what will happen to every object, and under which steps. Nothing volatile enters its digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

from changeover.objects import KubeObject, Ref
from changeover.plan.steps import Steps


class Effect(StrEnum):
    """What happens to one object. Unknown is never shown as safe."""

    UNCHANGED = "unchanged"
    CREATE = "create"
    PATCH = "patch"
    RESTART = "restart"
    RECREATE_KEEPING_PODS = "recreate-keeping-pods"
    RECREATE = "recreate"
    PRUNE = "prune"
    KEEP = "keep"
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """What a finding does: blocks stops the run, warns must be read, notes is for the curious."""

    BLOCKS = "blocks"
    WARNS = "warns"
    NOTES = "notes"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the operator must know; `reference` names its documentation page as a Problem's does."""

    reference: str
    severity: Severity
    message: str
    found: str = ""
    hint: str = ""
    ref: Ref | None = None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One changed field; `before`/`after` are JSON text, masked where secret, None where absent."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Availability:
    """What users have to expect of a workload that runs now, from the moment at which it is first touched."""

    pods: int
    """How many it has; never 0."""
    least: int
    """As many pods stay ready throughout, by its own strategy: fewer is not what its author allowed."""
    away_seconds: float = 0.0
    """Expected without any ready pod."""
    why: str = ""
    """What makes it so, and what else users may notice; empty when there is nothing to say."""
    down: bool = False
    """Whether none of its pods is ready now, before anything is changed: how long that lasts nobody foretells."""

    @property
    def text(self) -> str:
        """``no ready pod for about 5 s: …``; empty when every pod stays and there is nothing to say."""
        if self.down:
            said = "no pod is ready now"
        elif self.away_seconds:
            said = f"no ready pod for about {self.away_seconds:.0f} s"
        elif self.least < self.pods:
            said = f"at least {self.least} of {self.pods} pods stay ready"
        else:
            return self.why
        return f"{said}: {self.why}" if self.why else said


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """What will happen to one object, why, and in which wave of the change it happens."""

    ref: Ref
    effect: Effect
    reason: str = ""
    fields: tuple[FieldChange, ...] = ()
    wave: int = 0
    holds_data: bool = False
    restarts: str = ""
    """Which pods restart and why; empty when none."""
    handler: str = ""
    """What brings about a change that Kubernetes refuses in place (`plan/immutables/remedy.py`); empty = apply does."""
    kept: tuple[tuple[str, str], ...] = ()
    """Fields that others have set and keep: (field, manager)."""
    availability: Availability | None = None
    """Of a workload that has pods before and after; None of everything else. Not part of the digest."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What the API server answered to a dry run: the resulting object, or why it refused."""

    result: KubeObject | None
    status: int = 0
    message: str = ""
    causes: tuple[tuple[str, str, str], ...] = ()
    owners: tuple[tuple[str, str], ...] = ()
    """Other managers of fields we set: (manager, field)."""
    kept: tuple[tuple[str, str], ...] = ()
    """Fields that are left to others, and to whom: (field, manager). They were left out of what was asked."""
    unknowable: frozenset[tuple[str, ...]] = frozenset()
    """Paths whose value was another one when the same was asked again: a webhook makes it up each time."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the API server says of the two halves of a change that it refuses as a whole."""

    as_new: DryRun
    """Of the manifest, were nothing there."""
    in_place: DryRun | None = None
    """Of a workload's manifest under the identity that lives: what follows as an ordinary change."""


@dataclass(frozen=True, slots=True)
class Room:
    """What is free on one node: CPU in cores, memory in bytes, places for pods."""

    name: str
    cpu: Fraction
    memory: Fraction
    pods: int
    labels: Mapping[str, str] = field(default_factory=dict)
    tainted: bool = False
    """Whether it takes only pods that tolerate something."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was seen of the cluster at one moment; all that `make_plan` knows of it. Keys are `Ref.key`."""

    live: Mapping[str, KubeObject]
    """Objects of the new and of the old revision that exist."""
    dry_runs: Mapping[str, DryRun]
    """One per object of the new revision."""
    inventory: Sequence[Ref]
    """What the Installation owns now (by ApplySet label), including what no revision names any more."""
    served: frozenset[tuple[str, str]]
    """(apiVersion, kind) that the cluster serves."""
    denied: Sequence[str] = ()
    """Rights that are missing, in words: ``patch deployments.apps in gitpod``."""
    autoscaled: frozenset[str] = frozenset()
    """Keys of workloads that an HPA scales."""
    foreign: Mapping[str, str] = field(default_factory=dict)
    """Keys of objects that belong to another ApplySet, with its id."""
    populated: frozenset[str] = frozenset()
    """Keys of CustomResourceDefinitions that have objects."""
    policy_gate: bool = False
    """Whether the gate's admission policy and its binding are in the cluster."""
    claims: frozenset[str] = frozenset()
    """Names of the claims in the Installation's namespace."""
    rooms: tuple[Room, ...] = ()
    """What is free on the nodes; empty when they could not be seen."""
    services: tuple[KubeObject, ...] = ()
    """Services beside the Installation's own, where its pods live."""
    rehearsals: Mapping[str, Rehearsal] = field(default_factory=dict)
    """Keys of objects whose change was refused but can be brought about otherwise."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One change, decided: the value that approvals and runs name by `digest`."""

    kind: str
    """install | update | rollback | configure | uninstall"""
    strategy: str
    from_revision: str
    """Digest of what runs by our records; empty for an install."""
    to_revision: str
    from_version: str
    to_version: str
    changes: tuple[ObjectChange, ...]
    findings: tuple[Finding, ...]
    steps: Steps
    summary: str
    digest: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Figures for people (expected downtime, pods restarting, point of no return); not part of the digest."""

    @property
    def blocked(self) -> bool:
        """Whether a finding keeps it from running."""
        return any(finding.severity is Severity.BLOCKS for finding in self.findings)
