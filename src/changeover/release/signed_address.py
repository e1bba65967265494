"""An address that names the key which what lies there must be signed with: ``oci://host/chart?key=<key>``.

The key is public, so it may stand where everybody reads it: in the Installation, beside the address that it belongs to.
Written as the base64url of its DER form, without padding.
"""

from __future__ import annotations

import base64
import binascii

from changeover.errors import Problem

_MARK = "?key="


class UnusableKey(Problem):
    """A public key that cannot be read."""

    reference = "unusable-key"


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
    return f"{split(address)[0]}{_MARK}{base64.urlsafe_b64encode(content).decode().rstrip('=')}"


def split(address: str) -> tuple[str, bytes]:
    """(address, key in DER form); the key is empty when none is named. Raises UnusableKey."""
    plain, mark, text = address.partition(_MARK)
    if not mark:
        return address, b""
    try:
        return plain, base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnusableKey("The address names a key that is none.", found=str(error)) from None
