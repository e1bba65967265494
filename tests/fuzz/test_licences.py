"""Licences, their signatures and keys, and air-gap bundles: any bytes, and right ones with anything changed."""

import asyncio
import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from changeover.channel import airgap
from changeover.errors import Problem
from changeover.images import Move
from changeover.package import licence, licence_signature
from changeover.package.airgap import read_airgap
from tests import bundles
from tests.fuzz.bounds import bounded
from tests.licences import Portal, public

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=8), some, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    [
        "appSlug",
        "licenseID",
        "channels",
        "channelID",
        "entitlements",
        "signature",
        "isAirgapSupported",
        "licenseSequence",
    ]
)
RIGHT = {version: Portal(version).licence() for version in ("v1beta1", "v1beta2")}
KEYS = licence_signature.read_keys(public(0), file="key.pem")


def judge(text: str) -> licence_signature.Checked | None:
    """What we say of it; None when it is refused with a Problem."""
    with contextlib.suppress(Problem):
        return licence_signature.check(licence.read_licence(text, file="licence.yaml"), KEYS)
    return None


@bounded
@given(st.text())
@example(
    "kind: License\napiVersion: kots.io/v1beta1\nspec: {appSlug: a, licenseID: b, signature: '" + "W" * 5000 + "'}\n"
)
def test_any_text_is_read_or_refused(text: str) -> None:
    judge(text)


@bounded
@given(st.sampled_from(sorted(RIGHT)), st.dictionaries(FIELDS, VALUES, max_size=3))
def test_a_field_that_was_changed_is_never_believed(version: str, changed: dict[str, Any]) -> None:
    document = yaml.safe_load(RIGHT[version])
    signed = document["spec"]["signature"]
    document["spec"].update(changed)
    checked = judge(yaml.safe_dump(document))
    if checked is not None and checked.proof is licence_signature.Proof.PROVEN:
        assert document["spec"]["signature"] == signed
        assert checked.licence.application == "letters"
        assert {one.name: one.value for one in checked.licence.entitlements} == {
            "expires_at": "",
            "seats": 25,
            "sso": True,
        }


@bounded
@given(st.sampled_from(sorted(RIGHT)), st.integers(0), st.characters(codec="ascii"))
def test_a_signature_with_one_letter_changed_proves_nothing_else(version: str, place: int, letter: str) -> None:
    document = yaml.safe_load(RIGHT[version])
    signature = document["spec"]["signature"]
    at = place % len(signature)
    document["spec"]["signature"] = signature[:at] + letter + signature[at + 1 :]
    checked = judge(yaml.safe_dump(document))
    if checked is not None and checked.proof is licence_signature.Proof.PROVEN:
        assert checked.licence.spec["licenseID"] == "licence-id-42"


@bounded
@given(st.text())
def test_any_text_is_a_key_or_refused(text: str) -> None:
    with contextlib.suppress(Problem):
        licence_signature.read_keys(text, file="key.pem")


@bounded
@given(
    st.dictionaries(
        st.sampled_from(["versionLabel", "updateCursor", "requiredReleases", "savedImages", "format"]), VALUES
    )
)
def test_any_description_of_a_bundle_is_read_or_refused(spec: dict[str, Any]) -> None:
    text = json.dumps({"kind": "Airgap", "spec": spec}, default=str)
    with contextlib.suppress(Problem):
        read_airgap(text)


NAMES = st.sampled_from(
    ["airgap.yaml", "app.tar.gz", "images/a", "images/../../x", "/etc/x", "./airgap.yaml", "a" * 300]
)


async def _through(path: Path, folder: Path) -> None:
    async for _ in airgap.Shelf(path, folder).filled([Move("nginx:1", "r.example/nginx:1")]):
        pass


@bounded
@given(st.dictionaries(NAMES, st.binary(max_size=60) | st.just(bundles.about()), max_size=4), st.binary(max_size=20))
def test_any_bundle_is_read_or_refused_and_writes_nowhere_else(files: dict[str, bytes], more: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.airgap"
        path.write_bytes(bundles.tarred(files, mode="w:gz")[: -len(more) or None] + more)
        inside = Path(folder) / "inside"
        inside.mkdir()
        with contextlib.suppress(Problem):
            airgap.read_bundle(path)
        with contextlib.suppress(Problem):
            asyncio.run(_through(path, inside))
        assert {one.name for one in Path(folder).iterdir()} == {"x.airgap", "inside"}
