"""Who logs in where: logins given by name, those of a docker ``config.json``, and those its programs tell."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from changeover.channel import credential_programs
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
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """A docker configuration whose credential programs are asked for what is not in `by_host`."""
    told: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    """What they said, by host; each is asked once."""

    def basic(self, host: str) -> str:
        """The header's value for a host; empty when nobody logs in there. Raises CredentialProgramFailed."""
        login = self.by_host.get(host, "") or self._told_by_program(host)
        return f"Basic {base64.b64encode(login.encode()).decode()}" if login else ""

    def _told_by_program(self, host: str) -> str:
        program = credential_programs.named(self.config, host)
        if program and host not in self.told:
            self.told[host] = ":".join(credential_programs.login(program, host) or ())
        return self.told.get(host, "")

    def base(self, host: str) -> str:
        """Where the host's API is."""
        here = host.partition(":")[0]
        scheme = "http" if host in self.plain or here in {"localhost", "127.0.0.1"} else "https"
        return f"{scheme}://{'registry-1.docker.io' if host == HUB else host}"


def from_file(path: Path) -> Logins:
    """The logins of a docker config of whoever runs us, its credential programs included. Raises BadLogins."""
    try:
        content = path.read_text()
        return Logins(from_text(content, name=str(path)), config=json.loads(content))
    except OSError as error:
        raise BadLogins(f"{path} holds no logins.", found=type(error).__name__, hint=_HINT) from None


def from_text(content: str, *, name: str = "the docker config") -> Mapping[str, str]:
    """The logins that are written in a docker config, wherever it comes from. Raises BadLogins."""
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
