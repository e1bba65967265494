"""What KOTS leaves behind of an installation: the folder that `kubectl kots download` writes, and a Config for it."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY, NONCE = bytes(range(24)), bytes(range(12))
CIPHER = base64.b64encode(KEY + NONCE).decode()
"""KOTS's encryption key."""
DOWNSTREAM = "overlays/downstreams/this-cluster"
BASE = f"{DOWNSTREAM}/kustomization.yaml"

CONFIG = {
    "apiVersion": "kots.io/v1beta1",
    "kind": "Config",
    "metadata": {"name": "notes"},
    "spec": {
        "groups": [
            {
                "name": "all",
                "items": [
                    {"name": "colour", "type": "text", "default": "blue"},
                    {"name": "password", "type": "password", "required": True},
                ],
            }
        ]
    },
}


def sealed(password: str) -> str:
    """A password as KOTS writes it into ConfigValues."""
    return base64.b64encode(AESGCM(KEY).encrypt(NONCE, password.encode(), None)).decode()


def values(password: str = "tell-nobody") -> dict[str, Any]:
    """ConfigValues with an encrypted password."""
    given = {"colour": {"value": "red"}, "password": {"value": sealed(password)}}
    return {"apiVersion": "kots.io/v1beta1", "kind": "ConfigValues", "spec": {"values": given}}


def download(folder: Path, overlay: Mapping[str, Any] | None = None) -> Path:
    """What `kubectl kots download` writes of the answers, the licence and the operator's overlay."""
    head = {"apiVersion": "kots.io/v1beta1"}
    installation = {"updateCursor": "7", "versionLabel": "1.0.0", "encryptionKey": CIPHER}
    files = {
        "upstream/userdata/config.yaml": values(),
        "upstream/userdata/license.yaml": {**head, "kind": "License", "spec": {"appSlug": "notes", "licenseID": "x"}},
        "upstream/userdata/installation.yaml": {**head, "kind": "Installation", "spec": installation},
        BASE: {"kind": "Kustomization", "bases": ["../../midstream"]},
        f"{DOWNSTREAM}/unused.yaml": {"kind": "Deployment", "spec": {"replicas": 3}},
        **(overlay or {}),
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return folder
