"""A channel that is a folder, on this machine or behind http(s): ``channel.yaml`` and the packages it names.

Names in the listing are relative and may not lead out of the folder; a package whose sha256 is listed is verified.
This channel is unsigned: what protects it is whoever may write to the folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from changeover.channel import files
from changeover.channel.repository import REMOTE, WrongPackage, check_digest
from changeover.channel.web import ChannelUnreachable, Web
from changeover.package import archive, yaml_text
from changeover.release import catalog, documents

if TYPE_CHECKING:  # httpx2 takes 100 ms to import and is not needed for a folder
    import httpx2

LISTING = "channel.yaml"
__all__ = ["LISTING", "ChannelUnreachable", "FolderChannel", "WrongPackage"]


class FolderChannel:
    """Reads one channel; `location` is a folder or an http(s) address of one."""

    def __init__(
        self, location: str, *, limits: archive.Limits = archive.LIMITS, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self.location = location.removesuffix("/").removesuffix(f"/{LISTING}")
        self._limits = limits
        self._web = Web(limits=limits, transport=transport)
        self._remote = location.startswith(REMOTE)

    def check(self) -> catalog.Catalog:
        """Read the listing. Raises ChannelUnreachable, BrokenYaml, InvalidDocument."""
        content = self._read(LISTING)
        text = yaml_text.load(content.decode("utf-8", "replace"), file=LISTING)
        source = f"{self.location}/{LISTING}"
        return catalog.catalog_of(documents.parse(documents.ChannelDocument, text, source=source))

    def fetch(self, release: catalog.Release) -> Mapping[str, bytes]:
        """The files of a release's package. Raises ChannelUnreachable, WrongPackage, UnsafeArchive."""
        name = archive.clean_path(release.package, name=f"channel {self.location}")
        if not self._remote and (Path(self.location) / name).is_dir():
            return files.load(Path(self.location) / name, limits=self._limits)
        content = self._read(name)
        check_digest(content, release, where=self.location)
        return archive.unpack(content, name, limits=self._limits)

    def _read(self, name: str) -> bytes:
        if self._remote:
            return self._web.read(f"{self.location}/{quote(name)}")
        try:
            return (Path(self.location) / name).read_bytes()
        except OSError as error:
            raise ChannelUnreachable(
                f"The channel {self.location} has no {name}.",
                found=error.strerror,
                hint="a channel is a folder with channel.yaml in it, or the http(s) address of one",
            ) from None
