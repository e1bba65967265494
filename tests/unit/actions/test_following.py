"""What an Installation follows, as people are told."""

import pytest

from changeover.actions.following import shown_source
from changeover.objects import KubeObject
from changeover.release.signed_address import Signed

ADDRESS = "https://charts.example/stable#web"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (Signed(ADDRESS), ADDRESS),
        (Signed(ADDRESS, keyring=b"keys"), f"{ADDRESS} (must be signed: a keyring)"),
        (Signed(ADDRESS, key=b"key"), f"{ADDRESS} (must be signed: a key)"),
    ],
)
def test_a_key_is_said_and_not_shown(source: Signed, told: str) -> None:
    assert shown_source(KubeObject({"spec": {"source": {"channel": source.text}}})) == told
