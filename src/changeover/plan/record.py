"""The plan as JSON and back: what is stored beside the Installation, and what ``-o json`` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover.objects import API_VERSION, Ref
from changeover.plan.model import Availability, Effect, FieldChange, Finding, ObjectChange, Plan, Severity
from changeover.plan.steps import Step, Steps


def plan_as_json(plan: Plan) -> dict[str, Any]:
    """The whole plan; secrets are masked in it already."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Plan",
        "digest": plan.digest,
        "change": plan.kind,
        "strategy": plan.strategy,
        "from": {"revision": plan.from_revision, "version": plan.from_version},
        "to": {"revision": plan.to_revision, "version": plan.to_version},
        "summary": plan.summary,
        "blocked": plan.blocked,
        "facts": dict(plan.facts),
        "findings": [_finding(finding) for finding in plan.findings],
        "changes": [change_as_json(change) for change in plan.changes],
        "steps": {
            "forward": [step.as_json() for step in plan.steps.forward],
            "back": [step.as_json() for step in plan.steps.back],
        },
    }


def plan_from_json(data: Mapping[str, Any]) -> Plan:
    """The inverse of `plan_as_json`."""
    return Plan(
        kind=data["change"],
        strategy=data["strategy"],
        from_revision=data["from"]["revision"],
        to_revision=data["to"]["revision"],
        from_version=data["from"]["version"],
        to_version=data["to"]["version"],
        changes=tuple(_change_from(change) for change in data["changes"]),
        findings=tuple(_finding_from(finding) for finding in data["findings"]),
        steps=Steps(
            forward=tuple(Step.from_json(step) for step in data["steps"]["forward"]),
            back=tuple(Step.from_json(step) for step in data["steps"]["back"]),
        ),
        summary=data["summary"],
        digest=data["digest"],
        facts=data["facts"],
    )


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "reference": finding.reference,
        "severity": finding.severity.value,
        "message": finding.message,
        "found": finding.found,
        "hint": finding.hint,
        "object": finding.ref.as_json() if finding.ref else None,
    }


def _finding_from(data: Mapping[str, Any]) -> Finding:
    return Finding(
        reference=data["reference"],
        severity=Severity(data["severity"]),
        message=data["message"],
        found=data["found"],
        hint=data["hint"],
        ref=Ref.from_json(data["object"]) if data["object"] else None,
    )


def change_as_json(change: ObjectChange) -> dict[str, Any]:
    """What happens to one object; secrets are masked in it already."""
    return {
        "object": change.ref.as_json(),
        "effect": change.effect.value,
        "reason": change.reason,
        "fields": [{"path": one.path, "before": one.before, "after": one.after} for one in change.fields],
        "wave": change.wave,
        "holdsData": change.holds_data,
        "restarts": change.restarts,
        "handler": change.handler,
        "kept": [{"field": name, "manager": manager} for name, manager in change.kept],
        "availability": _availability(change.availability) if change.availability else None,
    }


def _availability(one: Availability) -> dict[str, Any]:
    return {"pods": one.pods, "least": one.least, "awaySeconds": one.away_seconds, "why": one.why, "down": one.down}


def _availability_from(data: Mapping[str, Any] | None) -> Availability | None:
    return Availability(data["pods"], data["least"], data["awaySeconds"], data["why"], data["down"]) if data else None


def _change_from(data: Mapping[str, Any]) -> ObjectChange:
    return ObjectChange(
        ref=Ref.from_json(data["object"]),
        effect=Effect(data["effect"]),
        reason=data["reason"],
        fields=tuple(FieldChange(one["path"], one["before"], one["after"]) for one in data["fields"]),
        wave=data["wave"],
        holds_data=data["holdsData"],
        restarts=data["restarts"],
        handler=data.get("handler", ""),
        kept=tuple((one["field"], one["manager"]) for one in data.get("kept", ())),
        availability=_availability_from(data.get("availability")),
    )
