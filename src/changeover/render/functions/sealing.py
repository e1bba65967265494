"""KubeSeal: a value that only the sealed-secrets controller of one cluster can read, for one name in one namespace."""

from __future__ import annotations

from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.values import encode
from changeover.render.functions.keeping import Keeper

_SESSION_KEY = 32


def functions(keeper: Keeper) -> dict[str, Function]:
    """KubeSeal certificate namespace name value."""

    def seal(certificate: str, namespace: str, name: str, value: str) -> str:
        arguments = (certificate, namespace, name, value)
        label = f"{namespace}/{name}".encode()
        return keeper.kept(
            "encryptAES",
            arguments,
            lambda: _sealed(certificate, label, encode(value), keeper.random_bytes(_SESSION_KEY)),
        )

    return table({"KubeSeal": (seal, "string string string string")})


def _sealed(certificate: str, label: bytes, value: bytes, session_key: bytes) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from changeover.gotemplate.sprig import pem

    try:
        key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    except ValueError as error:
        raise CallFailed(f"the certificate cannot be read: {error}") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise CallFailed("expected RSA public key")
    around = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label)
    wrapped = key.encrypt(session_key, around)
    sealed = AESGCM(session_key).encrypt(bytes(12), value, None)
    return pem.base64_text(len(wrapped).to_bytes(2, "big") + wrapped + sealed)
