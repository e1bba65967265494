"""Whose policy and whose field it was at first, also when the process died while it put them back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

from changeover.objects import KubeObject, Ref
from changeover.plan.retention import KEPT, POLICY
from changeover.plan.steps import Phase, Step, Verb
from changeover.render.revision import Revision
from changeover.runs.scene import Scene
from changeover.runs.verbs.retaining import BEFORE, OWNERS, unretain
from tests.unit.plan.world import stateful_set

GREEDY = {"whenDeleted": "Delete", "whenScaled": "Delete"}
KEY = stateful_set().ref.key
FIELDS = {"f:spec": {f"f:{POLICY}": {"f:whenDeleted": {}, "f:whenScaled": {}}}}
APPLIED = {"manager": "changeover", "operation": "Apply", "apiVersion": "apps/v1", "fieldsV1": FIELDS}
PATCHED = {**APPLIED, "operation": "Update"}
REST = {**APPLIED, "fieldsV1": {"f:spec": {"f:replicas": {}}}}
FIRST = {BEFORE: GREEDY, OWNERS: [APPLIED]}


@dataclass
class Sides:
    old: Revision | None = None
    new: Revision = field(default_factory=lambda: Revision("2", (), "sha256:2"))


@dataclass
class Playing:
    """A scene with one StatefulSet, whose fields patches replace."""

    noted: dict[str, Any]
    done: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, str] = field(default_factory=lambda: dict(KEPT))
    owners: list[Any] = field(default_factory=lambda: [REST, PATCHED])
    subject: Any = field(default_factory=Sides)
    patches: list[str] = field(default_factory=list)

    @property
    def cluster(self) -> Playing:
        return self

    def notes(self, step_id: str) -> Any:
        return self.noted.get(step_id, {})

    def data(self, step_id: str) -> Any:
        return self.done.get(step_id, {})

    async def checkpoint(self, _step: Step) -> None:
        return

    async def get(self, _ref: Ref) -> KubeObject:
        obj = stateful_set(**{POLICY: self.policy})
        metadata = {**obj.metadata, "uid": "u", "resourceVersion": "1", "managedFields": self.owners}
        return KubeObject({**obj.raw, "metadata": metadata})

    async def patch(self, ref: Ref, operations: list[dict[str, Any]]) -> KubeObject:
        path, value = operations[-1]["path"], operations[-1]["value"]
        self.patches.append(path)
        if path == "/metadata/managedFields":
            self.owners = value
        else:
            self.policy = value
        return await self.get(ref)


def put_back(scene: Playing, *, prefix: str = "") -> None:
    arguments = {"ref": stateful_set().ref.as_json(), "revision": ""}
    step = Step(f"{prefix}unretain/{KEY}", Verb.UNRETAIN, "x", Phase.CHANGE, target=KEY, arguments=arguments)
    asyncio.run(unretain(step, cast("Scene", scene)))  # type: ignore[arg-type]


def test_policy_and_field_go_back() -> None:
    scene = Playing({f"retain/{KEY}": FIRST})
    put_back(scene)
    assert scene.policy == GREEDY
    assert [one["operation"] for one in scene.owners] == ["Apply"]
    scene.patches.clear()
    put_back(scene)
    assert scene.patches == []


def test_who_turns_back_between_the_two_patches_does_not_take_our_patch_for_what_was_there() -> None:
    half = {BEFORE: GREEDY, OWNERS: [PATCHED]}
    scene = Playing({f"retain/{KEY}": FIRST, f"back/retain/{KEY}": half})
    put_back(scene, prefix="back/")
    assert scene.policy == GREEDY
    assert [one["operation"] for one in scene.owners] == ["Apply"]


def test_what_the_way_forward_has_put_back_is_left_alone() -> None:
    scene = Playing({f"retain/{KEY}": FIRST}, done={f"unretain/{KEY}": {"restored": True}})
    put_back(scene, prefix="back/")
    assert scene.patches == []
