"""certificates: what the certificates in Secrets and ConfigMaps say of themselves; keys are never read out."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography import x509

from changeover.collect.scene import Scene
from changeover.collect.stored import CONFIG_MAP, SECRET
from changeover.objects import KubeObject, Ref
from changeover.ports import ClusterProblem

MARK = "-----BEGIN CERTIFICATE-----"


async def certificates(scene: Scene) -> None:
    """``certificates/certificates.json``: one entry for each source."""
    told = []
    for field, kind, word in (("secrets", SECRET, "secret"), ("configMaps", CONFIG_MAP, "configMap")):
        for entry in scene.collector.spec.get(field) or ():
            for namespace in entry.get("namespaces") or [scene.namespace]:
                source = {word: str(entry.get("name", "")), "namespace": str(namespace)}
                told.append(await _source(scene, Ref(kind, source["namespace"], source[word]), source))
    scene.sink.write_json("certificates/certificates.json", told)


async def _source(scene: Scene, ref: Ref, source: Mapping[str, str]) -> dict[str, Any]:
    try:
        obj = await scene.cluster.get(ref)
    except ClusterProblem as problem:
        return {"source": source, "errors": [problem.message], "certificateChain": []}
    if obj is None:
        return {"source": source, "errors": [f"{ref} is not there"], "certificateChain": []}
    found = [one for key, text in _texts(obj) for one in chain(key, text)]
    errors = [one["error"] for one in found if "error" in one]
    return {"source": source, "errors": errors, "certificateChain": [one for one in found if "error" not in one]}


def _texts(obj: KubeObject) -> Iterator[tuple[str, str]]:
    for key, value in (obj.get("data", default={}) or {}).items():
        text = base64.b64decode(value).decode(errors="replace") if obj.kind == "Secret" else str(value)
        if MARK in text:
            yield key, text


def chain(key: str, text: str) -> Iterator[dict[str, Any]]:
    """What each certificate of a text says; ``error`` for one that cannot be read."""
    now = datetime.now(UTC)
    for part in text.split(MARK)[1:]:
        try:
            found = x509.load_pem_x509_certificate((MARK + part).encode())
        except ValueError as error:
            yield {"error": f"{key}: {error}"}
            continue
        yield {
            "certificate": key,
            "subject": found.subject.rfc4514_string(),
            "subjectAlternativeNames": _names(found),
            "issuer": found.issuer.rfc4514_string(),
            "notAfter": _time(found.not_valid_after_utc),
            "notBefore": _time(found.not_valid_before_utc),
            "isValid": found.not_valid_before_utc <= now <= found.not_valid_after_utc,
            "isCA": _is_authority(found),
        }


def _time(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [str(one.value) for one in names]


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False
