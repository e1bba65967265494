import pytest

from changeover.quantity import amount, same_amount


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1", "1000m", True),
        (1, "1", True),
        ("1Gi", "1024Mi", True),
        ("1G", "1Gi", False),
        ("1e3", "1k", True),
        ("0.5", "500m", True),
        ("1", "one", False),
        ("", "", False),
        (True, 1, False),
    ],
)
def test_amounts(one: object, other: object, *, same: bool) -> None:
    assert same_amount(one, other) is same


def test_a_shrinking_amount_is_smaller() -> None:
    small, large = amount("900Mi"), amount("1Gi")
    assert small is not None
    assert large is not None
    assert small < large
