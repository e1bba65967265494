"""What KOTS knows of an installation: answers, licence, place in its channel, the operator's kustomize overlay.

KOTS keeps them in a database of its own; ``kubectl kots download`` writes them into a folder (in upstream/userdata
config, license and installation; in overlays/downstreams). Without the folder, the Secrets of an automated
installation serve while they are there (label ``kots.io/automation``).

Passwords among the answers are encrypted (`package.kots_cipher`); the key stands in installation.yaml or in the Secret
``kotsadm-encryption``.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from changeover.actions import adopt_overlay, kots_answers, licensing
from changeover.actions.adopt_origin import SECRET, Origin
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.package import answers, kots_cipher, yaml_text

_USERDATA = "upstream/userdata/"
_AUTOMATION = "kots.io/automation"


class NoKots(Problem):
    """Nothing of KOTS is in the folder or the namespace."""

    reference = "no-kots-installation"


async def origin(outside: Outside, files: Mapping[str, str]) -> Origin:
    """Read what KOTS knows, from the files of a download and the Secrets of the namespace. Raises NoKots."""
    told = {name: files.get(f"{_USERDATA}{name}.yaml", "") for name in ("config", "license", "installation")}
    told["config"] = told["config"] or await _automated(outside, "configvalues")
    told["license"] = told["license"] or await _automated(outside, "license")
    if not told["config"] and not told["installation"]:
        raise NoKots(
            "Neither the folder nor the namespace tells what KOTS installed.",
            found=f"{len(files)} files, none of {_USERDATA}",
            hint="`kubectl kots download SLUG -n NAMESPACE --dest DIR` writes the folder; name it with --kots",
        )
    about = _spec(told["installation"], "installation.yaml")
    licence = _spec(told["license"], "license.yaml")
    ciphers = [str(about.get("encryptionKey") or ""), await kots_answers.cipher_in(outside)]
    given = answers.from_file(told["config"], name="config.yaml").values if told["config"] else {}
    return Origin(
        tool="kots",
        name=str(licence.get("appSlug") or ""),
        version=str(about.get("versionLabel") or ""),
        answers={name: kots_cipher.opened(value, ciphers) for name, value in given.items()},
        licence=told["license"],
        sequence=_number(about.get("updateCursor")),
        customisations=adopt_overlay.entries(files),
    )


def licence_of(origin: Origin) -> licensing.Given | None:
    """The licence that KOTS had; None when it had none."""
    return licensing.Given(origin.licence, "license.yaml") if origin.licence else None


async def take_licence(outside: Outside, installation: KubeObject, origin: Origin) -> None:
    """Keep KOTS's licence as the one that the running revision was rendered with."""
    given = licence_of(origin)
    if given:
        await licensing.save(outside, installation, given)
        await licensing.settle(outside, installation)


async def _automated(outside: Outside, what: str) -> str:
    found = await outside.cluster.list(SECRET, namespace=outside.namespace, selector=f"{_AUTOMATION}={what}")
    for secret in found:
        content = secret.get("data", what, default="")
        if content:
            return base64.b64decode(content).decode()
    return ""


def _spec(text: str, name: str) -> Mapping[str, Any]:
    data = yaml_text.load(text, file=name) if text else None
    spec = data.get("spec") if isinstance(data, Mapping) else None
    return spec if isinstance(spec, Mapping) else {}


def _number(text: Any) -> int:
    return int(text) if str(text or "").isdigit() else 0
