"""All benches, one after the other: ``python -m bench [--rounds N] [--json FILE]``.

As ratios; in seconds or MB/s where there is nobody to be compared with.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from bench import apply, bundle, downtime, figures, gitpod, growth, image_copy, plan, render, start


def figures_of(rounds: int) -> Iterator[figures.Measured]:
    """Every figure, as soon as it is measured."""
    yield start.measure(rounds)
    yield from render.measure()
    yield from bundle.measure()
    with gitpod.cluster() as kubeconfig:
        if gitpod.CHAIN.is_dir():
            gitpod.bring_about(kubeconfig)
            yield plan.measure(kubeconfig, rounds)
            yield apply.measure(kubeconfig, rounds)
        else:
            print(f"left out: plan and apply of Gitpod; {gitpod.CHAIN.name} is not here")
        yield from growth.measure(kubeconfig)
    copying = image_copy.measure(rounds)
    if copying:
        yield copying
    else:
        print("left out: copying images; neither skopeo nor docker-registry can be had")
    yield downtime.measure()


def main() -> None:
    """Print them; with --json also write them."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    found = []
    for figure in figures_of(chosen.rounds):
        print(figure.text, flush=True)
        found.append(figure.as_json())
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
