"""The strategies by name."""

from __future__ import annotations

from changeover.errors import Problem
from changeover.plan.strategy import Strategy
from changeover.strategies.plain import Plain
from changeover.strategies.window import Window

STRATEGIES: dict[str, Strategy] = {strategy.name: strategy for strategy in (Plain(), Window())}


class UnknownStrategy(Problem):
    """There is no strategy of that name."""

    reference = "unknown-strategy"
    exit_code = 2


def strategy_named(name: str) -> Strategy:
    """The strategy of a name."""
    if name not in STRATEGIES:
        raise UnknownStrategy(f"There is no strategy {name}.", hint=f"one of {', '.join(STRATEGIES)}")
    return STRATEGIES[name]
