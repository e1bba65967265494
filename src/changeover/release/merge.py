"""Decides which Profile holds: Release in the package > operator's profile > shipped profile, per top-level key.

Which keys count is what their writers wrote down, not what differs from a default; where each came from is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from changeover.release.profile import Profile

_FRAME = frozenset({"api_version", "kind", "metadata"})


@dataclass(frozen=True, slots=True)
class MergedProfile:
    """The Profile that holds, and for each of its keys (as written, camelCase) whose word it is."""

    profile: Profile
    origins: Mapping[str, str]


def merge_profiles(layers: Sequence[tuple[str, Profile | None]]) -> MergedProfile:
    """Lay (origin, profile) pairs over each other, the first one on top."""
    chosen: dict[str, object] = {}
    origins: dict[str, str] = {}
    for origin, profile in layers:
        if profile is None:
            continue
        for name in sorted(profile.model_fields_set):
            if name in _FRAME:
                chosen.setdefault(name, getattr(profile, name))
            elif name not in chosen:
                chosen[name] = getattr(profile, name)
                origins[_written(name)] = origin
    return MergedProfile(Profile.model_construct(_fields_set=set(chosen), **_complete(chosen)), origins)


def _written(name: str) -> str:
    return Profile.model_fields[name].alias or name


def _complete(chosen: Mapping[str, object]) -> dict[str, object]:
    fields = Profile.model_fields
    return {name: chosen.get(name, field.get_default(call_default_factory=True)) for name, field in fields.items()}
