"""What Helm writes down about a release: gzipped JSON in base64 in a Secret, opened within bounds. Pure."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any

from changeover.errors import Problem
from changeover.objects import KubeObject

HELM_TYPE = "helm.sh/release.v1"
_LARGEST = 64 * 1024 * 1024
"""Bytes of an unpacked Helm release; more is refused."""


class NoRelease(Problem):
    """There is no Helm release of that name in the namespace, or its record cannot be read."""

    reference = "no-helm-release"


def open_record(secret: KubeObject) -> dict[str, Any]:
    """Helm's record: gzipped JSON in base64, within the Secret's own base64. Raises NoRelease."""
    try:
        packed = base64.b64decode(base64.b64decode(str(secret.get("data", "release", default=""))))
        opened = zlib.decompressobj(wbits=31)
        text = opened.decompress(packed, _LARGEST) if packed[:2] == b"\x1f\x8b" else packed
        if opened.unconsumed_tail:
            raise NoRelease(f"The Helm release in {secret.name} is larger than 64 MiB unpacked.")
        record = json.loads(text)
    except (binascii.Error, zlib.error, ValueError) as broken:
        raise NoRelease(f"The Helm release in Secret {secret.name} cannot be read.", found=str(broken)) from broken
    if not isinstance(record, dict):
        raise NoRelease(f"The Helm release in Secret {secret.name} cannot be read.", found=type(record).__name__)
    return {**record, "info": record.get("info") or {}}
