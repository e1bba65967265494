"""Reads from http(s): bounded, redirects followed, with the credentials of the host and of nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from changeover.errors import Problem
from changeover.package import archive

if TYPE_CHECKING:  # httpx2 takes 100 ms to import and is not needed for a folder
    import httpx2

SECONDS = 30.0
ABSENT = (403, 404, 410)
"""How servers say that a file is not there; storage without the right to list says 403."""


class ChannelUnreachable(Problem):
    """The channel does not answer, or has nothing under that name."""

    reference = "channel-unreachable"
    status: int = 0
    """What HTTP said; 0 when there was no answer."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""


class Web:
    """Downloads; `transport` stands in for the network in tests."""

    def __init__(
        self, *, limits: archive.Limits = archive.LIMITS, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self._limits = limits
        self._transport = transport

    def read(self, url: str, *, login: tuple[str, str] | None = None) -> bytes:
        """The content at an address. Raises ChannelUnreachable unless it answers 200."""
        page = self.get(url, login=login)
        if page.status != 200:
            raise unreachable(url, f"HTTP {page.status}", status=page.status)
        return page.content

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, login: tuple[str, str] | None = None) -> Page:
        """Whatever an address answers. Raises ChannelUnreachable when it does not, or too much."""
        import httpx2

        content = bytearray()
        auth = httpx2.BasicAuth(*login) if login else None
        try:
            with (
                httpx2.Client(transport=self._transport, timeout=SECONDS, follow_redirects=True) as client,
                client.stream("GET", url, headers=dict(headers or {}), auth=auth) as answer,
            ):
                for piece in answer.iter_bytes():
                    content += piece
                    if len(content) > self._limits.total_bytes:
                        raise unreachable(url, f"more than {self._limits.total_bytes} bytes")
                lower = {name.lower(): value for name, value in answer.headers.items()}
                return Page(answer.status_code, bytes(content), lower)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise unreachable(url, str(error) or type(error).__name__) from None


def unreachable(url: str, found: Any, *, status: int = 0) -> ChannelUnreachable:
    """The Problem of an address that cannot be read."""
    problem = ChannelUnreachable(
        f"{url} cannot be read.", found=str(found), hint="check the address; behind a proxy set HTTPS_PROXY"
    )
    problem.status = status
    return problem
