"""Turns placed manifests into a Revision: form, images, phases, waits, digest.

The digest is over everything that decides what will be in the cluster: version, objects, phases, waits, informers,
epochs of data. The revision annotation is no part of it: it is added when an object is applied.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from changeover import images
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.package.package import Package
from changeover.release.documents import ReleaseDocument
from changeover.render import ordering, shape
from changeover.render.chart_release import ChartRelease, Hook
from changeover.render.ordering import Placed
from changeover.render.revision import Remark, Revision

COLLISION = "images-collide"
"""Remark: one name in the private registry for two images."""
LEFT_BEHIND = "image-in-setting"
"""Remark: a setting names an image of the package, and is not rewritten."""


class SameObjectTwice(Problem):
    """Two different manifests for one object."""

    reference = "same-object-twice"


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the forms of packages have in common once their templates are rendered."""

    placed: tuple[Placed, ...]
    informers: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    releases: tuple[ChartRelease, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """Where a revision is meant for; `registry` is ``host[:port][/namespace]`` of a private one, else empty."""

    namespace: str
    version: str
    registry: str = ""
    namespaced: shape.Namespaced | None = None


def finish(package: Package, release: ReleaseDocument, rendered: Rendered, target: Target) -> Revision:
    """Make the Revision. Raises SameObjectTwice, UnusableObject."""
    manifests = (raw for item in rendered.placed for raw in shape.items(item.raw))
    namespaced = shape.scopes(manifests, target.namespaced)
    objects, places, remarks = _objects(package, rendered.placed, target, namespaced)
    charts = tuple(_complete(one, places, target, namespaced) for one in rendered.releases)
    waits = {
        key: wanted
        for key, obj in objects.items()
        if (wanted := ordering.waits_of(obj.raw) or ((("ready", "true"),) if places[key].awaited else ()))
    }
    phases = {key: place.phase for key, place in places.items() if place.phase}
    reads, writes = (release.data.reads, release.data.writes) if release.data else ((0, 0), 0)
    decided = {
        "version": target.version,
        "objects": [obj.raw for obj in objects.values()],
        "phases": phases,
        "waits": waits,
        "informers": rendered.informers,
        "epochs": [reads, writes],
        **({"hooks": hooks} if (hooks := [_decided(hook) for one in charts for hook in one.hooks]) else {}),
    }
    return Revision(
        version=target.version,
        objects=tuple(objects.values()),
        digest=digest(decided),
        phases=phases,
        waits=waits,
        informers=rendered.informers,
        reads_epochs=reads,
        writes_epoch=writes,
        images=_images([*objects.values(), *(KubeObject(hook.form) for one in charts for hook in one.hooks)], package),
        secrets=rendered.secrets,
        source={"package": package.digest, "name": package.name, "form": str(package.form)},
        remarks=(*rendered.remarks, *remarks),
        charts=charts,
    )


def _complete(
    release: ChartRelease, places: Mapping[str, Placed], target: Target, namespaced: shape.IsNamespaced
) -> ChartRelease:
    """With the keys of its objects, and its hooks as they are sent."""
    home = release.namespace or target.namespace
    hooks = (
        replace(hook, form=_shaped(hook.source, hook.raw, namespace=home, namespaced=namespaced))
        for hook in release.hooks
    )
    keys = tuple(key for key, place in places.items() if place.release == release.place)
    return replace(release, keys=keys, hooks=tuple(hooks))


def _decided(hook: Hook) -> list[Any]:
    return [hook.form, hook.events, hook.weight, hook.deletes]


def digest(value: Any) -> str:
    """``sha256:…`` over canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _objects(
    package: Package, placed: Iterable[Placed], target: Target, namespaced: shape.IsNamespaced
) -> tuple[dict[str, KubeObject], dict[str, Placed], list[Remark]]:
    single = [(item, raw) for item in placed for raw in shape.items(item.raw)]
    objects: dict[str, KubeObject] = {}
    places: dict[str, Placed] = {}
    remarks: list[Remark] = []
    moved: set[str] = set()
    left = frozenset(package.application.excluded_images)
    for item, raw in single:
        namespace = item.namespace or target.namespace
        shaped = _shaped(item.where, raw, namespace=namespace, namespaced=namespaced)
        if target.registry and item.rewrite:
            moved.update(str(one["image"]) for one in images.containers(shaped) if one["image"] not in left)
            shaped = _redirected(shaped, target.registry, left)
        obj = KubeObject(shaped)
        key = obj.ref.key
        if key not in objects:
            objects[key], places[key] = obj, item
        elif objects[key].raw == obj.raw:
            remarks.append(Remark("same-object-twice", f"{obj.ref} is given twice, alike", item.where))
        else:
            raise SameObjectTwice(
                f"{obj.ref} in namespace {obj.namespace or 'none'} is given twice, differently.",
                found=f"{places[key].where} and {item.where}",
                hint="keep one of the two, or let kots.io/when choose",
            )
    if moved:
        remarks += [*_collisions(moved, target.registry), *_left_behind(objects.values(), moved)]
    return objects, places, remarks


def _collisions(references: Iterable[str], registry: str) -> Iterator[Remark]:
    """Different images that the private registry would keep under one name: one of them would run as the other."""
    for place, names in images.collisions(references).items():
        message = f"{' and '.join(names)} both become {registry}/{place}"
        yield Remark(COLLISION, message, hint="give one of them another tag, pin them by digest, or exclude one")


def _left_behind(objects: Iterable[KubeObject], moved: set[str]) -> Iterator[Remark]:
    """Settings that name an image which is rewritten where it runs: pods made from them would pull the old one."""
    for obj in objects:
        for container in images.containers(obj.raw):
            for setting in container.get("env") or ():
                if isinstance(setting, Mapping) and setting.get("value") in moved:
                    message = f"{obj.ref}: {setting.get('name')} names {setting['value']}, which is not rewritten there"
                    yield Remark(
                        LEFT_BEHIND, message, hint="the vendor writes LocalImageName and ImagePullSecretName there"
                    )


def _shaped(where: str, raw: Mapping[str, Any], *, namespace: str, namespaced: shape.IsNamespaced) -> dict[str, Any]:
    try:
        return shape.normal(raw, namespace=namespace, namespaced=namespaced)
    except shape.UnusableObject as problem:
        problem.message = f"{where}: {problem.message}"
        raise


def _redirected(raw: dict[str, Any], registry: str, left: frozenset[str]) -> dict[str, Any]:
    redirected = copy.deepcopy(raw)
    for container in images.containers(redirected):
        if container["image"] not in left:
            container["image"] = images.rewrite(container["image"], registry) or container["image"]
    return redirected


def _images(objects: Iterable[KubeObject], package: Package) -> tuple[str, ...]:
    """All images that the revision runs or announces, sorted."""
    used = {str(container["image"]) for obj in objects for container in images.containers(obj.raw)}
    announced = package.application
    return tuple(sorted(used.union(announced.additional_images) - set(announced.excluded_images)))
