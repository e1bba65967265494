"""The digest of a plan: what approvals and runs name.

It covers both revisions (the old one is the way back), the strategy, per object its class and the paths that change,
and the steps. Nothing volatile enters: no values, no counts, no times of a schedule, no deadlines, no words. A Job that
its time-to-live removes between two plannings changes nothing: create and recreate of a Job are the same act, and an
unchanged or leaving Job is left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from changeover.plan.model import Effect, ObjectChange
from changeover.plan.steps import Step, Steps

_VOLATILE = frozenset({"notBefore", "notAfter", "end", "needSeconds", "reserveSeconds", "seconds", "message", "effect"})
_RUNS = frozenset({Effect.CREATE, Effect.RECREATE})


def digest_of(revisions: tuple[str, str], strategy: str, *, changes: Iterable[ObjectChange], steps: Steps) -> str:
    """``sha256:...`` over (from, to), the strategy's name, the changes and the steps."""
    changes = tuple(changes)
    fleeting = {change.ref.key for change in changes if _is_fleeting(change)}
    content = {
        "revisions": list(revisions),
        "strategy": strategy,
        "changes": sorted(_change(change) for change in changes if change.ref.key not in fleeting),
        "forward": [_step(step) for step in steps.forward if step.target not in fleeting],
        "back": [_step(step) for step in steps.back if step.target not in fleeting],
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _is_fleeting(change: ObjectChange) -> bool:
    return change.ref.kind.name == "Job" and change.effect in {Effect.UNCHANGED, Effect.PRUNE}


def _change(change: ObjectChange) -> list[Any]:
    if change.ref.kind.name == "Job" and change.effect in _RUNS:
        return [change.ref.key, change.ref.kind.api_version, "run", []]
    paths = sorted(field.path for field in change.fields)
    return [change.ref.key, change.ref.kind.api_version, change.effect.value, paths]


def _step(step: Step) -> list[Any]:
    return [step.id, step.verb.value, step.target, _lasting(step.arguments), list(step.undoes), step.point_of_no_return]


def _lasting(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in _VOLATILE}
