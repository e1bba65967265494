"""The strategies by name."""

from __future__ import annotations

from collections.abc import Mapping

from changeover.errors import Problem
from changeover.plan.strategy import Strategy
from changeover.strategies.plain import Plain
from changeover.strategies.window import Window

STRATEGIES: Mapping[str, Strategy] = {strategy.name: strategy for strategy in (Plain(), Window())}


class NoSuchStrategy(Problem):
    """A name that no strategy has."""

    reference = "no-such-strategy"
    exit_code = 2


def strategy_named(name: str) -> Strategy:
    """The strategy that people call so.

    Raises:
        NoSuchStrategy: when there is none.
    """
    if name not in STRATEGIES:
        raise NoSuchStrategy(f"There is no strategy {name!r}.", hint=f"choose one of: {', '.join(STRATEGIES)}")
    return STRATEGIES[name]
