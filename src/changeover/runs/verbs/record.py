"""RECORD: write into the Installation what runs now: revision, inventory (ApplySet), and how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover import __version__
from changeover.objects import API_VERSION, Kind, KubeObject, Ref
from changeover.plan import inventory
from changeover.plan.steps import Step, Verb
from changeover.ports import Json
from changeover.runs import reality
from changeover.runs.scene import Scene
from changeover.settings import APPLYSET_ID, KEEP_RUNS

INSTALLATION = Kind(API_VERSION, "Installation")


async def record(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Patch status and annotations; the same again is harmless."""
    subject = scene.subject
    ref = Ref(INSTALLATION, subject.namespace, subject.installation)
    await scene.checkpoint(step)
    live = await scene.cluster.get(ref)
    refs = [obj.ref for obj in subject.new.everything]
    await scene.cluster.patch(
        ref,
        {
            "metadata": {
                "labels": {APPLYSET_ID: inventory.applyset_id(ref)},
                "annotations": {
                    inventory.TOOLING: f"changeover/{__version__}",
                    inventory.CONTAINS_GROUP_KINDS: inventory.group_kinds(refs),
                    inventory.ADDITIONAL_NAMESPACES: inventory.additional_namespaces(refs, subject.namespace),
                },
            }
        },
    )
    await scene.cluster.patch(ref, {"status": _status(scene, live)}, subresource="status")
    observed = await reality.look(scene.cluster, subject.new)
    return {"revision": subject.new.digest, "number": subject.new_number, "observed": observed}


def _status(scene: Scene, live: KubeObject | None) -> dict[str, Any]:
    subject = scene.subject
    at = scene.clock.now().isoformat(timespec="seconds")
    entry = {
        "number": subject.new_number,
        "version": subject.new.version,
        "digest": subject.new.digest,
        "blob": subject.new_blob,
        "packageBlob": subject.package_blob,
        "run": subject.run,
        "at": at,
        "verdict": "committed",
        "epoch": subject.new.writes_epoch,
    }
    known = live.get("status", "revisions", default=[]) if live else []
    others = [one for one in known if one["number"] != subject.new_number]
    status: dict[str, Any] = {
        "running": {
            "version": subject.new.version,
            "revision": subject.new.digest,
            "number": subject.new_number,
            "state": "committed",
        },
        "revisions": [*others, entry][-KEEP_RUNS:],
        "sessionSelector": subject.profile.sessions.selector if subject.profile.sessions else None,
    }
    pieces = [
        scene.data(one.id) for one in subject.plan.steps.forward if one.verb is Verb.BACK_UP and scene.data(one.id)
    ]
    if pieces:
        status["lastBackup"] = {"at": at, "run": subject.run, "pieces": [dict(piece) for piece in pieces]}
    return status
