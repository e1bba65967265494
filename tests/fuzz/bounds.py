"""How many examples are tried: few in every run, more when `CHANGEOVER_FUZZ` says how many."""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("CHANGEOVER_FUZZ", "40"))


def bounded(test: Callable[..., Any]) -> Callable[..., Any]:
    """A property with so many examples, without hypothesis' own clock: the machine may be busy."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=slow)(test)
