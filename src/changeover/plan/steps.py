"""The step: the unit of a run. A strategy only lists steps; the plan shows them; the run engine executes them.

* A step is data: what to do (`verb`), to what (`target`), with which `arguments` (JSON only), until when (`deadline`).
* Consecutive steps with the same non-empty `wave` run concurrently and share journal writes.
* The way back is a list of steps too. A back step runs when any step it `undoes` was begun (always, if it names none).
* From the first begun step with `point_of_no_return` on, a failure is `held` instead of rolled back.
* `id` is unique in the run, the same in preview and execution, and the idempotency key of what the step does outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from changeover.plan import forms


class Verb(StrEnum):
    """Everything a run can do. One file per verb (or close pair) in `runs/verbs/`."""

    WAIT_WINDOW = "wait-window"  # arguments: notBefore, end, needSeconds, reserveSeconds, overridden (freezes)
    ANNOUNCE = "announce"  # tell people; arguments: seconds, message
    CLOSE_GATE = "close-gate"  # policy ConfigMap and own switch, proven closed; arguments: gate
    OPEN_GATE = "open-gate"
    DRAIN = "drain"  # all sessions, with receipts; arguments: sessions contract
    RECHECK = "recheck"  # plan again against the live cluster; the digest must not have changed
    SCALE = "scale"  # target kind/name; arguments: replicas (number | "restore"), of (step id that scaled it)
    BACK_UP = "back-up"  # arguments: claim, name
    RESTORE = "restore"  # arguments: of (back-up step id)
    APPLY = "apply"  # target object key; arguments: revision (digest), propagation for Jobs
    RUN_INSTALLER = "run-installer"  # target Job's key; arguments: revision; runs it alone, keeps its log and outcome
    RUN_HOOK = "run-hook"  # target hook's key; arguments: revision, event, deletes, clears, last, accepted
    PRUNE = "prune"  # delete an object of the old revision; arguments: kept data refused
    BRIDGE = "bridge"  # Services and policies keep their pods while labels change; arguments: objects, revision
    READOPT = "re-adopt"  # target workload's identity becomes that of revision; its pods stay; arguments: revision
    UNBRIDGE = "unbridge"  # Services and policies take the form of revision; arguments: objects, revision
    RETAIN = "retain"  # the StatefulSet keeps its claims, whatever its policy; arguments: ref
    UNRETAIN = "unretain"  # its policy for claims as before, or as applied meanwhile; arguments: ref, revision
    WAIT_READY = "wait-ready"  # arguments: objects (keys), informers, holdSeconds
    PROBE = "probe"  # one probe from the user's side; arguments: probe, version
    SOAK = "soak"  # keep probing; arguments: seconds, probes
    RECORD = "record"  # write revision, inventory and status of the Installation; arguments: revision, number


TOUCHING = frozenset(
    {
        Verb.APPLY,
        Verb.PRUNE,
        Verb.RUN_INSTALLER,
        Verb.RUN_HOOK,
        Verb.SCALE,
        Verb.RESTORE,
        Verb.BRIDGE,
        Verb.READOPT,
        Verb.UNBRIDGE,
    }
)
"""What changes objects of the application."""

CHANGES = frozenset({Verb.APPLY, Verb.PRUNE, Verb.RUN_INSTALLER, Verb.RUN_HOOK})
"""Verbs that change objects of the application, or let it change itself."""


class Phase(StrEnum):
    """How steps are grouped for people."""

    WAIT = "wait"
    ANNOUNCE = "announce"
    GATE = "gate"
    DRAIN = "drain"
    BACKUP = "backup"
    CHANGE = "change"
    VERIFY = "verify"
    REOPEN = "reopen"
    SOAK = "soak"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do."""

    id: str
    verb: Verb
    title: str
    phase: Phase
    target: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    wave: str = ""
    deadline: float = 300.0
    undoes: tuple[str, ...] = ()
    point_of_no_return: bool = False

    def as_json(self) -> dict[str, Any]:
        """For the plan's record and digest."""
        return {
            "id": self.id,
            "verb": self.verb.value,
            "title": self.title,
            "phase": self.phase.value,
            "target": self.target,
            "arguments": dict(self.arguments),
            "wave": self.wave,
            "deadline": self.deadline,
            "undoes": list(self.undoes),
            "pointOfNoReturn": self.point_of_no_return,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Step:
        """The inverse of ``as_json``. Raises NewerVersion for a verb or phase that we do not know."""
        return Step(
            id=data["id"],
            verb=forms.word(Verb, data["verb"], f"Step {data['id']}"),
            title=data["title"],
            phase=forms.word(Phase, data["phase"], f"Step {data['id']}"),
            target=data["target"],
            arguments=data["arguments"],
            wave=data["wave"],
            deadline=data["deadline"],
            undoes=tuple(data["undoes"]),
            point_of_no_return=data["pointOfNoReturn"],
        )


@dataclass(frozen=True, slots=True)
class Steps:
    """What a strategy lists: the way forward and the way back."""

    forward: tuple[Step, ...]
    back: tuple[Step, ...] = ()
