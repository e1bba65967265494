"""Installations as kept in the cluster: found, created, and their status written with care.

The Installation is a custom resource; its answers stand in a Secret of their own, so that ``kubectl get -o yaml`` of
the Installation shows no password. All status writes are merge patches of single fields.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from changeover.actions.in_accounts import books
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import API_VERSION, Kind, KubeObject, Ref
from changeover.settings import INSTALLATION_LABEL

INSTALLATION = Kind(API_VERSION, "Installation")
CHANGEOVER = Kind(API_VERSION, "Changeover")
SECRET = Kind("v1", "Secret")


class NoInstallation(Problem):
    """There is nothing here that Changeover follows, or several and none was named."""

    reference = "no-installation"


class NotSetUp(Problem):
    """The cluster does not know our kinds yet."""

    reference = "not-set-up"


async def find(outside: Outside, name: str = "") -> KubeObject:
    """The Installation of that name, or the only one of the namespace."""
    if (INSTALLATION.api_version, INSTALLATION.name) not in await outside.cluster.served():
        raise NotSetUp(
            "This cluster does not know the kind Installation yet.",
            hint="an administrator runs `changeover setup` once per cluster; `changeover install` offers it",
        )
    if name:
        found = await outside.cluster.get(Ref(INSTALLATION, outside.namespace, name))
        if found is None:
            raise NoInstallation(
                f"There is no Installation {name} in namespace {outside.namespace}.",
                hint="`changeover status --all-namespaces` lists them",
            )
        return found
    every = await outside.cluster.list(INSTALLATION, namespace=outside.namespace)
    if len(every) != 1:
        raise NoInstallation(
            f"Namespace {outside.namespace} needs exactly one Installation when none is named.",
            found=", ".join(one.name for one in every) or "none",
            hint="name one with --installation, or install something with `changeover install PACKAGE`",
        )
    return every[0]


async def patch_status(outside: Outside, installation: KubeObject, status: Mapping[str, Any]) -> KubeObject:
    """Merge these fields into the Installation's status."""
    return await outside.cluster.patch(installation.ref, {"status": dict(status)}, subresource="status")


async def read_secret(outside: Outside, name: str) -> Mapping[str, bytes]:
    """The decoded data of a Secret; empty when it is not there."""
    found = await books(outside.cluster).get(Ref(SECRET, outside.namespace, name))
    data = found.get("data", default={}) if found else {}
    return {key: base64.b64decode(value) for key, value in data.items()}


async def write_secret(outside: Outside, installation: str, name: str, content: Mapping[str, bytes]) -> None:
    """Replace the data of a Secret of ours."""
    data = {key: base64.b64encode(value).decode() for key, value in content.items()}
    await books(outside.cluster).apply(
        KubeObject(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": name,
                    "namespace": outside.namespace,
                    "labels": {INSTALLATION_LABEL: installation},
                },
                "type": "Opaque",
                "data": data,
            }
        )
    )
