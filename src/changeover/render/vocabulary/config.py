"""ConfigOption and its family, and what templates ask about the private registry."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from changeover import images
from changeover.render.context import Context
from changeover.render.engine.values import ValueProblem
from changeover.render.form import ItemValue

PROXY = "proxy.replicated.com"
VENDOR_REGISTRY = "registry.replicated.com"


def functions(items: Mapping[str, ItemValue]) -> dict[str, Callable[..., Any]]:
    """The functions that read answers."""

    def option(name: str) -> str:
        return items[name].effective if name in items else ""

    return {
        "ConfigOption": option,
        "ConfigOptionName": lambda name: name,
        "ConfigOptionIndex": lambda _name: "",
        "ConfigOptionData": lambda name: _decoded(option(name)),
        "ConfigOptionFilename": lambda name: items[name].filename if name in items else "",
        "ConfigOptionEquals": lambda name, value: name in items and option(name) == value,
        "ConfigOptionNotEquals": lambda name, value: name in items and option(name) != value,
    }


def registry_functions(context: Context) -> dict[str, Callable[..., Any]]:
    """The functions that know where images lie."""
    registry = context.registry
    address = registry.address if registry else ""
    return {
        "HasLocalRegistry": lambda: registry is not None,
        "LocalRegistryAddress": lambda: address,
        "LocalRegistryHost": lambda: registry.hostname if registry else "",
        "LocalRegistryNamespace": lambda: registry.namespace if registry else "",
        "LocalImageName": lambda image: _image(image, context),
        "LocalRegistryImagePullSecret": lambda: _required_pull_secret(context),
        "ImagePullSecretName": lambda: f"{context.slug}-registry" if context.slug else "",
        "LicenseDockerCfg": lambda: _licence_config(context),
    }


def _image(reference: str, context: Context) -> str:
    if context.registry:
        return images.rewrite(reference, context.registry.address)
    if images.parse(reference) is None:
        return ""
    if not context.images_through_proxy:
        return reference
    return images.proxied(reference, context.slug, domain=context.release.proxy_domain or PROXY)


def pull_secret(context: Context) -> str:
    """Base64 of the docker config for the private registry, else for the vendor's with the licence."""
    registry = context.registry
    if registry:
        return _docker_config({registry.hostname: f"{registry.username}:{registry.password}"})
    return _licence_config(context)


def _required_pull_secret(context: Context) -> str:
    found = pull_secret(context)
    if not found:
        raise ValueProblem("there is neither a private registry nor a licence to log in with")
    return found


def _licence_config(context: Context) -> str:
    if context.licence is None:
        return ""
    login = f"LICENSE_ID:{context.licence.get('licenseID', '')}"
    return _docker_config(
        {
            context.release.proxy_domain or PROXY: login,
            context.release.registry_domain or VENDOR_REGISTRY: login,
        }
    )


def _docker_config(logins: Mapping[str, str]) -> str:
    auths = {host: {"auth": base64.b64encode(login.encode()).decode()} for host, login in logins.items()}
    text = json.dumps({"auths": auths}, sort_keys=True, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
