"""Which addresses this console answers under, and from which pages requests may come. Pure.

* The Host must be on the list: a foreign name that resolves to us (DNS rebinding) gets nothing.
* A request that changes something, an event stream and every other background request must come from our own pages, as
  Origin and Sec-Fetch-Site say. Following a link into the console is fine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from changeover.console.access.refusal import Refusal

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_OWN = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where people reach the console, as origins: ``http://localhost:8800``."""

    origins: frozenset[str]
    any_local_port: bool = False
    """Whether this machine's own names count at every port: behind a port-forward it is the person's choice."""

    @staticmethod
    def of(port: int, *public: str, any_local_port: bool = False) -> Addresses:
        """This machine's names at a port, and the addresses under which an Ingress shows it."""
        local = {f"http://{host}:{port}" for host in _LOCAL}
        return Addresses(frozenset(local | {_origin(one) for one in public if one}), any_local_port)

    def admits(self, origin: str) -> bool:
        """Whether the console answers under this origin (scheme, host and port; lower-case)."""
        if origin in self.origins:
            return True
        scheme, _, netloc = origin.partition("://")
        name, _, port = netloc.rpartition(":")
        return self.any_local_port and scheme == "http" and name in _LOCAL and port.isdecimal()

    @property
    def hosts(self) -> frozenset[str]:
        """What the Host header may say."""
        return frozenset(urlsplit(one).netloc for one in self.origins)

    @property
    def secure(self) -> bool:
        """Whether people reach it only over HTTPS, this machine's own names aside."""
        return any(one.startswith("https://") for one in self.origins)


def refused(method: str, headers: Mapping[str, str], addresses: Addresses) -> Refusal | None:
    """Why a request may not be answered; None = it may. Header names are lower-case."""
    host = headers.get("host", "").lower()
    if host not in addresses.hosts and not addresses.admits(f"http://{host}"):
        return Refusal(421, "foreign-host", "This console does not answer under that name.", "see --public-url")
    origin = headers.get("origin")
    if origin is not None and (not addresses.admits(origin.lower()) or urlsplit(origin).netloc.lower() != host):
        return _foreign()
    site = headers.get("sec-fetch-site", "none")
    followed_link = method in SAFE and headers.get("sec-fetch-mode") == "navigate" and _is_page(headers)
    if site not in _OWN and not followed_link:
        return _foreign()
    return None


def _is_page(headers: Mapping[str, str]) -> bool:
    return headers.get("sec-fetch-dest", "document") == "document"


def _foreign() -> Refusal:
    return Refusal(403, "foreign-origin", "This request came from a page of another site.", "open the console itself")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()
