"""Certificates as Sprig makes them, from a given key, serial number and time: nothing here is random."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import Any

from changeover.gotemplate.sources import CertificateRequest


def make(request: CertificateRequest, key: str, *, serial: bytes, now: datetime) -> str:
    """The certificate as PEM, signed by its own key or by the request's signer. Raises ValueError."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    own = _private(key)
    subject = _name(request.common_name)
    issuer, signer = subject, own
    if request.signer:
        issuer = _certificate(request.signer[0]).subject
        signer = _private(request.signer[1])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(own.public_key())
        .serial_number(int.from_bytes(serial, "big") >> 1 or 1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=request.days))
    )
    for extension, critical in _extensions(request):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signer, _digest(signer)).public_bytes(Encoding.PEM).decode()


def _extensions(request: CertificateRequest) -> list[tuple[Any, bool]]:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    usage = x509.KeyUsage(
        digital_signature=True,
        key_encipherment=True,
        key_cert_sign=request.is_authority,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    basic = x509.BasicConstraints(ca=request.is_authority, path_length=None)
    found: list[tuple[Any, bool]] = [(usage, True), (purposes, False), (basic, True)]
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in request.names]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in request.addresses]
    return [*found, (x509.SubjectAlternativeName(names), False)] if names else found


def _name(common_name: str) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])


def _private(key: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError) as error:
        raise ValueError(f"parsing private key: {error}") from None


def _certificate(text: str) -> Any:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(text.encode())
    except ValueError:
        raise ValueError("unable to decode certificate") from None


def _digest(key: Any) -> Any:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ed25519

    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
