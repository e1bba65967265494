"""Gitpod's packages as customers got them, and what they are rendered for in the reference answers."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from changeover.channel import files
from changeover.package import answers, yaml_text
from changeover.package.package import Package, read_package
from changeover.render.context import Context, Registry, ReleaseFacts

ROOT = Path(__file__).parents[3] / "shared" / "cases"
GITPOD = ROOT / "gitpod"
ABSENT = f"the real cases are not here: {ROOT} does not exist"


def package(name: str) -> Package:
    """One of the packages, read from its folder."""
    return read_package(files.load(GITPOD / "packages" / name), name)


def variants() -> list[Path]:
    """Every package and configuration that has a reference answer."""
    return sorted((ROOT / "kots-render").glob("*/*/"))


def answers_of(variant: Path) -> Mapping[str, Any]:
    """The operator's answers of a variant."""
    return answers.from_text((variant / "config-values.yaml").read_text())


def context_of(variant: Path) -> Context:
    """What the reference was told: no Installation behind it, so Namespace, Cursor and VersionLabel were empty."""
    told = yaml_text.load((variant / "context.yaml").read_text())
    licence = yaml_text.load((ROOT / "kots-render" / "license.yaml").read_text())["spec"]
    registry = told.get("registry")
    return Context(
        namespace="",
        slug=told["appSlug"],
        licence=licence,
        release=ReleaseFacts(sequence=told["sequence"], channel=licence["channelName"]),
        registry=Registry(registry["hostname"], registry["namespace"], registry["username"], registry["password"])
        if registry
        else None,
    )


def expected_of(variant: Path) -> Iterator[dict[str, Any]]:
    """The objects that the reference rendered."""
    for _, text in yaml_text.split_documents((variant / "expected.yaml").read_text()):
        yield yaml_text.load(text)
