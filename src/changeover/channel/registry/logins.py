"""Who logs in where: logins given by name, and those of a docker ``config.json``."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from changeover.errors import Problem

HUB = "docker.io"
_HINT = "a docker config.json with `auths`, as `docker login` and `skopeo login` write it"
_HUB_NAMES = ("index.docker.io", "registry-1.docker.io", "https://index.docker.io/v1/")


class BadLogins(Problem):
    """A file of logins that cannot be read."""

    reference = "bad-logins"


@dataclass(frozen=True, slots=True)
class Logins:
    """``user:password`` by registry host; `plain` are hosts that are spoken to over http."""

    by_host: Mapping[str, str] = field(default_factory=dict, repr=False)
    plain: frozenset[str] = frozenset()

    def basic(self, host: str) -> str:
        """The header's value for a host; empty when nobody logs in there."""
        login = self.by_host.get(host, "")
        return f"Basic {base64.b64encode(login.encode()).decode()}" if login else ""

    def base(self, host: str) -> str:
        """Where the host's API is."""
        here = host.partition(":")[0]
        scheme = "http" if host in self.plain or here in {"localhost", "127.0.0.1"} else "https"
        return f"{scheme}://{'registry-1.docker.io' if host == HUB else host}"


def from_file(path: Path) -> Mapping[str, str]:
    """The logins of a docker config. Raises BadLogins."""
    try:
        return from_text(path.read_text(), name=str(path))
    except OSError as error:
        raise BadLogins(f"{path} holds no logins.", found=type(error).__name__, hint=_HINT) from None


def from_text(content: str, *, name: str = "the docker config") -> Mapping[str, str]:
    """The same of a text. Raises BadLogins."""
    try:
        listed = json.loads(content).get("auths") or {}
        return {_host(one): _login(said) for one, said in listed.items() if _login(said)}
    except (ValueError, AttributeError) as error:
        raise BadLogins(f"{name} holds no logins.", found=type(error).__name__, hint=_HINT) from None


def _host(name: str) -> str:
    return HUB if name in _HUB_NAMES else name.removeprefix("https://").removeprefix("http://").partition("/")[0]


def _login(one: Mapping[str, str]) -> str:
    if one.get("auth"):
        try:
            return base64.b64decode(one["auth"]).decode()
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return f"{one['username']}:{one.get('password', '')}" if one.get("username") else ""
