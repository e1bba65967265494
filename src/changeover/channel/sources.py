"""Opens what an Installation follows by its address: a channel, or one package given by hand as a channel of one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from changeover.arrivals import BUNDLE
from changeover.channel import files, provenance
from changeover.channel.airgap import AirgapSource
from changeover.channel.folder import LISTING, FolderChannel
from changeover.channel.oci import SCHEME, Registry
from changeover.channel.repository import REMOTE, ChartRepository
from changeover.channel.web import ABSENT, ChannelUnreachable, unreachable
from changeover.errors import Problem
from changeover.package.package import Package, read_package
from changeover.release import documents, signed_address, versions
from changeover.release.catalog import Catalog, Release
from changeover.release.chart_index import INDEX

_ENDINGS = (".tgz", ".tar.gz", ".tar", ".yaml", ".yml", ".json")
_UNVERSIONED = "0"


class NoSource(Problem):
    """There is no channel and no package to look into."""

    reference = "no-source"


class ChannelSource:
    """A channel's listing and packages, read without holding up the event loop."""

    def __init__(self, channel: FolderChannel) -> None:
        self._channel = channel

    async def catalog(self) -> Catalog:
        """All releases of the channel."""
        return await asyncio.to_thread(self._channel.check)

    async def fetch(self, version: str) -> Mapping[str, bytes]:
        """The files of one release's package, digest checked."""
        release = (await self.catalog()).find(version)
        return await asyncio.to_thread(self._channel.fetch, release)


class PackageSource:
    """One package from this machine: a catalog with one release."""

    def __init__(self, path: Path, *, keyring: bytes = b"") -> None:
        self._path = path
        self._keyring = keyring

    async def catalog(self) -> Catalog:
        """The package as the only release; its version is what it says, else its file's name."""
        package = await asyncio.to_thread(self.package)
        version = version_of(package)
        scheme = documents.release_of(package).scheme or versions.scheme_of(version)
        release = Release(version=version, cursor=0, package=self._path.name)
        return Catalog(package.title, (release,), scheme)

    async def fetch(self, version: str) -> Mapping[str, bytes]:
        """The package's files. Raises UnknownRelease for another version."""
        (await self.catalog()).find(version)
        return await asyncio.to_thread(self._load)

    def package(self) -> Package:
        """Read it now."""
        return read_package(self._load(), bare_name(self._path.name))

    def _load(self) -> Mapping[str, bytes]:
        if not self._keyring:
            return files.load(self._path)
        signature = self._path.with_name(f"{self._path.name}{provenance.ENDING}")
        if not signature.is_file():
            raise provenance.missing(str(self._path))
        content, said = self._path.read_bytes(), signature.read_bytes()
        return provenance.verified(content, said, self._keyring, name=self._path.name)


class RemoteSource:
    """An http(s) address: a channel when channel.yaml lies there, else a Helm chart repository."""

    def __init__(self, location: str) -> None:
        self._location = location
        self._found: ChannelSource | ChartRepository | None = None

    async def catalog(self) -> Catalog:
        """All releases there. Raises ChannelUnreachable when neither kind of listing is there."""
        if self._found is not None:
            return await self._found.catalog()
        try:
            return await self._settle(ChannelSource(FolderChannel(self._location)))
        except ChannelUnreachable as problem:
            if problem.status not in ABSENT:
                raise
        try:
            return await self._settle(ChartRepository(self._location))
        except ChannelUnreachable as problem:
            if problem.status not in ABSENT:
                raise
            raise unreachable(self._location, f"neither {LISTING} nor {INDEX} lies there", status=404) from None

    async def fetch(self, version: str) -> Mapping[str, bytes]:
        """The files of one release's package, digest checked."""
        await self.catalog()
        if self._found is None:  # pragma: no cover - catalog settles it or raises
            raise unreachable(self._location, "nothing")
        return await self._found.fetch(version)

    async def _settle(self, candidate: ChannelSource | ChartRepository) -> Catalog:
        catalog = await candidate.catalog()
        self._found = candidate
        return catalog


AnySource = ChannelSource | PackageSource | RemoteSource | ChartRepository | Registry | AirgapSource


def open_source(location: str) -> AnySource:
    """The source at an address.

    * ``oci://…`` is a chart in a registry; an address with ``#chart`` or index.yaml is a chart repository;
    * another http(s) address is a channel, or a chart repository where there is no channel;
    * a file ``….airgap`` is an air-gap bundle;
    * a folder with a listing is a channel, one with index.yaml a repository, anything else one package.
    """
    if not location:
        raise NoSource(
            "The Installation does not say where its releases come from.",
            hint="name a channel or package with --from; an adopted Helm release may have none yet",
        )
    if location.startswith(SCHEME):
        return Registry(location)
    signed = signed_address.split(location)
    address, _, chart = signed.address.partition("#")
    if signed.key:
        raise NoSource(
            "Only charts in a registry are checked against a key.", found=address, hint="give an oci:// address"
        )
    return _with_keyring(location, signed) if signed.keyring else _unsigned(location, address, chart)


def _with_keyring(location: str, signed: signed_address.Signed) -> AnySource:
    """Only charts have provenance files: those of a repository, and a .tgz with one beside it."""
    path = Path(signed.address).expanduser()
    if path.suffix == ".tgz" and path.is_file():
        return PackageSource(path, keyring=signed.keyring)
    if not location.startswith(REMOTE) and not (Path(signed.address.partition("#")[0]).expanduser() / INDEX).is_file():
        raise NoSource(
            "Only charts from a repository, from a registry or in a .tgz are checked against a keyring.",
            found=signed.address,
            hint="leave the keyring out, or give the chart as its vendor packed it",
        )
    return ChartRepository(location)


def _unsigned(location: str, address: str, chart: str) -> AnySource:
    if location.startswith(REMOTE):
        is_repository = chart or address.endswith(f"/{INDEX}")
        return ChartRepository(location) if is_repository else RemoteSource(location)
    path = Path(location).expanduser()
    if path.name.endswith(BUNDLE):
        return AirgapSource(path)
    if path.name == LISTING or (path / LISTING).is_file():
        return ChannelSource(FolderChannel(str(path)))
    folder = Path(address).expanduser()
    if folder.name == INDEX or (folder / INDEX).is_file():
        return ChartRepository(location)
    return PackageSource(path)


def version_of(package: Package) -> str:
    """What a package says of its version, else its name, which a file of manifests is often called by."""
    return documents.release_of(package).version or package.own_version or package.name or _UNVERSIONED


def bare_name(name: str) -> str:
    """A file's name without the ending that says how it is packed: ``2022.08.0.yaml`` is 2022.08.0."""
    ending = next((ending for ending in _ENDINGS if name.endswith(ending)), "")
    return name.removesuffix(ending) or name
