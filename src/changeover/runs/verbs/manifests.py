"""The manifest that a step names: its target, in the revision that its arguments name."""

from __future__ import annotations

from changeover.errors import Problem
from changeover.objects import KubeObject
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
