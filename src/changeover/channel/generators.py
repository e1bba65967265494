"""Makes up what templates ask for: random texts, bytes and keys. The only source of chance in rendering."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from changeover.errors import Problem

_RSA_BITS = 4096
_CERTIFICATE_BITS = 2048
_PRINTABLE = "".join(map(chr, range(32, 127)))


class CannotGenerate(Problem):
    """A template asks for something that cannot be made up."""

    reference = "cannot-generate"


def produce(function: str, arguments: tuple[Any, ...]) -> str:
    """A fresh value for a call of a generating function. Raises CannotGenerate."""
    make = _MAKERS.get(function)
    if make is None:
        raise CannotGenerate(f"The function {function} makes nothing up that is known here.")
    return make(*arguments)


def random_string(length: int, characters: str) -> str:
    """`length` characters out of a class such as ``[A-Za-z0-9]``; empty when the class holds none."""
    try:
        allowed = [sign for sign in _PRINTABLE if re.fullmatch(characters, sign)]
    except re.error:
        return ""
    return "".join(secrets.choice(allowed) for _ in range(length)) if allowed else ""


def private_key(kind: str) -> str:
    """A private key in PEM as sprig's genPrivateKey writes it: rsa, dsa, ecdsa, ed25519."""
    made: dict[str, tuple[Callable[[], Any], serialization.PrivateFormat]] = {
        "": (_rsa, serialization.PrivateFormat.TraditionalOpenSSL),
        "rsa": (_rsa, serialization.PrivateFormat.TraditionalOpenSSL),
        "dsa": (lambda: dsa.generate_private_key(2048), serialization.PrivateFormat.TraditionalOpenSSL),
        "ecdsa": (
            lambda: ec.generate_private_key(ec.SECP256R1()),
            serialization.PrivateFormat.TraditionalOpenSSL,
        ),
        "ed25519": (ed25519.Ed25519PrivateKey.generate, serialization.PrivateFormat.PKCS8),
    }
    if kind not in made:
        raise CannotGenerate(f"There is no kind of private key called {kind!r}.", hint="rsa, dsa, ecdsa or ed25519")
    generate, form = made[kind]
    return _pem(generate(), form)


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, _RSA_BITS)


def _certificate_key() -> str:
    key = rsa.generate_private_key(65537, _CERTIFICATE_BITS)
    return _pem(key, serialization.PrivateFormat.TraditionalOpenSSL)


def _pem(key: Any, form: serialization.PrivateFormat) -> str:
    content: bytes = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return content.decode()


_MAKERS: dict[str, Callable[..., str]] = {
    "RandomString": random_string,
    "RandomBytes": lambda length: base64.b64encode(secrets.token_bytes(length)).decode(),
    "genPrivateKey": private_key,
    "certificateKey": _certificate_key,
}
