"""A second person's yes to a plan, where the Installation's policy asks for one.

An approval names the plan of an update by its digest and ends by itself; who begins the run cannot have given it. The
way back never waits for anybody: a rollback needs no approval, an automatic one least of all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from changeover.actions import audit, installations
from changeover.actions.outside import Outside
from changeover.actions.prepare import Prepared
from changeover.errors import Problem
from changeover.objects import API_VERSION, Kind, KubeObject
from changeover.plan.model import Plan

APPROVAL = Kind(API_VERSION, "Approval")
HOURS = 24
"""How long an approval holds unless the policy says otherwise."""
_WAITS = "update"
"""The kind of change that waits for approval."""


class NotApproved(Problem):
    """The policy asks for another person's yes, and there is none to this plan."""

    reference = "not-approved"
    exit_code = 3


class NothingToApprove(Problem):
    """A plan that nobody needs to or can approve."""

    reference = "nothing-to-approve"
    exit_code = 3


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's yes to one plan."""

    by: str
    plan: str
    expires: str
    """RFC 3339."""
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"by": self.by, "plan": self.plan, "expires": self.expires, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a plan may begin as far as approvals go."""

    required: int
    given: tuple[Approval, ...]
    """Of this plan, valid now, by others than who asks; one a person."""
    other: tuple[Approval, ...]
    """Valid now, but of another plan of this Installation: worth nothing here."""
    own: bool
    """Whether who asks has approved this plan."""

    @property
    def fulfilled(self) -> bool:
        """Whether enough others said yes."""
        return len(self.given) >= self.required


def required(installation: KubeObject) -> int:
    """How many others have to say yes."""
    return int(installation.get("spec", "policy", "approvals", "required", default=0))


async def require(outside: Outside, installation: str, *, persons: int, hours: int = HOURS) -> None:
    """Ask for that many approvals from now on; 0 asks for none. Whoever may write Installations may do that."""
    followed = await installations.find(outside, installation)
    policy = {"required": persons, "validHours": hours} if persons else None
    await outside.cluster.patch(followed.ref, {"spec": {"policy": {"approvals": policy}}})
    await _tell(outside, "require approvals", f"{persons} of {followed.name}")


async def standing(outside: Outside, installation: KubeObject, plan: Plan) -> Standing:
    """How it stands with this plan."""
    needed = required(installation) if plan.kind == _WAITS else 0
    if not needed:
        return Standing(0, (), (), own=False)
    valid = await listed(outside, installation)
    of_plan = {one.by: one for one in valid if one.plan == plan.digest}
    own = of_plan.pop(outside.person, None)
    other = tuple(one for one in valid if one.plan != plan.digest)
    return Standing(needed, tuple(of_plan.values()), other, own=own is not None)


async def listed(outside: Outside, installation: KubeObject) -> Sequence[Approval]:
    """The approvals of an Installation that are valid now, those that end first first."""
    now = outside.clock.now()
    found = [
        Approval(
            by=str(one.get("spec", "by")),
            plan=str(one.get("spec", "planDigest")),
            expires=str(one.get("spec", "expiresAt")),
            reason=str(one.get("spec", "reason", default="")),
        )
        for one in await outside.cluster.list(APPROVAL, namespace=outside.namespace)
        if one.get("spec", "installation") == installation.name
    ]
    valid = [one for one in found if datetime.fromisoformat(one.expires) > now]
    return sorted(valid, key=lambda one: (one.expires, one.by))


async def refuse_unapproved(outside: Outside, prepared: Prepared) -> None:
    """Raise NotApproved unless enough others have said yes to exactly this plan."""
    plan = prepared.plan
    now = await standing(outside, prepared.installation, plan)
    if now.fulfilled:
        return
    said = [f"{one.by} approved this plan" for one in now.given]
    said += ["your own approval does not count"] if now.own else []
    said += [f"{one.by} approved another plan, {one.plan[:19]}…" for one in now.other]
    others = "another person" if now.required == 1 else f"{now.required} other persons"
    raise NotApproved(
        f"{prepared.installation.name} asks for a yes of {others} to plan {plan.digest}.",
        found="; ".join(said) or "no approval",
        hint=f"somebody else reads it and says `changeover approve {plan.digest} --to {plan.to_version}`, "
        "with the options of this change",
    )


async def approve(outside: Outside, prepared: Prepared, *, reason: str = "") -> Approval:
    """Say yes to this plan, in the name of who asks. Raises NothingToApprove."""
    plan, followed = prepared.plan, prepared.installation
    if not required(followed) or plan.kind != _WAITS:
        raise NothingToApprove(
            f"{followed.name} asks nobody to approve this.",
            found=f"{plan.kind}; policy: {required(followed)} approvals",
            hint="`changeover approvals require 1` asks for a second person from now on",
        )
    if plan.blocked:
        raise NothingToApprove("This plan cannot run: something is in its way.", hint="`changeover plan` says what")
    hours = int(followed.get("spec", "policy", "approvals", "validHours", default=HOURS))
    now = outside.clock.now()
    made = Approval(
        outside.person, plan.digest, (now + timedelta(hours=hours)).isoformat(timespec="seconds"), reason[:2000]
    )
    unlike = hashlib.sha256(f"{made.by} {made.plan} {made.expires}".encode()).hexdigest()[:10]
    owner = {"apiVersion": API_VERSION, "kind": followed.kind, "name": followed.name, "uid": followed.uid}
    raw = {
        "apiVersion": API_VERSION,
        "kind": APPROVAL.name,
        "metadata": {
            "name": f"{followed.name}-{unlike}",
            "namespace": outside.namespace,
            "ownerReferences": [owner],
        },
        "spec": {
            "installation": followed.name,
            "planDigest": made.plan,
            "by": made.by,
            "expiresAt": made.expires,
            **({"reason": made.reason} if made.reason else {}),
        },
    }
    await outside.cluster.create(KubeObject(raw))
    await _tell(outside, "approve", f"{followed.name} to {plan.to_version}: {plan.digest}")
    return made


async def _tell(outside: Outside, what: str, detail: str) -> None:
    entry = audit.Entry(outside.clock.now().isoformat(), outside.person, what, "done", detail=detail)
    await audit.Log(outside).record(entry)
