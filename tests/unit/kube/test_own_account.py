"""Whose token a kubeconfig holds."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from changeover.kube.connect import own_account


def token(claims: object) -> str:
    """As the API server makes them; the signature is its own affair."""
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.c2lnbmVk"


@pytest.mark.parametrize(
    ("user", "found"),
    [
        ({"token": token({"sub": "system:serviceaccount:app:changeover-engine"})}, ("app", "changeover-engine")),
        ({"token": token({"sub": "system:node:one:x"})}, ("", "")),
        ({"token": token({"sub": "ada@example.com"})}, ("", "")),
        ({"token": token(["not", "claims"])}, ("", "")),
        ({"token": "opaque"}, ("", "")),
        ({"token": "a.%%%.c"}, ("", "")),
        ({"username": "ada", "password": "secret"}, ("", "")),
        ({}, ("", "")),
    ],
)
def test_it_is_read_from_the_token(tmp_path: Path, user: dict[str, Any], found: tuple[str, str]) -> None:
    path = tmp_path / "kubeconfig"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": "https://k.example"}}],
        "users": [{"name": "u", "user": user}],
    }
    path.write_text(yaml.safe_dump(config))
    assert own_account(str(path), None) == found
