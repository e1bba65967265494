"""Shared by all tests: where the real cases lie, and properties that do not look at the clock."""

import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

CASES = Path(__file__).parents[2] / "shared" / "cases"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # `make test &` in a script: Ctrl-C could not be tried
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of real inputs and expected results; the test is skipped where it is absent."""
    if not CASES.is_dir():
        pytest.skip(f"the real cases are not here: {CASES} does not exist")
    return CASES
