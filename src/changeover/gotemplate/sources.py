"""What template functions need from outside: time, randomness, keys. Handed in, so that the engine stays pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """A certificate to make. Without `signer` it signs itself; `signer` is (certificate, key) as PEM."""

    common_name: str
    addresses: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    days: int = 365
    is_authority: bool = False
    key: str = ""
    """The private key as PEM; empty means a new one (RSA 2048)."""
    signer: tuple[str, str] | None = None


class Sources(Protocol):
    """Time, randomness and keys."""

    def now(self) -> datetime:
        """The time of the rendering, with a zone."""
        ...

    def random_text(self, count: int, characters: str) -> str:
        """So many random characters of a class such as ``[A-Za-z0-9]``."""
        ...

    def random_bytes(self, count: int) -> bytes:
        """So many random bytes."""
        ...

    def private_key(self, kind: str) -> str:
        """A new private key as PEM; `kind` is rsa, dsa, ecdsa or ed25519."""
        ...

    def certificate(self, request: CertificateRequest) -> tuple[str, str]:
        """(certificate, private key) as PEM. Raises ValueError when a key or signer is unusable."""
        ...

    def password_hash(self, password: str) -> str:
        """The bcrypt hash of a password."""
        ...

    def kept(self, function: str, arguments: tuple[Any, ...], produce: Callable[[], str]) -> str:
        """The value generated earlier by this call, else a new one from `produce`, to be kept from now on."""
        ...
