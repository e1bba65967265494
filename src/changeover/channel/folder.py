"""A channel that is a folder, on this machine or behind http(s): ``channel.yaml`` and the packages it names.

Names in the listing are relative and may not lead out of the folder; a package whose sha256 is listed is verified.
This channel is unsigned: what protects it is whoever may write to the folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from changeover.channel import files
from changeover.errors import Problem
from changeover.package import archive, yaml_text
from changeover.release import catalog, documents

if TYPE_CHECKING:  # httpx2 takes 100 ms to import and is not needed for a folder
    import httpx2

LISTING = "channel.yaml"
_SECONDS = 30.0


class ChannelUnreachable(Problem):
    """The channel does not answer, or has nothing under that name."""

    reference = "channel-unreachable"


class WrongPackage(Problem):
    """A package that is not the one the channel lists."""

    reference = "wrong-package"


class FolderChannel:
    """Reads one channel; `location` is a folder or an http(s) address of one."""

    def __init__(
        self, location: str, *, limits: archive.Limits = archive.LIMITS, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self.location = location.removesuffix("/").removesuffix(f"/{LISTING}")
        self._limits = limits
        self._transport = transport
        self._remote = location.startswith(("http://", "https://"))

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
        if release.sha256 and hashlib.sha256(content).hexdigest() != release.sha256.removeprefix("sha256:"):
            raise WrongPackage(
                f"{name} is not the package that the channel lists for {release.version}.",
                found=f"sha256 {hashlib.sha256(content).hexdigest()}, listed {release.sha256}",
                hint="the file was changed after it was published: ask who publishes the channel",
            )
        return files.unpack(content, name, limits=self._limits)

    def _read(self, name: str) -> bytes:
        if self._remote:
            return self._download(f"{self.location}/{quote(name)}")
        try:
            return (Path(self.location) / name).read_bytes()
        except OSError as error:
            raise ChannelUnreachable(
                f"The channel {self.location} has no {name}.",
                found=error.strerror,
                hint="a channel is a folder with channel.yaml in it, or the http(s) address of one",
            ) from None

    def _download(self, url: str) -> bytes:
        import httpx2

        content = bytearray()
        try:
            with (
                httpx2.Client(transport=self._transport, timeout=_SECONDS, follow_redirects=True) as client,
                client.stream("GET", url) as answer,
            ):
                if answer.status_code != 200:
                    raise _unreachable(url, f"HTTP {answer.status_code}")
                for piece in answer.iter_bytes():
                    content += piece
                    if len(content) > self._limits.total_bytes:
                        raise _unreachable(url, f"more than {self._limits.total_bytes} bytes")
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise _unreachable(url, str(error) or type(error).__name__) from None
        return bytes(content)


def _unreachable(url: str, found: Any) -> ChannelUnreachable:
    return ChannelUnreachable(
        f"{url} cannot be read.", found=str(found), hint="check the address; behind a proxy set HTTPS_PROXY"
    )
