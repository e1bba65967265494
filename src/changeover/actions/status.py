"""The ten-second answer: what runs, is it healthy, what is new, which gate is closed, what goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from changeover.actions import calendar, components, fields, installations, revisions, runs_of, truth
from changeover.actions.components import Component
from changeover.actions.in_accounts import sees_secrets
from changeover.actions.outside import Outside
from changeover.objects import Kind, KubeObject, Ref
from changeover.plan import inventory
from changeover.runs.health import kstatus
from changeover.settings import GATE_POLICY

CONFIG_MAP = Kind("v1", "ConfigMap")
POD = Kind("v1", "Pod")


@dataclass(frozen=True, slots=True)
class Status:
    """What there is to know at a glance."""

    installation: str
    namespace: str
    runs: str
    """2022.09.0, or ``mixed (…)``, or ``unknown``"""
    recorded: str
    """The version that was committed last."""
    revision: int
    healthy: bool | None
    unhealthy: tuple[tuple[str, str], ...] = ()
    """(object, why)"""
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    """Live objects that are not of the recorded revision."""
    gate_closed_by: str = ""
    sessions: int | None = None
    run: str = ""
    run_phase: str = ""
    run_verdict: str = ""
    question: Mapping[str, Any] | None = None
    available: tuple[str, ...] = ()
    next: str = ""
    """Of the new releases the one to prepare: the first required stop, else the newest."""
    last_check: str = ""
    last_backup: Mapping[str, Any] = field(default_factory=dict)
    components: tuple[Component, ...] = ()
    """Its workloads; those that are not well come first."""
    addresses: tuple[str, ...] = ()
    """Where people reach it."""
    kept: tuple[str, ...] = ()
    """Fields that no release sets, because others have set them."""
    frozen: tuple[str, ...] = ()
    """The freezes that hold now, in words."""
    opens: str = ""
    """When the next window opens or has opened, RFC 3339; empty without one."""
    begins: str = ""
    """When the run begins that waits for its time, RFC 3339."""


async def status(outside: Outside, installation: str = "") -> Status:
    """Look at the Installation and at its live objects."""
    followed = await installations.find(outside, installation)
    available = _newer(followed)
    number = revisions.running_number(followed)
    seen = await _live(outside, followed, number) if number else _Seen("nothing", None)
    run = await runs_of.under_way(outside, followed.name)
    gate = await outside.cluster.get(Ref(CONFIG_MAP, outside.namespace, GATE_POLICY))
    times = calendar.view(outside, followed)
    waits = runs_of.waits_until(run, outside.clock.now()) if run else None
    return Status(
        installation=followed.name,
        namespace=outside.namespace,
        runs=seen.runs,
        recorded=str(followed.get("status", "running", "version", default="")),
        revision=number,
        healthy=seen.healthy,
        unhealthy=seen.unhealthy,
        missing=seen.missing,
        changed=seen.changed,
        gate_closed_by=str(gate.get("data", "run", default="somebody")) if gate else "",
        sessions=await _sessions(outside, followed),
        run=run.name if run else "",
        run_phase=str(run.get("status", "phase", default="not begun")) if run else "",
        run_verdict=runs_of.verdict(run) if run else "",
        question=run.get("status", "question") if run else None,
        available=tuple(str(one["version"]) for one in available),
        next=_next(available),
        last_check=str(followed.get("status", "lastCheck", default="")),
        last_backup=followed.get("status", "lastBackup", default={}),
        components=seen.components,
        addresses=seen.addresses,
        kept=tuple(f"{one.called} {one.field} by {one.manager}" for one in fields.listed(followed)),
        frozen=tuple(f"{one.told}." for one in times.frozen) or ((times.trouble,) if times.trouble else ()),
        opens=times.upcoming[0].begins.isoformat() if times.upcoming else "",
        begins=waits.isoformat() if waits else "",
    )


def _newer(followed: KubeObject) -> list[Mapping[str, Any]]:
    """What the last check found, oldest first, without what has been changed over to since."""
    listed = list(followed.get("status", "available", default=[]))
    running = str(followed.get("status", "running", "version", default=""))
    versions = [str(one["version"]) for one in listed]
    return listed[versions.index(running) + 1 :] if running in versions else listed


def _next(newer: Sequence[Mapping[str, Any]]) -> str:
    """The next stop: a required release, else the newest."""
    stop = next((one for one in newer if one.get("required")), newer[-1] if newer else {})
    return str(stop.get("version", ""))


@dataclass(frozen=True, slots=True)
class _Seen:
    runs: str
    healthy: bool | None
    unhealthy: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    addresses: tuple[str, ...] = ()


async def _live(outside: Outside, installation: KubeObject, number: int) -> _Seen:
    revision = await revisions.load(outside, installation, number)
    live = await truth.look(outside.cluster, revision, secrets=sees_secrets(outside))
    judged = truth.judge(revision, live, set_id=inventory.applyset_id(installation.ref))
    sick = _sick([obj for obj in live.values() if obj is not None])
    return _Seen(
        runs=judged.words,
        healthy=not (sick or judged.missing),
        unhealthy=sick,
        missing=judged.missing,
        changed=judged.other,
        components=components.components(live),
        addresses=components.addresses(live),
    )


def _sick(live: Sequence[KubeObject]) -> tuple[tuple[str, str], ...]:
    judged = ((obj, kstatus.judge(obj)) for obj in live)
    return tuple((str(obj.ref), health.message) for obj, health in judged if not health.current)


async def _sessions(outside: Outside, installation: KubeObject) -> int | None:
    selector = installation.get("status", "sessionSelector", default="")
    if not selector:
        return None
    return len(await outside.cluster.list(POD, namespace=outside.namespace, selector=selector))
