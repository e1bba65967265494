"""Once per cluster, by an administrator: our kinds, the gate's policy, the roles. Only adds; deletes nothing."""

from __future__ import annotations

from changeover.actions.outside import Outside


async def missing(outside: Outside) -> list[str]:
    """What is not there yet, or older than ours."""
    return list(await outside.definitions.missing(outside.cluster))


async def set_up(outside: Outside) -> list[str]:
    """Add what is missing; returns what was added or changed."""
    return list(await outside.definitions.install(outside.cluster))
