"""What is wanted: everything about a change that does not come from looking at the cluster."""

from __future__ import annotations

from dataclasses import dataclass, field

from changeover.plan.estimate import History
from changeover.plan.model import Finding
from changeover.plan.strategy import Parameters
from changeover.release.profile import Profile
from changeover.render.revision import Revision


@dataclass(frozen=True, slots=True)
class Intent:
    """One wanted change; the same value is planned again before the first mutation."""

    kind: str
    """install | update | rollback | configure | uninstall"""
    new: Revision
    """What shall run; for an uninstall a Revision without objects."""
    old: Revision | None
    """What runs by our records; None for an install."""
    namespace: str
    profile: Profile = field(default_factory=Profile)
    parameters: Parameters = field(default_factory=Parameters)
    masking_key: bytes = field(default=b"", repr=False)
    """The Installation's key, under which secrets get fingerprints."""
    accept_data_loss: frozenset[str] = frozenset()
    """Names of data-bearing objects that may go, as typed: ``PersistentVolumeClaim/minio``."""
    missing_answers: tuple[str, ...] = ()
    """Required config items without an answer."""
    requires_from: str = ""
    """Why the installed version may not be updated to this one directly, in words; empty when it may."""
    findings: tuple[Finding, ...] = ()
    """Found elsewhere and to be shown with the plan: preflights, guide entries, licence."""
    history: History = field(default_factory=History)
    """What earlier changes of this Installation took."""
