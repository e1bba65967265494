"""Credentials from a program that the kubeconfig names (``users[].user.exec``; v1 and v1beta1 of its protocol).

* the program is asked when there is no token, when the token is about to expire, and once more after a 401
* it learns what it is asked for through KUBERNETES_EXEC_INFO, as from kubectl, and never gets our standard input
* tokens only: a program that answers with a client certificate is refused by name
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from changeover.errors import Problem

VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
SECONDS = 60.0
EARLY = timedelta(seconds=30)


class NoCredentials(Problem):
    """The program that should give credentials for the cluster did not."""

    reference = "no-credentials"


@dataclass(frozen=True, slots=True)
class Program:
    """What the kubeconfig says about it."""

    api_version: str
    command: str
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] | None = None


class ProgramAuth(httpx2.Auth):
    """Signs requests with the token that the program gives."""

    def __init__(self, program: Program) -> None:
        if program.api_version not in VERSIONS:
            raise NoCredentials(
                f"The kubeconfig's credential program must speak one of {', '.join(VERSIONS)}.",
                found=program.api_version,
                hint="renew the kubeconfig with the cloud's own tool",
            )
        self._program = program
        self._token = ""
        self._expires: datetime | None = None
        self._asking = asyncio.Lock()

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Sign, and once more with a new token when the first is not accepted."""
        token = await self._current()
        request.headers["authorization"] = f"Bearer {token}"
        answer = yield request
        if answer.status_code != 401:
            return
        request.headers["authorization"] = f"Bearer {await self._current(instead_of=token)}"
        yield request

    async def _current(self, *, instead_of: str = "") -> str:
        async with self._asking:
            old = self._expires is not None and datetime.now(UTC) + EARLY >= self._expires
            if not self._token or old or self._token == instead_of:
                self._token, self._expires = token_of(await self._ask(), self._program.command)
            return self._token

    async def _ask(self) -> bytes:
        info = {
            "apiVersion": self._program.api_version,
            "kind": "ExecCredential",
            "spec": {"interactive": False},
        }
        environment = {**os.environ, **(self._program.environment or {}), "KUBERNETES_EXEC_INFO": json.dumps(info)}
        nothing, pipe = asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                self._program.command,
                *self._program.arguments,
                env=environment,
                stdin=nothing,
                stdout=pipe,
                stderr=pipe,
            )
        except OSError as error:
            raise self._failed(str(error)) from error
        try:
            output, errors = await asyncio.wait_for(process.communicate(), SECONDS)
        except TimeoutError as late:
            process.kill()
            await process.wait()
            raise self._failed(f"no answer within {SECONDS:.0f} s; does it wait for a person?") from late
        if process.returncode:
            raise self._failed(f"exit code {process.returncode}: {errors.decode(errors='replace')[-300:].strip()}")
        return output

    def _failed(self, found: str) -> NoCredentials:
        return NoCredentials(
            f"{self._program.command} must give credentials for the cluster.",
            found=found,
            hint="run it by hand, or log in again with the cloud's own tool",
        )


def token_of(output: bytes, command: str) -> tuple[str, datetime | None]:
    """Token and its end from an ExecCredential document; the document itself never enters an error."""
    try:
        status: Mapping[str, Any] = json.loads(output)["status"]
        expires = status.get("expirationTimestamp")
        token = str(status.get("token") or "")
        end = datetime.fromisoformat(str(expires)) if expires else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoCredentials(
            f"{command} must answer with an ExecCredential.", found=f"not one ({type(error).__name__})"
        ) from error
    if not token:
        found = "a client certificate" if status.get("clientCertificateData") else "none"
        raise NoCredentials(f"{command} must answer with a token.", found=found)
    return token, end
