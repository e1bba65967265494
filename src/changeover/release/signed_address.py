"""An address that names what lies there must be signed with: ``oci://host/chart?key=<key>`` or ``…?keyring=<keys>``.

A key is a public one as cosign uses it; a keyring holds public PGP keys, as ``helm verify`` uses them. Both are public,
so they may stand where everybody reads them: in the Installation, beside the address that they belong to. Written as
the base64url of the key's DER form, or of the keyring's binary form, without padding.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from changeover.errors import Problem

_KEY, _KEYRING = "?key=", "?keyring="
LARGEST = 64 * 1024
"""Bytes of a keyring: it stands in the address."""
_ARMOUR = re.compile(r"-----BEGIN PGP ([A-Z ]+)-----(.*?)-----END PGP \1-----", re.DOTALL)
_PUBLIC_PACKET = 6


class UnusableKey(Problem):
    """A public key that cannot be read."""

    reference = "unusable-key"


class NotSigned(Problem):
    """A chart that is not signed with the key that was given for it."""

    reference = "not-signed"


@dataclass(frozen=True, slots=True)
class Signed:
    """An address and what must have signed what lies there; both empty when nothing must."""

    address: str
    key: bytes = b""
    """A public key in DER form."""
    keyring: bytes = b""
    """Public PGP keys in binary form."""

    @property
    def text(self) -> str:
        """As it is kept."""
        if not (self.key or self.keyring):
            return self.address
        mark, content = (_KEYRING, self.keyring) if self.keyring else (_KEY, self.key)
        return f"{self.address}{mark}{base64.urlsafe_b64encode(content).decode().rstrip('=')}"


def join(address: str, pem: str) -> str:
    """The address with a public key, given as PEM. Raises UnusableKey."""
    lines = [line.strip() for line in pem.strip().splitlines()]
    if len(lines) < 3 or "PUBLIC KEY" not in lines[0]:
        raise UnusableKey(
            "The key must be a public key in PEM form.", found=lines[0][:60] if lines else "nothing", hint="cosign.pub"
        )
    try:
        content = base64.b64decode("".join(lines[1:-1]), validate=True)
    except binascii.Error as error:
        raise UnusableKey("The public key is no PEM.", found=str(error)) from None
    return Signed(split(address).address, key=content).text


def join_keyring(address: str, content: bytes) -> str:
    """The address with a keyring, as ``gpg --export`` writes it, armoured or not. Raises UnusableKey."""
    keys = _binary(content)
    if not _is_public(keys):
        raise UnusableKey(
            "The keyring must hold public PGP keys.", found=f"{len(keys)} bytes of another kind", hint=_EXPORT
        )
    if len(keys) > LARGEST:
        raise UnusableKey(f"A keyring has at most {LARGEST} bytes.", found=f"{len(keys)} bytes", hint=_EXPORT)
    return Signed(split(address).address, keyring=keys).text


_EXPORT = "gpg --export --export-options export-minimal VENDOR > vendor.gpg"


def split(address: str) -> Signed:
    """What an address names. Raises UnusableKey."""
    for mark in (_KEYRING, _KEY):
        plain, marked, text = address.partition(mark)
        if marked:
            content = _decoded(text)
            return Signed(plain, keyring=content) if mark == _KEYRING else Signed(plain, key=content)
    return Signed(address)


def inherit(address: str, known: str) -> str:
    """An address that is used once instead of a known one: on the same host what lies there is signed as it was."""
    given, usual = split(address), split(known)
    if given.key or given.keyring or _host(given.address) != _host(usual.address) or not _host(usual.address):
        return address
    return Signed(given.address, usual.key, usual.keyring).text


def _host(address: str) -> str:
    return urlsplit(address).netloc if "://" in address else ""


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnusableKey("The address names a key that is none.", found=str(error)) from None


def _binary(content: bytes) -> bytes:
    """Without the armour, if there is one: headers, an empty line, base64, and a checksum that begins with ``=``."""
    blocks = _ARMOUR.findall(content.decode("ascii", "replace")) if b"-----BEGIN PGP " in content else []
    parts = []
    for _, inside in blocks:
        _, _, body = inside.replace("\r", "").strip("\n").partition("\n\n") if ":" in inside else ("", "", inside)
        lines = [line.strip() for line in body.splitlines() if not line.startswith("=")]
        try:
            parts.append(base64.b64decode("".join(lines), validate=True))
        except binascii.Error as error:
            raise UnusableKey("The keyring's armour is broken.", found=str(error), hint=_EXPORT) from None
    return b"".join(parts) if blocks else content


def _is_public(keys: bytes) -> bool:
    """Whether it begins as a public key does, in the old or the new form of packets."""
    if not keys or not keys[0] & 0x80:
        return False
    return (keys[0] & 0x3F if keys[0] & 0x40 else (keys[0] & 0x3C) >> 2) == _PUBLIC_PACKET
