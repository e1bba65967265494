"""Makes up what templates ask for: random texts, keys, certificates. The only source of chance in rendering.

Several values come as one JSON list of texts: a certificate and its key.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import re
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

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


def certificate(name: str, host: str, addresses: list[Any], names: list[Any], days: int) -> str:
    """A self-signed certificate for a server."""
    del name
    key = rsa.generate_private_key(65537, _CERTIFICATE_BITS)
    return _pair(
        _builder(host, key, days).add_extension(_alternatives(host, addresses, names), critical=False), key, key
    )


def authority(name: str, days: int) -> str:
    """A certificate authority."""
    key = rsa.generate_private_key(65537, _CERTIFICATE_BITS)
    builder = _builder(name, key, days).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return _pair(builder, key, key)


def signed_certificate(name: str, host: str, addresses: list[Any], names: list[Any], days: int, *more: Any) -> str:
    """A certificate for a server, signed by an authority (its certificate and key come last)."""
    del name
    if not more or len(more[0]) != 2:
        raise CannotGenerate("A certificate needs an authority to sign it.", hint="name one that was made before")
    issuer = x509.load_pem_x509_certificate(str(more[0][0]).encode())
    signer = serialization.load_pem_private_key(str(more[0][1]).encode(), password=None)
    key = rsa.generate_private_key(65537, _CERTIFICATE_BITS)
    builder = _builder(host, key, days, issuer=issuer.subject)
    return _pair(builder.add_extension(_alternatives(host, addresses, names), critical=False), key, signer)


def password_hash(password: str) -> str:
    """A line of htpasswd that every web server reads: SHA-1 with salt ({SSHA}); bcrypt has no home in our libraries."""
    salt = secrets.token_bytes(8)
    digest = hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest()
    return "{SSHA}" + base64.b64encode(digest + salt).decode()


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, _RSA_BITS)


def _builder(
    name: str, key: rsa.RSAPrivateKey, days: int, *, issuer: x509.Name | None = None
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name or "unnamed")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
    )


def _alternatives(host: str, addresses: list[Any], names: list[Any]) -> x509.SubjectAlternativeName:
    dns: list[x509.GeneralName] = [x509.DNSName(str(name)) for name in dict.fromkeys([host, *names]) if name]
    return x509.SubjectAlternativeName([*dns, *(x509.IPAddress(ipaddress.ip_address(str(one))) for one in addresses)])


def _pair(builder: x509.CertificateBuilder, key: rsa.RSAPrivateKey, signer: Any) -> str:
    signed = builder.sign(signer, hashes.SHA256())
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return json.dumps([signed.public_bytes(serialization.Encoding.PEM).decode(), _pem(key, form)])


def _pem(key: Any, form: serialization.PrivateFormat) -> str:
    content: bytes = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return content.decode()


def _shuffled(text: str) -> str:
    return "".join(secrets.SystemRandom().sample(text, len(text)))


_MAKERS: dict[str, Callable[..., str]] = {
    "RandomString": random_string,
    "RandomBytes": lambda length: base64.b64encode(secrets.token_bytes(length)).decode(),
    "genPrivateKey": private_key,
    "genCertificate": certificate,
    "genAuthority": authority,
    "genSignedCertificate": signed_certificate,
    "bcrypt": password_hash,
    "shuffle": _shuffled,
    "uuidv4": lambda: str(uuid.uuid4()),
}
