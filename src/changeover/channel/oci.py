"""A chart in an OCI registry as a source: its tags are the versions, and a tag is pulled by the digest it stands for.

* ``oci://host/path/chart``; with ``:tag`` or ``@sha256:…`` only that one version;
* a ``+`` of a version is a ``_`` in its tag, as Helm writes it;
* with ``?key=…`` or ``?keyring=…`` (`signed_address`) nothing is pulled that is not signed with it;
* anonymous first; asked for it, we log in with Basic or fetch a Bearer token, as the registry says;
* on a loopback address, and hosts named in CHANGEOVER_PLAIN_HTTP (comma separated), it is plain HTTP.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from changeover.channel import cosign, credentials, provenance
from changeover.channel.web import Page, Web, unreachable
from changeover.errors import Problem
from changeover.package import archive
from changeover.release import chart_index, signed_address
from changeover.release.catalog import Catalog, Release
from changeover.release.chart_index import Entry
from changeover.release.signed_address import NotSigned

SCHEME = "oci://"
PLAIN = "CHANGEOVER_PLAIN_HTTP"
_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_NONE = (400, 404, 405)
"""How registries say that nothing refers to a digest, or that they know no such question."""
TAGS = 1000
"""Tags asked for at a time."""
_PAGES = 200
_SIGNATURES = 50
_TOLD = 10
"""So many newest versions are asked what they say of themselves; each costs two requests."""
_REFERENCE = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9._/-]*?)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


class NoChart(Problem):
    """Something in a registry that is no Helm chart, or is not what its digest says."""

    reference = "no-chart-in-registry"


class Registry:
    """One chart's repository in a registry."""

    def __init__(self, location: str, *, web: Web | None = None) -> None:
        self._signed = signed_address.split(location)
        location = self._signed.address
        self._location = location
        self._host, _, rest = location.removeprefix(SCHEME).partition("/")
        matched = _REFERENCE.fullmatch(rest.rstrip("/"))
        if not self._host or matched is None:
            raise NoChart(f"{location} names no chart.", hint="for instance oci://registry.example.org/charts/web")
        self._name = matched["name"]
        self._only = matched["digest"] or matched["tag"] or ""
        self._base = f"{'http' if _is_plain(self._host) else 'https'}://{self._host}/v2/{self._name}/"
        self._web = web or Web()
        self._authorization = ""
        self._catalog: Catalog | None = None

    async def catalog(self) -> Catalog:
        """Every version, oldest first. Raises ChannelUnreachable, NoChart."""
        if self._catalog is None:
            self._catalog = await asyncio.to_thread(self._versions)
        return self._catalog

    async def fetch(self, version: str) -> Mapping[str, bytes]:
        """The files of one version. Raises UnknownRelease, ChannelUnreachable, NoChart."""
        (await self.catalog()).find(version)
        return await asyncio.to_thread(self.pull, version)

    def pull(self, version: str) -> Mapping[str, bytes]:
        """The files behind a version's tag, every digest checked. Raises ChannelUnreachable, NoChart."""
        manifest = self._manifest(self._only or version.replace("+", "_"), signed=bool(self._signed.key))
        layers = manifest.get("layers")
        found = _of_type(layers, _CHART)
        if not found:
            raise self._no_chart(version, f"an artifact of type {manifest.get('artifactType') or 'image'}")
        content = self._blob(str(found[0].get("digest", "")))
        chart = self._name.rpartition("/")[2]
        name = f"{chart}-{version}.tgz"
        if not self._signed.keyring:
            return archive.unpack(content, name)
        signatures = _of_type(layers, provenance.LAYER)
        if not signatures:
            raise provenance.missing(f"{self._location} {version}")
        signature = self._blob(str(signatures[0].get("digest", "")))
        files = provenance.verified(content, signature, self._signed.keyring, name=name)
        return provenance.same_chart(files, version=version, chart=chart)

    def _versions(self) -> Catalog:
        name = self._name.rpartition("/")[2]
        if self._only:
            meta = self._meta(self._only)
            return chart_index.catalog_of(name, [Entry(str(meta.get("version", "")), self._only, meta)])
        tags = [tag for tag in self._tags() if not tag.startswith("sha256-")]
        entries = [Entry(tag.replace("_", "+"), tag, {}) for tag in tags]
        catalog = chart_index.catalog_of(name, entries)
        told = tuple(self._told(release) for release in catalog.releases[-_TOLD:])
        return replace(catalog, releases=(*catalog.releases[:-_TOLD], *told))

    def _told(self, release: Release) -> Release:
        try:
            meta = self._meta(release.package)
        except NoChart:
            return replace(release, withdrawn="this tag holds no Helm chart")
        return replace(release, notes=chart_index.notes_of(meta), deprecated=meta.get("deprecated") is True)

    def _tags(self) -> list[str]:
        url = urljoin(self._base, f"tags/list?n={TAGS}")
        found: list[str] = []
        for _ in range(_PAGES):
            page = self._get(url)
            if page.status != 200:
                raise unreachable(self._location, f"HTTP {page.status}", status=page.status)
            listed = _json(page.content).get("tags")
            found += [str(tag) for tag in listed] if isinstance(listed, list) else []
            following = re.match(r'\s*<([^>]+)>\s*;\s*rel="?next"?', page.headers.get("link", ""))
            if not following:
                break
            url = urljoin(url, following[1])
        return found

    def _meta(self, reference: str) -> Mapping[str, Any]:
        """The Chart.yaml of a tag, which Helm keeps as the artifact's configuration."""
        config = self._manifest(reference).get("config")
        digest = str(config.get("digest", "")) if isinstance(config, Mapping) else ""
        if not isinstance(config, Mapping) or "helm" not in str(config.get("mediaType", "")):
            raise self._no_chart(reference, "an artifact of another kind")
        return _json(self._blob(digest))

    def _manifest(self, reference: str, *, signed: bool = False) -> Mapping[str, Any]:
        page = self._get(urljoin(self._base, f"manifests/{reference}"), accept=_MANIFESTS)
        if page.status != 200:
            raise unreachable(f"{self._location} {reference}", f"HTTP {page.status}", status=page.status)
        stated = reference if reference.startswith("sha256:") else page.headers.get("docker-content-digest", "")
        self._check(page.content, stated, "manifest")
        if signed:
            self._check_signature(reference, f"sha256:{hashlib.sha256(page.content).hexdigest()}")
        return _json(page.content)

    def _check_signature(self, reference: str, digest: str) -> None:
        """One signature with the address's key must vouch for the digest. Raises NotSigned."""
        seen = 0
        for is_good in itertools.chain(self._signatures(digest), self._bundles(digest)):
            seen += 1
            if is_good:
                return
        raise NotSigned(
            f"{self._location} {reference} is not signed with the key that its address names.",
            found=f"{seen} signatures, none by that key" if seen else "no signature at all",
            hint="ask the vendor; `cosign sign --key` signs it, an address with another key is given with --from",
        )

    def _signatures(self, digest: str) -> Iterator[bool]:
        """Of each signature under the digest's tag, whether it is one with the key."""
        layers = _of_type((self._maybe(f"manifests/{cosign.tag_of(digest)}")).get("layers"), cosign.PAYLOAD)
        for layer in layers[:_SIGNATURES]:
            payload = self._blob(str(layer.get("digest", "")))
            signature = str((layer.get("annotations") or {}).get(cosign.SIGNATURE, ""))
            yield cosign.signed_digest(payload) == digest and cosign.is_signed(payload, signature, self._signed.key)

    def _bundles(self, digest: str) -> Iterator[bool]:
        """Of each bundle that refers to the digest; an old registry lists those under a tag."""
        listed = self._maybe(f"referrers/{digest}") or self._maybe(f"manifests/{digest.replace(':', '-')}")
        found = listed.get("manifests")
        manifests = [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
        for one in manifests[:_SIGNATURES]:
            if str(one.get("artifactType", cosign.BUNDLE)).startswith(cosign.BUNDLE):
                layers = self._manifest(str(one.get("digest", ""))).get("layers")
                for layer in layers[:_SIGNATURES] if isinstance(layers, list) else ():
                    if str(layer.get("mediaType", "")).startswith(cosign.BUNDLE):
                        content = self._blob(str(layer.get("digest", "")))
                        yield cosign.is_bundle_for(content, digest, self._signed.key)

    def _maybe(self, place: str) -> Mapping[str, Any]:
        """A manifest or an index; empty when there is none."""
        page = self._get(urljoin(self._base, place), accept=f"{_MANIFESTS}, {_INDEX}")
        if page.status not in (200, *_NONE):
            raise unreachable(f"{self._location} {place}", f"HTTP {page.status}", status=page.status)
        return _json(page.content) if page.status == 200 else {}

    def _blob(self, digest: str) -> bytes:
        page = self._get(urljoin(self._base, f"blobs/{digest}"))
        if page.status != 200:
            raise unreachable(f"{self._location} {digest}", f"HTTP {page.status}", status=page.status)
        self._check(page.content, digest or "sha256:none", "content")
        return page.content

    def _check(self, content: bytes, stated: str, what: str) -> None:
        found = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if stated.startswith("sha256:") and found != stated:
            raise NoChart(
                f"The {what} that {self._location} sent is not what it named.",
                found=f"{found}, named {stated}",
                hint="something between here and the registry changes what it sends",
            )

    def _get(self, url: str, *, accept: str = "*/*") -> Page:
        headers = {"Accept": accept}
        page = self._web.get(url, headers={**headers, **self._auth()})
        if page.status != 401:
            return page
        self._authorization = self._log_in(page.headers.get("www-authenticate", ""))
        return self._web.get(url, headers={**headers, **self._auth()}) if self._authorization else page

    def _auth(self) -> dict[str, str]:
        return {"Authorization": self._authorization} if self._authorization else {}

    def _log_in(self, challenge: str) -> str:
        """What to send after a 401; empty when we have nothing that it wants."""
        kind, _, rest = challenge.partition(" ")
        login = credentials.for_registry(self._host)
        if kind.lower() == "basic" and login:
            return credentials.basic(login)
        asked = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        realm = asked.pop("realm", "")
        schemes = ("http", "https") if self._base.startswith("http://") else ("https",)
        if kind.lower() != "bearer" or urlsplit(realm).scheme not in schemes:
            return ""
        asked.setdefault("scope", f"repository:{self._name}:pull")
        query = urlencode({name: asked[name] for name in ("service", "scope") if name in asked})
        answer = _json(self._web.read(f"{realm}{'&' if '?' in realm else '?'}{query}", login=login))
        token = answer.get("token") or answer.get("access_token")
        return f"Bearer {token}" if token else ""

    def _no_chart(self, reference: str, found: str) -> NoChart:
        return NoChart(
            f"{self._location} {reference} is no Helm chart.", found=found, hint="`helm push` puts a chart there"
        )


def _of_type(layers: Any, media_type: str) -> list[Mapping[str, Any]]:
    found = (one for one in layers if isinstance(one, Mapping)) if isinstance(layers, list) else ()
    return [one for one in found if one.get("mediaType") == media_type]


def _is_plain(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    named = {one.strip() for one in os.environ.get(PLAIN, "").split(",")}
    return name in ("localhost", "::1") or name.startswith("127.") or host in named


def _json(content: bytes) -> Mapping[str, Any]:
    try:
        loaded = json.loads(content)
    except ValueError:
        return {}
    return loaded if isinstance(loaded, Mapping) else {}
