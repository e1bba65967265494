"""Makes licences as a vendor's portal signs them, with keys of our own."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ENTITLEMENTS: Mapping[str, Any] = {
    "expires_at": {"title": "Expiration", "value": "", "valueType": "String"},
    "seats": {"title": "Seats", "value": 25, "valueType": "Integer"},
    "sso": {"title": "Single sign-on", "value": True, "valueType": "Boolean"},
}


@cache
def key(number: int) -> rsa.RSAPrivateKey:
    """A private key; the same number, the same key."""
    return rsa.generate_private_key(65537, 2048 + 8 * number)


def public(number: int) -> str:
    """Its public half in PEM."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key(number).public_key().public_bytes(serialization.Encoding.PEM, form).decode()


@dataclass(frozen=True)
class Portal:
    """A vendor's portal: key 0 is the global one, key 1 the application's."""

    version: str = "v1beta1"
    application: str = "letters"
    entitlements: Mapping[str, Any] = field(default_factory=lambda: dict(ENTITLEMENTS))
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """The licence without its signature."""
        spec = {
            "appSlug": self.application,
            "channelID": "c1",
            "channelName": "Stable",
            "customerName": "Acme",
            "licenseID": "licence-id-42",
            "licenseSequence": 1,
            "licenseType": "prod",
            "isAirgapSupported": True,
            "entitlements": {name: self._entitlement(one) for name, one in self.entitlements.items()},
            **self.more,
        }
        return {"apiVersion": f"kots.io/{self.version}", "kind": "License", "metadata": {"name": "acme"}, "spec": spec}

    def licence(self, **written: Any) -> str:
        """The signed licence as YAML; `written` are fields of the spec that are put beside the signature."""
        document = self.document
        inner = {"publicKey": public(1), self._name("licenseSignature"): self.sign(1, json.dumps(document).encode())}
        by_global = {"signature": self.sign(0, public(1).encode()), "globalKeyId": "ours"}
        inner[self._name("keySignature")] = _packed(by_global)
        outer = {
            "licenseData": base64.b64encode(json.dumps(document).encode()).decode(),
            "innerSignature": _packed(inner),
        }
        spec = {**document["spec"], **written, "signature": _packed(outer)}
        return yaml.safe_dump({**document, "spec": spec})

    def sign(self, number: int, content: bytes) -> str:
        """Base64 of the signature by a key."""
        method = hashes.SHA256() if self.version == "v1beta2" else hashes.MD5()
        signed = key(number).sign(content, padding.PSS(padding.MGF1(method), padding.PSS.MAX_LENGTH), method)
        return base64.b64encode(signed).decode()

    def _entitlement(self, one: Mapping[str, Any]) -> dict[str, Any]:
        value = one["value"]
        text = str(value).lower() if isinstance(value, bool) else str(value)
        number = "v2" if self.version == "v1beta2" else "v1"
        return {**one, "signature": {number: self.sign(1, text.encode())}}

    def _name(self, name: str) -> str:
        return f"v2{name[0].upper()}{name[1:]}" if self.version == "v1beta2" else name


def _packed(data: Mapping[str, Any]) -> str:
    return base64.b64encode(json.dumps(data).encode()).decode()
