"""A Helm chart repository as a source: index.yaml in a folder or behind http(s), and the charts that it names.

The address may name the chart after a ``#``: ``https://charts.example.org/stable#web``; needed when there are several.
A chart whose digest is listed is verified; with ``?keyring=…`` (`signed_address`) its provenance file too. Logins are
sent to the repository's own host only.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit, urlunsplit

from changeover.channel import credentials, oci, provenance
from changeover.channel.web import ABSENT, ChannelUnreachable, Web, unreachable
from changeover.errors import Problem
from changeover.package import archive, yaml_text
from changeover.release import chart_index, signed_address
from changeover.release.catalog import Catalog, Release

REMOTE = ("http://", "https://")


class WrongPackage(Problem):
    """A package that is not the one the channel lists."""

    reference = "wrong-package"


class ChartRepository:
    """One chart of a repository."""

    def __init__(self, location: str, *, web: Web | None = None) -> None:
        self._signed = signed_address.split(location)
        address, _, self._chart = self._signed.address.partition("#")
        self._address = address.removesuffix(f"/{chart_index.INDEX}").rstrip("/")
        self._web = web or Web()
        self._catalog: Catalog | None = None

    async def catalog(self) -> Catalog:
        """Every version of the chart, oldest first. Raises ChannelUnreachable, NoSuchChart, BrokenYaml."""
        if self._catalog is None:
            self._catalog = await asyncio.to_thread(self._read_index)
        return self._catalog

    async def fetch(self, version: str) -> Mapping[str, bytes]:
        """The files of one version. Raises UnknownRelease, ChannelUnreachable, WrongPackage."""
        release = (await self.catalog()).find(version)
        return await asyncio.to_thread(self._fetch, release)

    def _read_index(self) -> Catalog:
        content = self._read(chart_index.INDEX)
        index = yaml_text.load(content.decode("utf-8", "replace"), file=chart_index.INDEX, last_key_wins=True)
        return chart_index.catalog_of_index(index, self._chart, location=f"{self._address}#{self._chart}".rstrip("#"))

    def _fetch(self, release: Release) -> Mapping[str, bytes]:
        if release.package.startswith(oci.SCHEME):
            signed = replace(self._signed, address=release.package).text
            return oci.Registry(signed, web=self._web).pull(release.version)
        content = self._read(release.package)
        check_digest(content, release, where=self._address)
        name = urlsplit(release.package).path.rpartition("/")[2]
        if not self._signed.keyring:
            return archive.unpack(content, name)
        files = provenance.verified(content, self._provenance(release), self._signed.keyring, name=name)
        return provenance.same_chart(files, version=release.version, chart=self._chart)

    def _provenance(self, release: Release) -> bytes:
        parts = urlsplit(release.package)
        try:
            return self._read(urlunsplit(parts._replace(path=f"{parts.path}{provenance.ENDING}")))
        except ChannelUnreachable as problem:
            if problem.status not in ABSENT:
                raise
            raise provenance.missing(f"{release.package} of {self._address}") from None

    def _read(self, name: str) -> bytes:
        if name.startswith(REMOTE) or self._address.startswith(REMOTE):
            url = urljoin(f"{self._address}/", name)
            own = urlsplit(url).netloc == urlsplit(self._address).netloc
            return self._web.read(url, login=credentials.for_repository(self._address) if own else None)
        path = Path(self._address).expanduser() / archive.clean_path(name, name=self._address)
        try:
            return path.read_bytes()
        except OSError as error:
            absent = 404 if isinstance(error, FileNotFoundError) else 0
            raise unreachable(str(path), error.strerror, status=absent) from None


def check_digest(content: bytes, release: Release, *, where: str) -> None:
    """Raise WrongPackage when a listed sha256 is another one."""
    found = hashlib.sha256(content).hexdigest()
    if release.sha256 and found != release.sha256.removeprefix("sha256:"):
        raise WrongPackage(
            f"{release.package} is not the package that {where} lists for {release.version}.",
            found=f"sha256 {found}, listed {release.sha256}",
            hint="the file was changed after it was published: ask who publishes it",
        )
