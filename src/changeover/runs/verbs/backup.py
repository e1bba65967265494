"""BACK-UP and RESTORE: the claims' content, away and back, through the port that copies volumes."""

from __future__ import annotations

from collections.abc import Mapping

from changeover.errors import Problem
from changeover.plan.steps import Step
from changeover.ports import BackupPiece, Json, Volumes
from changeover.runs.scene import Scene


class NoDestination(Problem):
    """A backup is to be made, and the Installation does not say where to."""

    reference = "no-destination"


class NoBackup(Problem):
    """There is no finished backup to restore."""

    reference = "no-backup"


async def back_up(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Copy one claim and read it back; a repetition finds the finished piece."""
    volumes = _volumes(scene)
    scene.progress(step, f"copying {step.target}")
    await scene.checkpoint(step)
    piece = await volumes.back_up(str(step.arguments["claim"]), name=str(step.arguments["name"]), key=scene.subject.run)
    return piece.as_json()


async def restore(step: Step, scene: Scene) -> Mapping[str, Json]:
    """Put the content back that the backup step of this run took away."""
    taken = scene.data(str(step.arguments["of"]))
    if not taken:
        raise NoBackup(
            f"{step.target} can only be restored from a finished backup.", found=f"{step.arguments['of']} is not done"
        )
    volumes = _volumes(scene)
    scene.progress(step, f"restoring {step.target}")
    await scene.checkpoint(step)
    piece = BackupPiece(**{name: taken[name] for name in BackupPiece.__dataclass_fields__})
    await volumes.restore(piece, key=f"{scene.subject.run}/{step.id}")
    return piece.as_json()


def _volumes(scene: Scene) -> Volumes:
    if scene.volumes is None:
        raise NoDestination(
            "The Installation must say where backups go.",
            hint="--backup-to at install, or spec.policy.backup.destination; --no-backup changes without one",
        )
    return scene.volumes
