"""Which act each verb is."""

from __future__ import annotations

from collections.abc import Mapping

from changeover.plan.steps import Verb
from changeover.runs.scene import Act
from changeover.runs.verbs import apply, prune, record, wait_ready, waits

ACTS: Mapping[Verb, Act] = {
    Verb.WAIT_WINDOW: waits.wait_window,
    Verb.ANNOUNCE: waits.announce,
    Verb.RECHECK: waits.recheck,
    Verb.APPLY: apply.apply,
    Verb.PRUNE: prune.prune,
    Verb.WAIT_READY: wait_ready.wait_ready,
    Verb.RECORD: record.record,
}
