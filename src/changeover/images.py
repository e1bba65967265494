"""Container image references: how they are read, which image a name means, and where a private registry keeps it.

* ``[host/]path[:tag][@digest]``; the first part is a host when it has a dot or a colon, or is localhost;
* no host means Docker Hub; one-word names there belong to ``library/``;
* in a private registry an image lies at ``host/namespace/<last part of its path>``, with its digest, else its tag,
  else ``latest`` (as KOTS rewrites; two images with the same last part collide, see `collisions`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_HUB = "docker.io"
_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_HOST = re.compile(
    r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*"
    r"[a-zA-Z0-9]))*(?::[0-9]+)?"
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True, slots=True)
class Move:
    """An image to be copied: from where it is pulled today to where a private registry keeps it."""

    source: str
    destination: str


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy came to; `sent_bytes` 0 when all was there already."""

    move: Move
    digest: str
    sent_bytes: int = 0
    problem: str = ""
    """Why it was not copied, in words; empty when it was."""


@dataclass(frozen=True, slots=True)
class Moving:
    """How far a copy is: of one image; without a move, of unpacking the bundle that holds them."""

    bytes: int
    of: int
    """Bytes in all; 0 while that is not known."""
    move: Move | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """How registries are reached: ``user:password`` by host, a docker config.json, hosts that speak http."""

    logins: Mapping[str, str] = field(default_factory=dict, repr=False)
    login_file: str = ""
    plain: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Image:
    """One reference as written; `host` is empty for Docker Hub's short names."""

    host: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """As written, without tag and digest."""
        return f"{self.host}/{self.path}" if self.host else self.path

    @property
    def suffix(self) -> str:
        """What pins it: ``@digest``, else ``:tag``, else ``:latest``."""
        return f"@{self.digest}" if self.digest else f":{self.tag or 'latest'}"

    @property
    def identity(self) -> str:
        """The one full name of the image: ``nginx`` and ``docker.io/library/nginx:latest`` are the same."""
        host = self.host or _HUB
        path = f"library/{self.path}" if host == _HUB and "/" not in self.path else self.path
        return f"{host}/{path}{self.suffix}"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest else "")


def parse(reference: str) -> Image | None:
    """Read a reference; None when it is none."""
    rest, _, digest = reference.partition("@")
    first, slash, path = rest.partition("/")
    if slash and (any(sign in first for sign in ".:") or first == "localhost"):
        host = first
    else:
        host, path = "", rest
    path, colon, tag = path.partition(":")
    image = Image(host, path, tag, digest)
    right = (
        (not host or _HOST.fullmatch(host))
        and _PATH.fullmatch(path)
        and (not colon or _TAG.fullmatch(tag))
        and ("@" not in reference or _DIGEST.fullmatch(digest))
    )
    return image if right and len(image.name) <= 255 else None


def rewrite(reference: str, registry: str) -> str:
    """Where a private registry (``host[:port][/namespace]``) keeps an image; empty for what is no reference."""
    image = parse(reference)
    return f"{registry.rstrip('/')}/{image.path.rpartition('/')[2]}{image.suffix}" if image else ""


def full(reference: str) -> Image | None:
    """The reference with its host and path written out, as a registry is asked for it; None when it is none."""
    image = parse(reference)
    return parse(image.identity) if image else None


def proxied(reference: str, slug: str, *, domain: str = "proxy.replicated.com") -> str:
    """The vendor's proxy address of a private image; images of the vendor's own registry stay; else empty."""
    image = parse(reference)
    if image is None:
        return ""
    if image.host in {"registry.replicated.com", domain}:
        return reference
    return f"{domain}/proxy/{slug}/{image.name}{image.suffix}"


def aliases(reference: str) -> tuple[str, ...]:
    """All names (without tag) that mean the same image, the written one first; more than one only on Docker Hub."""
    image = parse(reference)
    if image is None:
        return ()
    if image.host not in {"", _HUB}:
        return (image.name,)
    if "/" in image.path and not re.fullmatch(r"library/[^/]+", image.path):
        both = (image.path, f"{_HUB}/{image.path}")
        return both if not image.host else both[::-1]
    short = image.path.removeprefix("library/")
    full = f"library/{short}"
    by_form = {
        short: (short, f"{_HUB}/{full}", full, f"{_HUB}/{short}"),
        full: (full, short, f"{_HUB}/{short}", f"{_HUB}/{full}"),
        f"{_HUB}/{short}": (f"{_HUB}/{short}", short, f"{_HUB}/{full}", full),
        f"{_HUB}/{full}": (f"{_HUB}/{full}", full, short, f"{_HUB}/{short}"),
    }
    return by_form[image.name]


def collisions(references: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Different images that a private registry would keep under one name, by that name; a digest is one content."""
    found: dict[str, set[str]] = {}
    for reference in references:
        image = parse(reference)
        if image and not image.digest:
            place = image.path.rpartition("/")[2] + image.suffix
            found.setdefault(place, set()).add(image.identity)
    return {place: tuple(sorted(names)) for place, names in sorted(found.items()) if len(names) > 1}


def containers(raw: Any) -> Iterator[dict[str, Any]]:
    """Every container, init and ephemeral container anywhere in an object: pods, templates, custom resources."""
    if isinstance(raw, Mapping):
        for key, value in raw.items():
            if key in _CONTAINERS and isinstance(value, list):
                yield from (item for item in value if isinstance(item, dict) and isinstance(item.get("image"), str))
            yield from containers(value)
    elif isinstance(raw, list):
        for item in raw:
            yield from containers(item)
