"""What `kubectl kustomize` makes of an overlay, beside what we make of it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from changeover.objects import KubeObject
from changeover.package import yaml_text
from changeover.render.overlay import applying, kustomization
from changeover.render.revision import Revision

KUBECTL = shutil.which("kubectl", path=str(Path(sys.executable).parent)) or shutil.which("kubectl") or "kubectl"
NAMESPACE = "notes"


def documents(text: str) -> list[dict[str, Any]]:
    return [data for _, data in yaml_text.load_stream(text)]


def oracle(folder: Path, base: str, overlay: Mapping[str, str]) -> dict[str, Any]:
    """What kubectl makes of a base and an overlay on it, by identity."""
    for path, text in {"base/all.yaml": base, "base/kustomization.yaml": "resources: [all.yaml]\n"}.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    (folder / "over").mkdir()
    for path, text in overlay.items():
        (folder / "over" / path).write_text(text)
    done = subprocess.run(
        [KUBECTL, "kustomize", folder / "over"], capture_output=True, check=False, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return named(KubeObject(raw) for raw in documents(done.stdout))


def named(objects: Iterator[KubeObject]) -> dict[str, Any]:
    return {f"{obj.kind}/{obj.name}": obj.raw for obj in objects}


def ours(base: str, overlay: Mapping[str, str]) -> dict[str, Any]:
    revision = Revision("1", tuple(KubeObject(raw) for raw in documents(base)), "sha256:x")
    read = kustomization.read(overlay, namespace=NAMESPACE)
    applied = applying.apply(revision, read, namespace="", namespaced=lambda _kind: False)
    return named(iter(applied.revision.objects))
