"""The manifest that a step names: its target, in the revision that its arguments name."""

from __future__ import annotations

from changeover.errors import Problem
from changeover.objects import API_VERSION, Kind, KubeObject, Ref
from changeover.plan import inventory, retention
from changeover.plan.dress import dress
from changeover.plan.steps import Step
from changeover.runs.scene import Scene


class NotInRevision(Problem):
    """A step names an object that its revision does not have; the plan and the revision do not belong together."""

    reference = "not-in-revision"


def manifest(step: Step, scene: Scene, key: str = "") -> KubeObject:
    """The object of that key (the step's target) as the revision has it, not dressed."""
    key = key or step.target
    revision = scene.subject.revision(str(step.arguments["revision"]))
    found = next((obj for obj in revision.everything if obj.ref.key == key), None)
    if found is None:
        raise NotInRevision(f"{key} must be in the revision that the step names.", found=revision.digest)
    return found


def dressed(step: Step, scene: Scene) -> KubeObject:
    """The same as it is sent: whose it is, of which revision, and what the step leaves to others or keeps for now."""
    subject = scene.subject
    found = manifest(step, scene)
    revision = subject.revision(str(step.arguments["revision"]))
    parent = Ref(Kind(API_VERSION, "Installation"), subject.namespace, subject.installation)
    return dress(
        retention.keeping_claims(found) if step.arguments.get("retained") else found,
        revision.digest,
        applyset_id=inventory.applyset_id(parent),
        autoscaled=frozenset(step.arguments.get("autoscaled", ())),
        version=revision.version,
    )
