"""What Changeover follows in an Installation: its profile, its strategy, and its package rendered with its answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from changeover.actions import installations
from changeover.actions.outside import Outside, Source
from changeover.objects import KubeObject
from changeover.package.package import Package, read_package
from changeover.release import merge
from changeover.release.catalog import Release
from changeover.release.documents import ReleaseDocument
from changeover.release.profile import Profile
from changeover.render import pipeline
from changeover.render.revision import Revision


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered release and what its form still misses."""

    revision: Revision
    missing: tuple[str, ...] = ()


def profile_of(installation: KubeObject, release: ReleaseDocument | None) -> Profile:
    """The Installation's profile, with the parts that the release says itself."""
    own = Profile.model_validate(installation.get("spec", "profile", default={}))
    return merge.merge_profiles((("release", release.profile if release else None), ("installation", own))).profile


def default_strategy(installation: KubeObject, profile: Profile) -> str:
    """What the Installation says, else a window where there are sessions to lose, else plain."""
    return str(installation.get("spec", "strategy", default="")) or ("window" if profile.sessions else "plain")
