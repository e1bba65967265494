"""Gitpod's four packages in four configurations, object by object as the reference implementation rendered them.

Left out on both sides, as the cases say: the pull secret that KOTS makes itself, and the chart fluent-bit. The SSH host
key is random: everything but its bytes is compared.
"""

import base64
from pathlib import Path
from typing import Any

import pytest

from changeover.channel import generators
from changeover.render import pipeline
from tests.cases import packages

KEY = ("Secret", "ssh-gateway-host-key")
PULL_SECRET = ("Secret", "gitpod-registry")


@pytest.mark.skipif(not packages.ROOT.is_dir(), reason=packages.ABSENT)
def test_the_cases_are_there() -> None:
    assert len(packages.variants()) >= 16


def _without_key_bytes(found: dict[tuple[str, str], Any]) -> list[str]:
    keys = []
    for obj in [found[KEY]] if KEY in found else []:
        keys = [base64.b64decode(text).decode() for text in obj["data"].values()]
        obj["data"] = dict.fromkeys(obj["data"], "")
    return keys


@pytest.mark.parametrize("variant", packages.variants(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_package_renders_as_the_reference_did(variant: Path) -> None:
    revision, _ = pipeline.render(
        packages.package(variant.parent.name),
        packages.answers_of(variant),
        packages.context_of(variant),
        charts=None,
        produce=generators.produce,
    )
    found = {(obj.kind, obj.name): dict(obj.raw) for obj in revision.objects}
    wanted = {(obj["kind"], obj["metadata"]["name"]): obj for obj in packages.expected_of(variant)}
    assert found.pop(PULL_SECRET)["data"] == wanted.pop(PULL_SECRET)["data"]
    made, given = _without_key_bytes(found), _without_key_bytes(wanted)
    assert found == wanted
    assert [text.splitlines()[0] for text in made] == [text.splitlines()[0] for text in given]
    assert [remark.reference for remark in revision.remarks] == ["chart-left-out"]
