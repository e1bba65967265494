"""The private registry of an Installation: its address in the spec, its password sealed in a Secret of its own."""

from __future__ import annotations

import re
from typing import Any

from changeover.actions import installations, keys, sealing
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.plan.model import Finding, Severity
from changeover.render.context import Registry
from changeover.render.finish import COLLISION, LEFT_BEHIND
from changeover.render.revision import Revision

_HOST = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]{1,5})?")
_NAMESPACE = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
_PASSWORD = "password"  # noqa: S105 - the name of an entry


class BadRegistry(Problem):
    """An address that no image can be pulled from."""

    reference = "bad-registry"


def read(address: str, *, username: str = "", password: str = "") -> Registry:
    """A registry from ``host[:port][/namespace]``. Raises BadRegistry."""
    bare = re.sub(r"^(?:https?|oci|docker)://", "", address).rstrip("/")
    host, _, namespace = bare.partition("/")
    named = "." in host or ":" in host or host == "localhost"
    if not named or not _HOST.fullmatch(host) or (namespace and not _NAMESPACE.fullmatch(namespace)):
        raise BadRegistry(
            f"{address} is no address of a registry.",
            hint="host[:port][/namespace], as in registry.example.com:5000/mirror; small letters in the namespace",
        )
    if password and not username:
        raise BadRegistry("A password needs the name that it belongs to.", hint="--registry-username NAME")
    return Registry(host, namespace, username, password)


async def held(outside: Outside, installation: KubeObject) -> Registry | None:
    """The registry that the next rendering uses; None without one."""
    said: dict[str, Any] = installation.get("spec", "registry", default={})
    if not said:
        return None
    secret = _secret(installation)
    entries = await installations.read_secret(outside, secret)
    password = ""
    if _PASSWORD in entries:
        key = (await keys.keys_of(outside, installation)).sealing
        password = sealing.unseal(key, entries[_PASSWORD], name=f"{secret}/{_PASSWORD}").decode()
    return Registry(said["hostname"], said.get("namespace", ""), said.get("username", ""), password)


async def save(outside: Outside, installation: KubeObject, registry: Registry | None) -> KubeObject:
    """Use this registry, or none, from the next rendering on; returns the Installation as it is then."""
    fields = {"hostname": registry.hostname, "namespace": registry.namespace} if registry else None
    if fields and registry:
        fields["username"] = registry.username
    if registry and registry.password:
        secret = _secret(installation)
        key = (await keys.keys_of(outside, installation)).sealing
        sealed = sealing.seal(key, registry.password.encode(), name=f"{secret}/{_PASSWORD}")
        await installations.write_secret(outside, installation.name, secret, {_PASSWORD: sealed})
    else:
        await installations.write_secret(outside, installation.name, _secret(installation), {})
    return await outside.cluster.patch(installation.ref, {"spec": {"registry": fields}})


async def change(outside: Outside, name: str, registry: Registry | None) -> Registry | None:
    """The same for the Installation of that name."""
    await save(outside, await installations.find(outside, name), registry)
    return registry


async def show(outside: Outside, name: str) -> Registry | None:
    """What the Installation of that name uses."""
    return await held(outside, await installations.find(outside, name))


def as_json(registry: Registry | None) -> dict[str, Any]:
    """For people and programs; of the password only whether there is one."""
    if registry is None:
        return {"address": "", "username": "", "password": False}
    return {"address": registry.address, "username": registry.username, "password": bool(registry.password)}


def findings(revision: Revision) -> tuple[Finding, ...]:
    """What a plan says about images in the private registry."""
    severities = {COLLISION: Severity.BLOCKS, LEFT_BEHIND: Severity.WARNS}
    return tuple(
        Finding(remark.reference, severities[remark.reference], f"{remark.message}.", hint=remark.hint)
        for remark in revision.remarks
        if remark.reference in severities
    )


def _secret(installation: KubeObject) -> str:
    return f"{installation.name}-registry-login"
