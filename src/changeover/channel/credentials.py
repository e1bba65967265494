"""Who we are to a chart repository or registry: what ``helm`` and ``docker`` were told with their own login commands.

* a repository: Helm's repositories.yaml, the entry whose address begins ours; else ~/.netrc;
* a registry: Helm's registry/config.json, then Docker's config.json (or podman's auth.json), by its host; where one of
  them names a credential program for it (``credHelpers``, ``credsStore``), that is asked first.

Nothing is ever taken from an address: addresses are kept in the cluster for everybody to read.
"""

from __future__ import annotations

import base64
import binascii
import json
import netrc
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from changeover.channel import credential_programs
from changeover.errors import Problem
from changeover.package import yaml_text

Login = tuple[str, str]
"""(user, password)"""


def for_repository(url: str) -> Login | None:
    """The login for a chart repository; None = anonymous."""
    path = Path(os.environ.get("HELM_REPOSITORY_CONFIG") or _config("HELM_CONFIG_HOME", "helm") / "repositories.yaml")
    for entry in _entries(path):
        address = str(entry.get("url") or "").rstrip("/")
        same = bool(address) and (url.rstrip("/") == address or url.startswith(f"{address}/"))
        if same and entry.get("username"):
            return str(entry["username"]), str(entry.get("password") or "")
    return _netrc(urlsplit(url).hostname or "")


def for_registry(host: str) -> Login | None:
    """The login for a registry, ``host`` or ``host:port``; None = anonymous. Raises CredentialProgramFailed."""
    for path in _registry_files():
        config = _json(path)
        program = credential_programs.named(config, host)
        if program and (asked := credential_programs.login(program, host)):
            return asked
        auths = config.get("auths")
        found = auths.get(host, auths.get(f"https://{host}")) if isinstance(auths, Mapping) else None
        if isinstance(found, Mapping) and (login := _login(found)):
            return login
    return None


def basic(login: Login) -> str:
    """The value of an Authorization header."""
    return "Basic " + base64.b64encode(":".join(login).encode()).decode()


def _registry_files() -> Iterator[Path]:
    own = os.environ.get("HELM_REGISTRY_CONFIG")
    yield Path(own) if own else _config("HELM_CONFIG_HOME", "helm") / "registry" / "config.json"
    docker = os.environ.get("DOCKER_CONFIG")
    yield (Path(docker) if docker else Path.home() / ".docker") / "config.json"
    podman = os.environ.get("REGISTRY_AUTH_FILE")
    if podman or "XDG_RUNTIME_DIR" in os.environ:
        yield Path(podman) if podman else Path(os.environ["XDG_RUNTIME_DIR"]) / "containers" / "auth.json"


def _config(variable: str, folder: str) -> Path:
    stated = os.environ.get(variable)
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(stated) if stated else Path(base) / folder


def _login(found: Mapping[str, Any]) -> Login | None:
    if found.get("username"):
        return str(found["username"]), str(found.get("password") or "")
    try:
        user, colon, password = base64.b64decode(str(found.get("auth") or "")).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None


def _entries(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        loaded = yaml_text.load(path.read_text(encoding="utf-8"), file=str(path))
    except (OSError, UnicodeDecodeError, Problem):
        return
    listed = loaded.get("repositories") if isinstance(loaded, Mapping) else None
    yield from (entry for entry in listed if isinstance(entry, Mapping)) if isinstance(listed, list) else ()


def _json(path: Path) -> Mapping[str, Any]:
    try:
        loaded = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return loaded if isinstance(loaded, Mapping) else {}


def _netrc(host: str) -> Login | None:
    try:
        found = netrc.netrc().authenticators(host)
    except (OSError, netrc.NetrcParseError):
        return None
    return (found[0], found[2]) if found else None
