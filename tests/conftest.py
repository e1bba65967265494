"""Shared by all tests: where the real cases lie, and properties that do not look at the clock."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

CASES = Path(__file__).parents[2] / "shared" / "cases"

settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of real inputs and expected results; the test is skipped where it is absent."""
    if not CASES.is_dir():
        pytest.skip(f"the real cases are not here: {CASES} does not exist")
    return CASES
