"""Sprig's hashes, keys, certificates and random texts.

What is generated goes through `Sources.kept`: the same call gives the same value in every later rendering.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
import zlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from changeover.gotemplate import formatting
from changeover.gotemplate.limits import check_text
from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.sources import CertificateRequest, Sources
from changeover.gotemplate.sprig import passwords, pem
from changeover.gotemplate.sprig.encoding import BadEncoding, base64_bytes
from changeover.gotemplate.values import Struct, decode, encode

_KINDS = {"": "rsa", "rsa": "rsa", "dsa": "dsa", "ecdsa": "ecdsa", "ed25519": "ed25519"}


class Certificate(Struct):
    """A certificate with its key, both PEM: ``.Cert`` and ``.Key``."""

    __slots__ = ("certificate", "key")
    go_type: ClassVar[str] = "sprig.certificate"

    def __init__(self, certificate: str, key: str) -> None:
        self.certificate, self.key = certificate, key

    def go_fields(self) -> Mapping[str, Any]:
        """Cert and Key."""
        return {"Cert": self.certificate, "Key": self.key}


def functions(sources: Sources) -> dict[str, Function]:
    """All of them, drawing on these sources."""
    return table({**_HASHES, **_random(sources), **_secrets(sources), **_certificates(sources)})


Entries = dict[str, tuple[Callable[..., Any], str]]


def _random(sources: Sources) -> Entries:
    def of(name: str, characters: str) -> Callable[[int], str]:
        def make(count: int) -> str:
            check_text(count)
            if count <= 0:
                return ""
            return sources.kept(name, (count,), lambda: sources.random_text(count, characters))

        return make

    def rand_bytes(count: int) -> str:
        if count < 0:
            raise CallFailed("runtime error: makeslice: len out of range")
        check_text(count)
        return sources.kept("randBytes", (count,), lambda: pem.base64_text(sources.random_bytes(count)))

    def rand_int(low: int, high: int) -> int:
        if high <= low:
            raise CallFailed("invalid argument to Intn")
        return int(sources.kept("randInt", (low, high), lambda: str(low + _below(sources, high - low))))

    def shuffle(text: str) -> str:
        return sources.kept("shuffle", (text,), lambda: _shuffled(sources, text))

    return {
        "randAlphaNum": (of("randAlphaNum", "[A-Za-z0-9]"), "int"),
        "randAlpha": (of("randAlpha", "[A-Za-z]"), "int"),
        "randNumeric": (of("randNumeric", "[0-9]"), "int"),
        "randAscii": (of("randAscii", "[ -~]"), "int"),
        "randBytes": (rand_bytes, "int"),
        "randInt": (rand_int, "int int"),
        "shuffle": (shuffle, "string"),
        "uuidv4": (lambda: sources.kept("uuidv4", (), lambda: _uuid(sources)), ""),
    }


def _below(sources: Sources, bound: int) -> int:
    return int.from_bytes(sources.random_bytes(16), "big") % bound


def _shuffled(sources: Sources, text: str) -> str:
    signs = list(text)
    for place in range(len(signs) - 1, 0, -1):
        other = _below(sources, place + 1)
        signs[place], signs[other] = signs[other], signs[place]
    return "".join(signs)


def _uuid(sources: Sources) -> str:
    return str(uuid.UUID(bytes=sources.random_bytes(16), version=4))


def _secrets(sources: Sources) -> Entries:
    def bcrypt(password: str) -> str:
        if len(encode(password)) > 72:
            return "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes"
        return sources.kept("bcrypt", (password,), lambda: sources.password_hash(password))

    def htpasswd(user: str, password: str) -> str:
        return f"invalid username: {user}" if ":" in user else f"{user}:{bcrypt(password)}"

    def private_key(kind: str) -> str:
        known = _KINDS.get(kind)
        if known is None:
            return f"Unknown type {kind}"
        return sources.kept("genPrivateKey", (known,), lambda: sources.private_key(known))

    def encrypt(password: str, text: str) -> str:
        if not text:
            return ""
        produce = lambda: pem.encrypt_aes(encode(password), encode(text), sources.random_bytes(16))  # noqa: E731
        return sources.kept("encryptAES", (password, text), produce)

    return {
        "bcrypt": (bcrypt, "string"),
        "htpasswd": (htpasswd, "string string"),
        "genPrivateKey": (private_key, "string"),
        "encryptAES": (encrypt, "string string"),
    }


def _certificates(sources: Sources) -> Entries:
    def made(name: str, request: CertificateRequest) -> Certificate:
        def produce() -> str:
            try:
                return json.dumps(sources.certificate(request))
            except ValueError as error:
                raise CallFailed(str(error)) from None

        arguments = (request.common_name, request.addresses, request.names, request.days, request.key, request.signer)
        certificate, key = json.loads(sources.kept(name, arguments, produce))
        return Certificate(certificate, key)

    def authority(name: str, days: int, key: str = "") -> Certificate:
        return made("genCA", CertificateRequest(name, days=days, is_authority=True, key=key))

    def own(name: str, ips: Any, dns: Any, days: int, key: str = "") -> Certificate:
        return made("genSelfSignedCert", CertificateRequest(name, texts(ips, "ip"), texts(dns, "dns"), days, key=key))

    def signed(name: str, ips: Any, dns: Any, days: int, *rest: Any) -> Certificate:
        signer, key = rest[0], rest[1] if len(rest) > 1 else ""
        request = CertificateRequest(
            name, texts(ips, "ip"), texts(dns, "dns"), days, key=key, signer=(signer.certificate, signer.key)
        )
        return made("genSignedCert", request)

    common = "string list list int"
    return {
        "genCA": (authority, "string int"),
        "genCAWithKey": (authority, "string int string"),
        "genSelfSignedCert": (own, common),
        "genSelfSignedCertWithKey": (own, f"{common} string"),
        "genSignedCert": (signed, f"{common} sprig.certificate"),
        "genSignedCertWithKey": (signed, f"{common} sprig.certificate string"),
    }


def texts(values: Any, what: str) -> tuple[str, ...]:
    """Addresses (`what` ip) or names (dns) as texts. Raises CallFailed."""
    for value in values or ():
        if not isinstance(value, str):
            shown = formatting.to_text(value)
            raise CallFailed(
                f"error parsing ip: {shown} is not a string"
                if what == "ip"
                else f"error processing alternate dns name: {shown} is not a string"
            )
        if what == "ip" and not pem.is_address(value):
            raise CallFailed(f"error parsing ip: {value}")
    return tuple(values or ())


def _custom_certificate(certificate: str, key: str) -> Certificate:
    try:
        plain = decode(base64_bytes(certificate))
    except BadEncoding:
        raise CallFailed("unable to decode base64 certificate") from None
    try:
        plain_key = decode(base64_bytes(key))
    except BadEncoding:
        raise CallFailed("unable to decode base64 private key") from None
    try:
        pem.check_pair(plain, plain_key)
    except ValueError as error:
        raise CallFailed(str(error)) from None
    return Certificate(plain, plain_key)


def _decrypt(password: str, text: str) -> str:
    if not text:
        return ""
    try:
        return decode(pem.decrypt_aes(encode(password), base64_bytes(text)))
    except ValueError as error:
        raise CallFailed(str(error)) from None


def _derive(*values: Any) -> str:
    counter, kind, password, user, site = values
    salt = passwords.SEED + len(encode(user)).to_bytes(4, "big") + encode(user)
    key = hashlib.scrypt(encode(password), salt=salt, n=32768, r=8, p=2, maxmem=128 * 1024 * 1024, dklen=64)
    message = passwords.SEED + len(encode(site)).to_bytes(4, "big") + encode(site) + counter.to_bytes(4, "big")
    return passwords.from_seed(kind, hmac.digest(key, message, "sha256"))


_HASHES: Entries = {
    "sha1sum": (lambda text: hashlib.sha1(encode(text), usedforsecurity=False).hexdigest(), "string"),
    "sha256sum": (lambda text: hashlib.sha256(encode(text)).hexdigest(), "string"),
    "sha512sum": (lambda text: hashlib.sha512(encode(text)).hexdigest(), "string"),
    "adler32sum": (lambda text: str(zlib.adler32(encode(text))), "string"),
    "derivePassword": (_derive, "uint32 string string string string"),
    "buildCustomCert": (_custom_certificate, "string string"),
    "decryptAES": (_decrypt, "string string"),
}
