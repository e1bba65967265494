"""registryImages: whether images are in their registries, with the logins of a pull secret; nothing is pulled."""

from __future__ import annotations

import base64
import json
from typing import Any

from changeover.collect.scene import CannotCollect, Scene
from changeover.collect.stored import SECRET
from changeover.objects import Ref
from changeover.package.application import mapping, texts

_SHARE = 0.8
"""Of what the collector may take, so that registries that do not answer are told."""
_CONFIG = ".dockerconfigjson"


async def registry_images(scene: Scene) -> None:
    """``registry/<collectorName>.json``."""
    await _looked(scene, f"registry/{scene.said('collectorName', 'images')}.json", await _logins(scene))


async def of_host(scene: Scene) -> None:
    """``host-collectors/registry-images/<collectorName>.json``: nobody logs in."""
    await _looked(scene, f"host-collectors/registry-images/{scene.said('collectorName', 'images')}.json", "")


async def _looked(scene: Scene, path: str, logins: str) -> None:
    wanted = texts(scene.collector.spec.get("images"))
    if not wanted:
        raise CannotCollect("it names no images", hint="give it a list of images")
    found = await scene.find_images(wanted, logins, scene.seconds * _SHARE)
    told = {
        name: {"exists": not why and there, **({"error": why} if why else {})} for name, (there, why) in found.items()
    }
    scene.sink.write_json(path, {"images": told})


async def _logins(scene: Scene) -> str:
    """The docker config of the pull secret; empty without one. Raises CannotCollect."""
    secret: dict[str, Any] = dict(mapping(scene.collector.spec.get("imagePullSecret")))
    if secret.get("data"):
        return str(base64.b64decode(str(mapping(secret["data"]).get(_CONFIG, ""))).decode(errors="replace"))
    if not secret.get("name"):
        return ""
    obj = await scene.cluster.get(Ref(SECRET, scene.namespace, str(secret["name"])))
    held = obj.get("data", _CONFIG, default="") if obj else ""
    if not held:
        raise CannotCollect(f"Secret {secret['name']} holds no logins", hint=f"it needs {_CONFIG}")
    text = base64.b64decode(str(held)).decode(errors="replace")
    json.loads(text)
    return text
