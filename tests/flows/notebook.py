"""A small application of our own, two releases of it as folders of manifests, and the channel that lists them."""

from pathlib import Path
from typing import Any

import yaml

SECRETS = {"1.0.0": "correct-horse-one", "2.0.0": "battery-staple-two"}
"""The password in each release's Secret: it must never be shown."""


def publish(folder: Path) -> Path:
    """Write the channel; returns where it is."""
    for version in SECRETS:
        (folder / version).mkdir(parents=True)
        (folder / version / "notebook.yaml").write_text(yaml.safe_dump_all(objects(version)))
        release = {"apiVersion": "changeover.dev/v1alpha1", "kind": "Release", "metadata": {"name": "notebook"}}
        (folder / version / "release.yaml").write_text(yaml.safe_dump({**release, "version": version}))
    listed = [{"version": version, "cursor": at, "package": version} for at, version in enumerate(SECRETS, 1)]
    head = {"apiVersion": "changeover.dev/v1alpha1", "kind": "Channel", "metadata": {"name": "notebook"}}
    (folder / "channel.yaml").write_text(yaml.safe_dump({**head, "releases": listed}))
    return folder


def objects(version: str) -> list[dict[str, Any]]:
    """Settings, a password, a Service, data and a Deployment; the second release has one object more."""
    new = version == "2.0.0"
    labels = {"app": "notebook"}
    variables = [{"name": "VERSION", "value": version}]
    container = {"name": "notebook", "image": f"notebook:{version}", "env": variables}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    found = [
        _made("ConfigMap", "notebook", data={"colour": "green" if new else "blue"}),
        _made("Secret", "notebook", stringData={"password": SECRETS[version]}),
        _made("Service", "notebook", spec={"selector": labels, "ports": [{"port": 80}]}),
        _made("PersistentVolumeClaim", "pages", spec=claim),
        _made("Deployment", "notebook", "apps/v1", spec={"selector": {"matchLabels": labels}, "template": pod}),
    ]
    return [*found, _made("ConfigMap", "fonts", data={"serif": "yes"})] if new else found


def _made(kind: str, name: str, api_version: str = "v1", **more: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **more}
