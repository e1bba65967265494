"""clusterInfo: the version. data: what the spec says itself. http: one request from here."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from changeover.collect.scene import CannotCollect, Scene

LONGEST = 4 * 1024 * 1024
VERBS = ("get", "post", "put")


async def cluster_info(scene: Scene) -> None:
    """``cluster-info/cluster_version.json``."""
    info = json.loads(await scene.inspector.read("/version", most=LONGEST))
    scene.sink.write_json("cluster-info/cluster_version.json", {"info": info, "string": info.get("gitVersion", "")})


async def data(scene: Scene) -> None:
    """What a spec wants to see in the bundle word for word."""
    path = "/".join(filter(None, (scene.said("name"), scene.said("collectorName")))) or "data"
    scene.sink.write(path, scene.said("data"))


async def http(scene: Scene) -> None:
    """``<name>/<collectorName>.json``: one request as the machine that collects can make it."""
    folder, own = scene.said("name", "http"), scene.said("collectorName", "result")
    scene.sink.write_json(f"{folder}/{own}.json", await answered(scene))


async def answered(scene: Scene) -> dict[str, Any]:
    """What came of the request that a spec describes; certificates are always checked. Raises CannotCollect."""
    verb = next((one for one in VERBS if scene.collector.spec.get(one)), "")
    asked: dict[str, Any] = dict(scene.collector.spec.get(verb) or {}) if verb else {}
    if not asked.get("url"):
        raise CannotCollect("it names no address", hint="give it get, post or put with a url")
    unknown = sorted({"insecureSkipVerify", "tls", "proxy"} & {key for key, value in asked.items() if value})
    if unknown:
        raise CannotCollect(f"{unknown[0]} is not supported: certificates are checked, proxies are not used")
    answer = await scene.http.request(
        verb.upper(),
        str(asked["url"]),
        headers={str(key): str(value) for key, value in (asked.get("headers") or {}).items()},
        body=str(asked.get("body") or "").encode(),
        within=min(seconds_of(asked.get("timeout"), 30.0), scene.seconds),
    )
    return _told(answer.status, answer.body, dict(answer.headers), answer.error)


def _told(status: int, body: bytes, headers: dict[str, str], error: str) -> dict[str, Any]:
    if not status:
        return {"error": {"message": error}}
    text = body.decode(errors="replace")
    told: dict[str, Any] = {"status": status, "body": text, "headers": headers}
    with contextlib.suppress(ValueError):
        told["raw_json"] = json.loads(text)
    return {"response": told}


def seconds_of(text: object, default: float) -> float:
    """Go's ``1h30m``, ``30s`` in seconds; a bare number is seconds."""
    units = {"ms": 0.001, "h": 3600.0, "m": 60.0, "s": 1.0, "d": 86400.0}
    written, total, number = str(text or "").strip(), 0.0, ""
    if not written:
        return default
    at = 0
    while at < len(written):
        if written[at].isdigit() or written[at] == ".":
            number, at = number + written[at], at + 1
            continue
        unit = "ms" if written.startswith("ms", at) else written[at]
        if unit not in units or not number:
            return default
        total, number, at = total + float(number) * units[unit], "", at + len(unit)
    return total + (float(number) if number else 0.0)
