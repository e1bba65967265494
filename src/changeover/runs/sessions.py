"""Whether a stopped session's work was saved: judged from its pod and its receipt. Pure.

A receipt proves when all of this holds:

* it says success by the contract's keys, and names no failure
* it is newer than the end of every container of the session, or than the last write that the application itself states;
  a receipt without a time counts only if it was not there when the session was told to stop
* its size and digest are there and well-formed (whether the store agrees is asked by the drain, where the contract has
  an address)

Anything else is either not yet (a backup that goes on) or never (a failure, a lie, a release without a receipt).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from changeover.objects import KubeObject
from changeover.release.profile import Receipt, Sessions
from changeover.settings import RECEIPT_FINALIZER

SHA256 = re.compile(r"^(sha256:)?[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True)
class Judgement:
    """``proven``, ``waiting`` (not yet), or ``unproven`` (never by itself), with the reason."""

    outcome: str
    reason: str = ""
    bytes: int = 0
    sha256: str = ""
    finished_at: str = ""


def judge(pod: KubeObject, contract: Sessions, *, had_receipt: bool) -> Judgement:
    """Judge one session; `had_receipt` = whether a receipt stood there before it was told to stop."""
    if contract.receipt is None:
        return Judgement("unproven", "the profile names no receipt, so nothing can prove that its work was saved")
    text = pod.annotations.get(contract.receipt.annotation)
    if not text:
        return _not_yet(pod, "it was released without a receipt", meanwhile="no receipt yet")
    receipt = _parsed(text)
    if receipt is None:
        return Judgement("unproven", f"its receipt is not JSON: {text[:80]}")
    failure = receipt.get(contract.receipt.failure_key)
    if failure:
        return Judgement("unproven", f"its backup failed: {str(failure)[:200]}")
    for key, wanted in contract.receipt.success.items():
        if str(receipt.get(key)) != wanted:
            said = f"its receipt says {key}={receipt.get(key)}, not {wanted}"
            return _not_yet(pod, said, meanwhile=said)
    return _success(pod, contract, receipt, had_receipt=had_receipt)


def _success(pod: KubeObject, contract: Sessions, receipt: Mapping[str, Any], *, had_receipt: bool) -> Judgement:
    keys = contract.receipt or Receipt(annotation="")
    digest, size = str(receipt.get(keys.digest_key) or ""), receipt.get(keys.bytes_key)
    finished = str(receipt.get(keys.finished_at_key) or "")
    last = last_write(pod, contract)
    if last is None:
        return Judgement("waiting", "its containers have not ended yet")
    if finished:
        at = _time(finished)
        if at is None:
            return Judgement("unproven", f"its receipt's time cannot be read: {finished[:40]}")
        if at < last:
            return Judgement("unproven", f"its receipt ({finished}) is older than its last write ({last.isoformat()})")
    elif had_receipt:
        return Judgement("unproven", "its receipt was there before it was stopped, and has no time")
    if keys.digest_key and digest and not SHA256.match(digest):
        return Judgement("unproven", f"its receipt's digest is not a sha256: {digest[:80]}")
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 0):
        return Judgement("unproven", f"its receipt's size is not a number of bytes: {str(size)[:40]}")
    return Judgement("proven", "", int(size or 0), digest.removeprefix("sha256:"), finished)


def last_write(pod: KubeObject, contract: Sessions) -> datetime | None:
    """When it last wrote: what the application says, else the end of its last container; None while one runs."""
    if contract.last_write:
        return _time(pod.annotations.get(contract.last_write.annotation, ""))
    ends = []
    for status in pod.get("status", "containerStatuses", default=[]):
        ended = (status.get("state") or {}).get("terminated")
        if ended is None:
            return None
        if ended.get("finishedAt"):
            ends.append(_time(str(ended["finishedAt"])))
    known = [end for end in ends if end is not None]
    return max(known) if known else datetime.min.replace(tzinfo=UTC)


def _not_yet(pod: KubeObject, never: str, *, meanwhile: str) -> Judgement:
    return Judgement("unproven", never) if _is_released(pod) else Judgement("waiting", meanwhile)


def _is_released(pod: KubeObject) -> bool:
    """Whether everybody but us has let the terminating pod go."""
    return pod.terminating and all(name == RECEIPT_FINALIZER for name in pod.finalizers)


def _parsed(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
