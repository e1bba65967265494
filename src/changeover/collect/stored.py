"""secret and configMap: whether they are there, and, when asked, what they say."""

from __future__ import annotations

import base64
from typing import Any

from changeover.collect.scene import CannotCollect, Scene
from changeover.objects import Kind, KubeObject, Ref

SECRET = Kind("v1", "Secret")
CONFIG_MAP = Kind("v1", "ConfigMap")


async def secret(scene: Scene) -> None:
    """``secrets/<namespace>/<name>[/<key>].json``."""
    await _stored(scene, SECRET, "secrets", "secretExists")


async def config_map(scene: Scene) -> None:
    """``configmaps/<namespace>/<name>[/<key>].json``."""
    await _stored(scene, CONFIG_MAP, "configmaps", "configMapExists")


async def _stored(scene: Scene, kind: Kind, folder: str, flag: str) -> None:
    name, selector, key = scene.said("name"), scene.selector(), scene.said("key")
    if not name and not selector:
        raise CannotCollect("it names nothing", hint="give it a name or a selector")
    found: dict[str, KubeObject | None]
    if selector and not name:
        listed = await scene.cluster.list(kind, namespace=scene.namespace, selector=selector)
        found = {one.name: one for one in listed}
    else:
        found = {name: await scene.cluster.get(Ref(kind, scene.namespace, name))}
    for own, obj in found.items():
        path = f"{folder}/{scene.namespace}/{own}" + (f"/{key}" if key else "")
        scene.sink.write_json(f"{path}.json", _told(scene, own, obj, flag))


def _told(scene: Scene, name: str, obj: KubeObject | None, flag: str) -> dict[str, Any]:
    key = scene.said("key")
    data = (obj.get("data", default={}) or {}) if obj else {}
    told: dict[str, Any] = {"namespace": scene.namespace, "name": name, "key": key, flag: obj is not None}
    told["keyExists"] = bool(key) and key in data
    if scene.collector.spec.get("includeValue") is True and key in data:
        told["value"] = _shown(str(data[key]), flag)
    if scene.collector.spec.get("includeAllData") is True:
        told["data"] = {one: _shown(str(value), flag) for one, value in data.items()}
    return told


def _shown(value: str, flag: str) -> str:
    return base64.b64decode(value).decode(errors="replace") if flag == "secretExists" else value
