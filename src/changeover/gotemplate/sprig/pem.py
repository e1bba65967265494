"""What Sprig's functions do with given keys, certificates and ciphers. Nothing here is random."""

from __future__ import annotations

import base64
import ipaddress
import re

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")


def base64_text(data: bytes) -> str:
    """Bytes as base64."""
    return base64.b64encode(data).decode()


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def encrypt_aes(password: bytes, data: bytes, start: bytes) -> str:
    """AES-CBC with the password as key and `start` in front, as base64."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    missing = 16 - len(data) % 16
    encryptor = Cipher(algorithms.AES(_key(password)), modes.CBC(start)).encryptor()
    return base64_text(start + encryptor.update(data + bytes([missing]) * missing) + encryptor.finalize())


def decrypt_aes(password: bytes, data: bytes) -> bytes:
    """The inverse of `encrypt_aes`. Raises ValueError."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if len(data) < 32 or len(data) % 16:
        raise ValueError("crypto/cipher: input not full blocks")
    decryptor = Cipher(algorithms.AES(_key(password)), modes.CBC(data[:16])).decryptor()
    plain = decryptor.update(data[16:]) + decryptor.finalize()
    return plain[: max(len(plain) - plain[-1], 0)]


def check_pair(certificate: str, key: str) -> None:
    """Refuse what is no certificate or no private key. Raises ValueError."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not _BLOCK.search(certificate):
        raise ValueError("unable to decode certificate")
    try:
        x509.load_pem_x509_certificate(certificate.encode())
    except ValueError as error:
        raise ValueError(f"error parsing certificate: decodedCert.Bytes: {error}") from None
    match = _BLOCK.search(key)
    if not match:
        raise ValueError("error parsing private key: no PEM data in input")
    try:
        load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError) as error:
        raise ValueError(f"error parsing private key: {error}") from None


def _key(password: bytes) -> bytes:
    return password[:32].ljust(32, b"\0")
