"""What a program of the machine says: no shell, a deadline, and a bounded answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path

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


async def ask(root: Path, *words: str) -> Said:
    """Run a program of the machine at `root` to its end. Raises CannotCollect when it is not there."""
    environment = {**_ENVIRONMENT, "PATH": os.environ.get("PATH", "") + ":" + _ENVIRONMENT["PATH"]}
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            preexec_fn=None if root == Path("/") else partial(_enter, root),
        )
    except (OSError, subprocess.SubprocessError) as wrong:
        found = str(getattr(wrong, "strerror", "") or wrong)
        raise CannotCollect(f"{words[0]} cannot be run on this machine", found=found) from None
    try:
        out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return Said(process.returncode or 0, *(one[:MOST].decode(errors="replace") for one in (out, errors)))


def _enter(root: Path) -> None:
    os.chroot(root)
    os.chdir("/")


async def answer(root: Path, *words: str) -> str:
    """The same, of a program that must succeed. Raises CannotCollect."""
    said = await ask(root, *words)
    if said.code:
        raise CannotCollect(f"{words[0]} ended with {said.code}", found=said.errors.strip()[:200])
    return said.out
