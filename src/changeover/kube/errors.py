"""What the API server answered instead of doing it, as the Problems of `ports`.

What we sent never enters a message: it may hold secrets, and the server repeats refused values in its own words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx2

from changeover.ports import AlreadyExists, Busy, ClusterProblem, Conflict, FieldConflict, Refused, Unreachable

PASSING = frozenset({429, 500, 502, 503, 504})
FINAL = (
    "failed to create typed patch object",
    "failed to convert new object",
    "unable to convert unstructured object",
    "field not declared in schema",
    "request is too large",
)
"""Words in a 500 that will come again: the fault is in what was sent."""

VALUE = re.compile(r"(Invalid value|Unsupported value|Duplicate value): .*(?=: )", re.DOTALL)
GOT = re.compile(r", got .*", re.DOTALL)
MOST = 500


def without_values(message: str) -> str:
    """The server's words without the values that it repeats: cut rather too much than too little."""
    return GOT.sub("", VALUE.sub(r"\1", message))[:MOST]


def unreachable(what: str, error: Exception) -> Unreachable:
    """No answer: whether a write was done is unknown."""
    return Unreachable(
        f"{what}: the API server did not answer.",
        found=f"{type(error).__name__}: {error}".rstrip(": "),
        hint="is the cluster up?",
    )


def is_untouched(busy: Busy) -> bool:
    """Whether the server said so before it did anything (429)."""
    return (busy.found or "").startswith("429")


def problem_of(what: str, answer: httpx2.Response, *, json_patch: bool = False) -> ClusterProblem:
    """The Problem that an error answer means."""
    status = _status(answer)
    message, reason = without_values(str(status.get("message", ""))), str(status.get("reason", ""))
    details: Mapping[str, Any] = status.get("details") or {}
    causes = tuple(
        (str(one.get("reason", "")), str(one.get("field", "")), without_values(str(one.get("message", ""))))
        for one in details.get("causes") or ()
    )
    code = answer.status_code
    if code == 409:
        return _conflict(what, reason, message, causes)
    if code == 422 and json_patch and not causes:
        return Conflict(f"{what}: it changed meanwhile.", found=message)
    if code in PASSING and not any(words in message for words in FINAL):
        busy = Busy(f"{what}: the API server cannot do it now.", found=f"{code} {message}".strip())
        after = answer.headers.get("retry-after", "")
        busy.retry_after = float(after) if after.isdigit() else None
        return busy
    refused = Refused(
        f"{what}: the API server refused.",
        found=_told(message, causes) or f"{code} {reason}".strip(),
        hint="the credentials in the kubeconfig are not accepted; log in again" if code == 401 else None,
    )
    refused.status = code
    refused.causes = causes
    return refused


def _told(message: str, causes: tuple[tuple[str, str, str], ...]) -> str:
    """Causes say the same as the message, field by field, each with its own value cut out."""
    if not any(field for _, field, _ in causes):
        return message
    return "; ".join(f"{field}: {text}".removeprefix(": ") for _, field, text in causes[:5])


def _status(answer: httpx2.Response) -> Mapping[str, Any]:
    try:
        parsed = json.loads(answer.content)
    except (ValueError, httpx2.ResponseNotRead):  # what refuses a command's stream is not read any more
        return {"message": answer.reason_phrase}
    return parsed if isinstance(parsed, Mapping) else {}


def _conflict(what: str, reason: str, message: str, causes: tuple[tuple[str, str, str], ...]) -> ClusterProblem:
    if reason == "AlreadyExists":
        return AlreadyExists(f"{what}: there is one under this name.", found=message)
    owners = tuple((_manager(text), field) for kind, field, text in causes if kind == "FieldManagerConflict")
    if owners:
        problem = FieldConflict(
            f"{what}: other managers own fields of it.",
            found=", ".join(f"{manager} owns {field}" for manager, field in owners[:5]),
        )
        problem.owners = owners
        return problem
    return Conflict(f"{what}: it changed meanwhile.", found=message)


def _manager(text: str) -> str:
    """``conflict with "kubectl-scale" using apps/v1`` is kubectl-scale."""
    parts = text.split('"')
    return parts[1] if len(parts) > 1 else text
