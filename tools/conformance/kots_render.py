"""Whole packages, object by object as KOTS rendered them.

Left out on both sides, as the cases say: the pull secret that KOTS makes itself (its login is compared; that service
accounts name it is ours alone) and charts that
are not in the package. The SSH host key is random: everything but its bytes is compared.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from changeover.channel import files, generators
from changeover.package import answers, yaml_text
from changeover.package.package import Package, read_package
from changeover.render import pipeline
from changeover.render.context import Context, Registry, ReleaseFacts
from tools.conformance.case import Case, Disagreement, Skipped, same

KEY = ("Secret", "ssh-gateway-host-key")


def variants(folder: Path) -> list[Path]:
    """Every package and configuration that has a reference answer."""
    return [path.parent for path in sorted(folder.glob("*/*/expected.yaml"))]


def cases(folder: Path) -> Iterator[Case]:
    """Every case of a folder ``kots-render``."""
    for variant in variants(folder):
        yield Case(f"{variant.parent.name}/{variant.name}", partial(_rendered, variant))


@cache
def package_at(folder: Path) -> Package:
    """A package, read from its folder."""
    return read_package(files.load(folder), folder.name)


def answers_of(variant: Path) -> Mapping[str, Any]:
    """The operator's answers of a variant."""
    return answers.from_text((variant / "config-values.yaml").read_text())


def context_of(variant: Path) -> Context:
    """What the reference was told: no Installation behind it, so Namespace, Cursor and VersionLabel were empty."""
    told = yaml_text.load((variant / "context.yaml").read_text())
    document = variant.parents[1] / "license.yaml"
    licence = yaml_text.load(document.read_text())["spec"] if document.is_file() else None
    registry = told.get("registry")
    return Context(
        namespace="",
        slug=told["appSlug"],
        licence=licence,
        release=ReleaseFacts(sequence=told["sequence"], channel=(licence or {}).get("channelName", "")),
        registry=Registry(*(registry[name] for name in ("hostname", "namespace", "username", "password")))
        if registry
        else None,
    )


def expected_of(variant: Path) -> Iterator[dict[str, Any]]:
    """The objects that the reference rendered."""
    for _, text in yaml_text.split_documents((variant / "expected.yaml").read_text()):
        yield yaml_text.load(text)


def _rendered(variant: Path) -> None:
    source = variant.parents[2] / "gitpod" / "packages" / variant.parent.name
    if not source.is_dir():
        raise Skipped(f"its package is not here: {source}")
    context = context_of(variant)
    revision, _ = pipeline.render(
        package_at(source), answers_of(variant), context, charts=None, produce=generators.produce
    )
    found = {(obj.kind, obj.name): dict(obj.raw) for obj in revision.objects}
    wanted = {(str(obj["kind"]), str(obj["metadata"]["name"])): obj for obj in expected_of(variant)}
    login = ("Secret", f"{context.slug}-registry")
    ours, theirs = found.pop(login, {}), wanted.pop(login, {})
    same(ours.get("data"), theirs.get("data"), "pull secret")
    for (kind, _), raw in found.items():
        if kind == "ServiceAccount":
            raw.pop("imagePullSecrets", None)
    same(_without_key_bytes(found), _without_key_bytes(wanted), "host key")
    same({f"{kind}/{name}": raw for (kind, name), raw in found.items()}, _named(wanted))
    others = {remark.reference for remark in revision.remarks} - {"chart-left-out"}
    if others:
        raise Disagreement(f"remarks: {', '.join(sorted(others))}")


def _named(objects: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    return {f"{kind}/{name}": raw for (kind, name), raw in objects.items()}


def _without_key_bytes(objects: dict[tuple[str, str], Any]) -> list[str]:
    """Takes the bytes of the host key out of the objects; the first line of each stays."""
    if KEY not in objects:
        return []
    obj = objects[KEY]
    keys = [base64.b64decode(text).decode() for text in obj["data"].values()]
    obj["data"] = dict.fromkeys(obj["data"], "")
    return [text.splitlines()[0] for text in keys]
