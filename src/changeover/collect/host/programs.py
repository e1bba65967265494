"""What a program of the machine says: no shell, a deadline, and a bounded answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass

from changeover.collect.scene import CannotCollect

MOST = 4 * 1024 * 1024
"""Bytes of an answer that are read."""

_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


@dataclass(frozen=True, slots=True)
class Said:
    """How a program ended, and its words."""

    code: int
    out: str
    errors: str


async def ask(*words: str) -> Said:
    """Run a program to its end. Raises CannotCollect when it is not on this machine."""
    environment = {**_ENVIRONMENT, "PATH": os.environ.get("PATH", "") + ":" + _ENVIRONMENT["PATH"]}
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
        )
    except OSError as wrong:
        raise CannotCollect(f"{words[0]} cannot be run on this machine", found=str(wrong.strerror)) from None
    try:
        out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return Said(process.returncode or 0, *(one[:MOST].decode(errors="replace") for one in (out, errors)))


async def answer(*words: str) -> str:
    """The same, of a program that must succeed. Raises CannotCollect."""
    said = await ask(*words)
    if said.code:
        raise CannotCollect(f"{words[0]} ended with {said.code}", found=said.errors.strip()[:200])
    return said.out
