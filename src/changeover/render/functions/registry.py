"""What templates ask about images: where they lie, and how to log in there."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from changeover import images
from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.signatures import Function, table
from changeover.render.context import Context

PROXY = "proxy.replicated.com"
VENDOR_REGISTRY = "registry.replicated.com"


def functions(context: Context) -> dict[str, Function]:
    """The functions that know where images lie."""
    registry = context.registry
    return table(
        {
            "HasLocalRegistry": (lambda: registry is not None, ""),
            "LocalRegistryAddress": (lambda: registry.address if registry else "", ""),
            "LocalRegistryHost": (lambda: registry.hostname if registry else "", ""),
            "LocalRegistryNamespace": (lambda: registry.namespace if registry else "", ""),
            "LocalImageName": (lambda image: image_name(image, context), "string"),
            "LocalRegistryImagePullSecret": (lambda: _required_pull_secret(context), ""),
            "ImagePullSecretName": (lambda: f"{context.slug}-registry" if context.slug else "", ""),
            "LicenseDockerCfg": (lambda: _licence_login(context), ""),
        }
    )


def image_name(reference: str, context: Context) -> str:
    """Where an image is pulled from: the private registry, the vendor's proxy, or where it lies; empty for none."""
    if context.registry:
        return images.rewrite(reference, context.registry.address)
    if images.parse(reference) is None:
        return ""
    if not context.images_through_proxy:
        return reference
    return images.proxied(reference, context.slug, domain=context.release.proxy_domain or PROXY)


def pull_secret(context: Context) -> str:
    """Base64 of the docker config for the private registry, else for the vendor's with the licence; else empty."""
    registry = context.registry
    if registry:
        return docker_config({registry.hostname: f"{registry.username}:{registry.password}"})
    return _licence_login(context)


def docker_config(logins: Mapping[str, str]) -> str:
    """Base64 of a docker config with a login (user:password) for each host."""
    auths = {host: {"auth": base64.b64encode(login.encode()).decode()} for host, login in logins.items()}
    text = json.dumps({"auths": auths}, sort_keys=True, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


def _required_pull_secret(context: Context) -> str:
    found = pull_secret(context)
    if not found:
        raise CallFailed("there is neither a private registry nor a licence to log in with")
    return found


def _licence_login(context: Context) -> str:
    if context.licence is None:
        return ""
    login = f"LICENSE_ID:{context.licence.get('licenseID', '')}"
    domains = (context.release.proxy_domain or PROXY, context.release.registry_domain or VENDOR_REGISTRY)
    return docker_config(dict.fromkeys(domains, login))
