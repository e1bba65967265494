"""Run a command in a container, over the API server's WebSocket (channel.k8s.io v5, or v4)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
from httpx2.websockets import HTTPXWSException, WebSocketUpgradeError

from changeover.kube import errors
from changeover.ports import Unreachable

PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"]
OUTPUT, ERRORS, STATUS = 1, 2, 3
MOST_BYTES = 1024 * 1024
"""What is kept of a command's output."""


async def execute(
    http: httpx2.AsyncClient, path: str, command: Sequence[str], *, container: str, what: str
) -> tuple[int, str]:
    """Exit code and combined output; raises as every request does, never repeats."""
    query = [("stdout", "true"), ("stderr", "true"), *(("command", word) for word in command)]
    query += [("container", container)] if container else []
    text = b""
    try:
        async with http.websocket(path, subprotocols=PROTOCOLS, params=query) as session:  # type: ignore[arg-type]
            while True:
                message = await session.receive_bytes()
                if not message:
                    continue
                channel, part = message[0], message[1:]
                if channel == STATUS:
                    return exit_code(part), text.decode(errors="replace")
                if channel in (OUTPUT, ERRORS):
                    text = (text + part)[-MOST_BYTES:]
    except WebSocketUpgradeError as refused:
        raise errors.problem_of(what, refused.response) from refused
    except (HTTPXWSException, httpx2.TransportError) as error:
        raise errors.unreachable(what, error) from error
    except BaseExceptionGroup as group:
        raise first_of(group, what) from group


def exit_code(status: bytes) -> int:
    """The exit code that the closing Status names: 0 for Success, -1 when it names none."""
    try:
        parsed: Mapping[str, Any] = json.loads(status)
    except ValueError:
        return -1
    if parsed.get("status") == "Success":
        return 0
    for cause in (parsed.get("details") or {}).get("causes") or ():
        if cause.get("reason") == "ExitCode" and str(cause.get("message", "")).isdigit():
            return int(cause["message"])
    return -1


def first_of(group: BaseExceptionGroup[BaseException], what: str) -> BaseException:
    """The WebSocket client's tasks fail as a group; one of them says why. Who was cancelled meanwhile stays so."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        return asyncio.CancelledError()
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    if isinstance(first, WebSocketUpgradeError):
        return errors.problem_of(what, first.response)
    if isinstance(first, HTTPXWSException | httpx2.TransportError):
        return errors.unreachable(what, first)
    return first if isinstance(first, Exception) else Unreachable(f"{what}: it was cut off.")
