"""Which act each verb is."""

from __future__ import annotations

from collections.abc import Mapping

from changeover.plan.steps import Verb
from changeover.runs.scene import Act
from changeover.runs.verbs import (
    apply,
    backup,
    bridging,
    drain,
    gate,
    hook,
    probe,
    prune,
    record,
    retaining,
    scale,
    wait_ready,
    waits,
)
from changeover.runs.verbs.identity.readopt import readopt
from changeover.runs.verbs.installing.run import run_installer

ACTS: Mapping[Verb, Act] = {
    Verb.WAIT_WINDOW: waits.wait_window,
    Verb.ANNOUNCE: waits.announce,
    Verb.CLOSE_GATE: gate.close_gate,
    Verb.OPEN_GATE: gate.open_gate,
    Verb.DRAIN: drain.drain,
    Verb.RECHECK: waits.recheck,
    Verb.SCALE: scale.scale,
    Verb.BACK_UP: backup.back_up,
    Verb.RESTORE: backup.restore,
    Verb.APPLY: apply.apply,
    Verb.RUN_INSTALLER: run_installer,
    Verb.RUN_HOOK: hook.run_hook,
    Verb.PRUNE: prune.prune,
    Verb.BRIDGE: bridging.bridge,
    Verb.READOPT: readopt,
    Verb.UNBRIDGE: bridging.unbridge,
    Verb.RETAIN: retaining.retain,
    Verb.UNRETAIN: retaining.unretain,
    Verb.WAIT_READY: wait_ready.wait_ready,
    Verb.PROBE: probe.probe,
    Verb.SOAK: probe.soak,
    Verb.RECORD: record.record,
}
