"""What a pod of a node runs for host collectors: ``python3 -m changeover.cli.on_node``; it prints what it found."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path

import click

from changeover import wiring
from changeover.collect.host import each_node
from changeover.ports import Bounds, Collected, Collector


async def collected(collectors: Sequence[Collector], seconds: float) -> list[tuple[Collector, Collected]]:
    """Each by itself, side by side, of the machine that is mounted."""
    collect = wiring.host_collecting(Path(each_node.ROOT))
    bounds = Bounds(seconds=seconds)
    done = await asyncio.gather(*(collect([one], bounds=bounds, tell=lambda _: None) for one in collectors))
    return list(zip(collectors, done, strict=True))


def main() -> None:
    """Read what is asked, collect it, and say it."""
    asked = json.loads(os.environ[each_node.ASKED])
    collectors = [Collector(one["kind"], one["spec"], "host") for one in asked["collectors"]]
    click.echo(each_node.answered(asyncio.run(collected(collectors, asked["seconds"]))))


if __name__ == "__main__":
    main()
