"""What is sealed is unreadable, and only opens under its own name and key."""

import pytest

from changeover.actions import sealing

KEY = bytes(range(32))


def test_what_was_sealed_comes_back() -> None:
    sealed = sealing.seal(KEY, b"geheim", name="a/b")
    assert b"geheim" not in sealed
    assert sealing.unseal(KEY, sealed, name="a/b") == b"geheim"
    assert sealing.seal(KEY, b"geheim", name="a/b") != sealed


def test_what_was_never_sealed_is_taken_as_it_is() -> None:
    assert sealing.unseal(KEY, b'{"a": 1}', name="a/b") == b'{"a": 1}'


@pytest.mark.parametrize("change", ["key", "name", "content", "cut"])
def test_what_does_not_fit_is_refused(change: str) -> None:
    sealed = sealing.seal(KEY, b"geheim", name="a/b")
    damaged = {"content": sealed[:-1] + bytes([sealed[-1] ^ 1]), "cut": sealed[:15]}.get(change, sealed)
    key = bytes(32) if change == "key" else KEY
    with pytest.raises(sealing.BrokenSeal, match="cannot be opened"):
        sealing.unseal(key, damaged, name="other" if change == "name" else "a/b")
