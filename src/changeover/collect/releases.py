"""helm: the releases of a namespace with their histories, as Helm's own records tell them; values only when asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from changeover.collect.scene import Scene
from changeover.collect.stored import SECRET
from changeover.objects import KubeObject
from changeover.package.application import mapping, text
from changeover.package.helm_record import NoRelease, open_record


async def helm(scene: Scene) -> None:
    """``helm/<namespace>.json``, or ``helm/<namespace>/<release>.json`` for one; newest revisions last."""
    wanted = scene.said("releaseName")
    selector = f"owner=helm,name={wanted}" if wanted else "owner=helm"
    by_name: dict[str, list[KubeObject]] = defaultdict(list)
    for secret in await scene.cluster.list(SECRET, namespace=scene.namespace, selector=selector):
        by_name[str(secret.labels.get("name", ""))].append(secret)
    with_values = scene.collector.spec.get("collectValues") is True
    told = [_release(name, by_name[name], with_values=with_values) for name in sorted(by_name)]
    place = f"helm/{scene.namespace}/{wanted}" if wanted else f"helm/{scene.namespace}"
    scene.sink.write_json(f"{place}.json", [one for one in told if one["releaseHistory"] or one["errors"]])


def _release(name: str, secrets: Iterable[KubeObject], *, with_values: bool) -> dict[str, Any]:
    """One release; of its records those that can be read."""
    told: dict[str, Any] = {"releaseName": name, "releaseHistory": [], "errors": []}
    for secret in sorted(secrets, key=lambda one: int(one.labels.get("version") or 0)):
        try:
            record = open_record(secret)
        except NoRelease as problem:
            told["errors"].append(problem.message)
            continue
        info, about = mapping(record.get("info")), mapping(mapping(record.get("chart")).get("metadata"))
        told |= {"chart": text(about.get("name")), "chartVersion": text(about.get("version"))}
        told |= {"appVersion": text(about.get("appVersion")), "namespace": text(record.get("namespace"))}
        status = text(info.get("status"))
        revision = {
            "revision": str(record.get("version") or ""),
            "date": text(info.get("last_deployed")),
            "status": status,
        }
        revision["description"] = text(info.get("description"))
        more = {"values": record.get("config") or {}} if with_values else {}
        told["releaseHistory"].append({**revision, "isPending": status.startswith("pending"), **more})
    return told
