"""Credential programs: what ``credHelpers`` and ``credsStore`` of a docker configuration name is asked for a login.

* ``docker-credential-NAME get`` reads the server's name and answers JSON with Username and Secret; only a login is ever
  asked for, nothing is stored or erased;
* a program has `SECONDS`, then it is ended with all that it started;
* what it says is kept out of every message: it may hold the secret;
* only configurations of whoever runs us name programs: one from a cluster or a package never starts anything.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from typing import Any

from changeover.errors import Problem

SECONDS = 30.0
LARGEST = 64 * 1024
"""Bytes of an answer."""
HUB_SERVER = "https://index.docker.io/v1/"
_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NOTHING = b"credentials not found"
_TOKEN = "<token>"  # noqa: S105 - what stands for a user's name, not a secret


class CredentialProgramFailed(Problem):
    """A program that a docker configuration names for a registry's login gives none."""

    reference = "credential-program-failed"


def named(config: Mapping[str, Any], host: str) -> str:
    """Which program a docker configuration names for a host; empty = none."""
    helpers = config.get("credHelpers")
    helpers = helpers if isinstance(helpers, Mapping) else {}
    found = next((helpers[server] for server in servers(host) if helpers.get(server)), config.get("credsStore"))
    return found if isinstance(found, str) else ""


def servers(host: str) -> tuple[str, ...]:
    """The names under which a host's login may be kept."""
    return (HUB_SERVER, *_HUB) if host in _HUB else (host, f"https://{host}")


def login(name: str, host: str) -> tuple[str, str] | None:
    """The login (user, password) for a host; None when the program has none. Raises CredentialProgramFailed."""
    if not _NAME.fullmatch(name):
        raise _failed(name, host, "a name of letters, digits, dots and dashes is wanted")
    program = shutil.which(f"docker-credential-{name}")
    if program is None:
        raise _failed(name, host, "it is not on PATH")
    for server in servers(host):
        found = _asked(program, server, name=name, host=host)
        if found is not None:
            return found
    return None


def _asked(program: str, server: str, *, name: str, host: str) -> tuple[str, str] | None:
    code, said = _run(program, server, name=name, host=host)
    if code:
        if _NOTHING in said.lower():
            return None
        raise _failed(name, host, f"it ended with {code}")
    try:
        answer = json.loads(said)
    except ValueError:
        raise _failed(name, host, "its answer is no JSON") from None
    user, secret = (answer.get(key) for key in ("Username", "Secret")) if isinstance(answer, Mapping) else ("", "")
    if not isinstance(user, str) or not isinstance(secret, str) or not (user and secret):
        raise _failed(name, host, "its answer has no Username or no Secret")
    if user == _TOKEN:
        raise _failed(name, host, "it gives an identity token, which is not read here")
    return user, secret


def _run(program: str, server: str, *, name: str, host: str) -> tuple[int, bytes]:
    running = subprocess.Popen(  # noqa: S603 - a program that its owner named, no shell
        [program, "get"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        said, _ = running.communicate(server.encode(), timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise _failed(name, host, f"no answer within {SECONDS:.0f} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        for stream in (running.stdin, running.stdout):
            if stream:
                stream.close()
    if len(said) > LARGEST:
        raise _failed(name, host, "its answer is too long")
    return running.returncode, said


def _failed(name: str, host: str, found: str) -> CredentialProgramFailed:
    return CredentialProgramFailed(
        f"docker-credential-{name[:80]} must give the login for {host}, for the docker configuration says so.",
        found=found,
        hint=f"try it yourself: printf %s {host} | docker-credential-{name[:80]} get",
    )
