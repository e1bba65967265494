"""The releases of a channel in order, and what is new for an installed one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise

from changeover.errors import Problem
from changeover.package.airgap import Airgap
from changeover.release import versions
from changeover.release.documents import ChannelDocument
from changeover.release.versions import Scheme, Version


class UnknownRelease(Problem):
    """A version that the channel does not have."""

    reference = "unknown-release"


@dataclass(frozen=True, slots=True)
class Release:
    """A package's place in a channel. `cursor` orders; `package` says where it lies in the channel."""

    version: str
    cursor: int
    package: str
    required: bool = False
    notes: str = ""
    created_at: datetime | None = None
    sha256: str = ""
    requires_from: str = ""
    support_until: date | None = None
    withdrawn: str = ""
    preview: bool = False
    """Of a chart repository: nobody is updated to it who does not name it, or runs a preview."""
    deprecated: bool = False
    by_hand: bool = False
    """An operator gave it; the channel does not list it."""
    airgap: Airgap | None = None
    """What an air-gap bundle says of it; None for a release of another kind of source."""


@dataclass(frozen=True)
class Catalog:
    """All releases of a channel, oldest first."""

    name: str
    releases: tuple[Release, ...]
    scheme: Scheme

    @cached_property
    def _places(self) -> dict[str, int]:
        return {release.version: place for place, release in enumerate(self.releases)}

    @property
    def newest(self) -> Release | None:
        """The last release that was not withdrawn; a preview only when there is nothing else."""
        offered = [release for release in self.releases if not release.withdrawn]
        return next((release for release in reversed(offered) if not release.preview), offered[-1] if offered else None)

    def find(self, version: str) -> Release:
        """The release of a version. Raises UnknownRelease with the ones that exist."""
        if version in self._places:
            return self.releases[self._places[version]]
        raise UnknownRelease(
            f"Channel {self.name} has no release {version}.",
            found=_listed(self.releases),
            hint="changeover check reads the channel again",
        )

    def place_of(self, version: str) -> int | None:
        """Where a version stands in the channel; None when the channel does not know it."""
        return self._places.get(version)

    def newer_than(self, version: str, *, naming: str = "") -> Sequence[Release]:
        """The releases after an installed version, oldest first, without withdrawn ones and previews.

        Previews stay in when one runs, and the one that is named does.

        A version that the channel does not know (any more) is placed by its number.
        """
        place = self.place_of(version)
        if place is not None:
            after: Sequence[Release] = self.releases[place + 1 :]
        else:
            installed = self.version(version)
            after = [release for release in self.releases if self.version(release.version) > installed]
        previews = place is not None and self.releases[place].preview
        return [
            release
            for release in after
            if not release.withdrawn and (previews or not release.preview or release.version == naming)
        ]

    def version(self, text: str) -> Version:
        """A version under the channel's scheme."""
        return versions.parse(text, self.scheme)


def catalog_of(document: ChannelDocument) -> Catalog:
    """The catalog that a listing describes. Raises UnknownRelease for a version or cursor given twice."""
    ordered = sorted(document.releases, key=lambda item: item.cursor)
    for one, other in pairwise(ordered):
        if one.cursor == other.cursor:
            raise UnknownRelease(
                f"The channel gives cursor {one.cursor} to two releases.", found=f"{one.version} and {other.version}"
            )
    if len({item.version for item in ordered}) < len(ordered):
        raise UnknownRelease("The channel lists a version twice.", found=", ".join(item.version for item in ordered))
    releases = tuple(
        Release(
            version=item.version,
            cursor=item.cursor,
            package=item.package,
            required=item.required,
            notes=item.notes,
            created_at=item.created_at,
            sha256=item.sha256,
            requires_from=item.requires.from_,
            support_until=item.support.until,
            withdrawn=item.withdrawn,
        )
        for item in ordered
    )
    scheme = document.scheme or (versions.scheme_of(releases[-1].version) if releases else Scheme.SEMVER)
    return Catalog(str(document.metadata.get("name", "channel")), releases, scheme)


def _listed(releases: Sequence[Release]) -> str:
    shown = [release.version for release in releases[-10:]]
    return ("… " if len(releases) > len(shown) else "") + (", ".join(shown) or "no release at all")
