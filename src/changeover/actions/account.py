"""Give an account of a run: read its journal, tell it, sign it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from changeover.actions import installations, keys, runs_of
from changeover.actions.outside import Outside
from changeover.evidence import signature
from changeover.evidence.model import Evidence
from changeover.evidence.tell import Whose, tell
from changeover.plan.explain import plan_from_json


@dataclass(frozen=True, slots=True)
class Account:
    """Evidence and the signature under it."""

    evidence: Evidence
    signature: Mapping[str, str]


async def account(outside: Outside, installation: str = "", name: str = "") -> Account:
    """The evidence of a run of an Installation: the named one or the newest."""
    followed = await installations.find(outside, installation or name.rpartition("-")[0])
    run = await runs_of.named(outside, followed.name, name)
    records = await outside.journal(run).read()
    plan = plan_from_json(json.loads(await outside.blobs(followed).get(run.get("spec", "planBlob"))))
    whose = Whose(
        run=run.name,
        installation=followed.name,
        namespace=outside.namespace,
        cluster_uid=await outside.cluster.uid(),
        acknowledged=tuple(run.get("spec", "acknowledged", default=())),
        overrides=tuple(run.get("spec", "overrides", default=())),
    )
    evidence = tell(records, plan, whose)
    own = await keys.keys_of(outside, followed)
    return Account(evidence, signature.sign(evidence.as_json(), own.signing))
