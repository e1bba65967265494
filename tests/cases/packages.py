"""Gitpod's packages as customers got them, and what they are rendered for in the reference answers."""

from pathlib import Path

from changeover.package.package import Package
from tools.conformance import kots_render
from tools.conformance.kots_render import answers_of, context_of

__all__ = ["ABSENT", "GITPOD", "ROOT", "answers_of", "context_of", "package"]

ROOT = Path(__file__).parents[3] / "shared" / "cases"
GITPOD = ROOT / "gitpod"
ABSENT = f"the real cases are not here: {ROOT} does not exist"


def package(name: str) -> Package:
    """One of the packages, read from its folder."""
    return kots_render.package_at(GITPOD / "packages" / name)
