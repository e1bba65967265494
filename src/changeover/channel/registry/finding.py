"""Whether images are in their registries, asked side by side; nothing is pulled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from changeover import images
from changeover.channel.registry import logins, moves
from changeover.channel.registry.session import Session
from changeover.errors import Problem

AT_ONCE = 6


async def find_images(references: Sequence[str], docker_config: str, seconds: float) -> Mapping[str, tuple[bool, str]]:
    """By reference: whether it is there, and why that cannot be told. Implements `collect.scene.FindImages`."""
    turn = asyncio.Semaphore(AT_ONCE)
    known = logins.Logins(logins.from_text(docker_config) if docker_config else {})

    async def one(reference: str) -> tuple[bool, str]:
        image = images.full(reference)
        if image is None:
            return False, "it names no image"
        try:
            async with turn:
                found = await moves.repository(session, image).manifest(image.suffix[1:] or "latest")
        except Problem as problem:
            return False, " ".join(filter(None, (problem.message, problem.found)))
        return found is not None, ""

    async with Session(known) as session:
        tasks = {reference: asyncio.ensure_future(one(reference)) for reference in references}
        await asyncio.wait(tasks.values(), timeout=seconds)
        late = [task for task in tasks.values() if not task.done()]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    return {
        reference: (False, f"no answer within {seconds:.0f} s") if task.cancelled() else task.result()
        for reference, task in tasks.items()
    }
