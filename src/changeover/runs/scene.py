"""What a step's act may touch: the ports, the plan's values, and the journal through `note`.

An act is ``async def act(step: Step, scene: Scene) -> Mapping[str, Json]``: level-triggered and idempotent. It looks
first whether its postcondition already holds; it may be cut off anywhere and called again, by another process, with
nothing but the journal (``scene.notes(step)``) and the cluster. What it returns is kept in the journal
as the step's data.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from changeover.plan.model import Plan
from changeover.plan.steps import Step
from changeover.ports import Clock, Cluster, Http, Json, Volumes
from changeover.release.profile import Profile
from changeover.render.revision import Revision


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose run it is, and its immutable inputs."""

    installation: str
    namespace: str
    installation_uid: str
    run: str
    """Name of the Changeover object."""
    plan: Plan
    old: Revision | None
    new: Revision
    profile: Profile
    old_number: int = 0
    new_number: int = 0
    new_blob: str = ""
    package_blob: str = ""
    made_by: str = ""
    """The version of Changeover that planned it; empty when it did not say."""

    def revision(self, digest: str) -> Revision:
        """The old or the new revision, by digest; an empty one when there was nothing before."""
        for known in (self.new, self.old):
            if known is not None and known.digest == digest:
                return known
        return Revision("", (), digest)


class Scene(Protocol):
    """Handed to every act by the executor."""

    subject: Subject
    cluster: Cluster
    clock: Clock
    http: Http
    volumes: Volumes | None

    def notes(self, step_id: str) -> Mapping[str, Json]:
        """What that step noted so far (by key), also in an earlier process."""
        ...

    def data(self, step_id: str) -> Mapping[str, Json]:
        """What that step returned when it was done; empty when it is not."""
        ...

    async def note(self, step: Step, key: str, data: Json) -> None:
        """Write to the journal before going on; also a checkpoint."""
        ...

    async def note_many(self, step: Step, entries: Mapping[str, Json]) -> None:
        """Several notes in one write."""
        ...

    async def checkpoint(self, step: Step) -> None:
        """Call before every mutation and in every wait loop.

        Raises when fenced, aborted or past the step's deadline; waits while the run is paused.
        """
        ...

    def progress(self, step: Step, text: str, *, done: int = 0, total: int = 0) -> None:
        """Say what is awaited, and how far: shown live and in the status; never stored in the journal."""
        ...

    async def replan(self) -> Plan:
        """Plan the same change again, against the cluster as it is now."""
        ...

    async def waived(self, subject: str) -> bool:
        """Whether a person has waived `subject` (a session's name), by `changeover answer`, with a reason."""
        ...


Act = Callable[[Step, Scene], Awaitable[Mapping[str, Json]]]
