"""Shared by all tests: where the real cases lie."""

from pathlib import Path

import pytest

CASES = Path(__file__).parents[2] / "shared" / "cases"


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of real inputs and expected results; the test is skipped where it is absent."""
    if not CASES.is_dir():
        pytest.skip(f"the real cases are not here: {CASES} does not exist")
    return CASES
