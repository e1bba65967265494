"""A bundle's signature is checked by the licence's own key, and says no more than it covers."""

import base64

import pytest
import yaml

from changeover.package.airgap import read_airgap
from changeover.package.airgap_signature import Verdict, judge
from changeover.package.licence import Licence, read_licence
from changeover.package.licence_signature import read_keys
from tests import bundles
from tests.licences import Portal, public


def licence(portal: Portal = Portal()) -> Licence:  # noqa: B008 - frozen
    return read_licence(portal.licence(), file="acme.yaml")


def unsigned() -> Licence:
    document = yaml.safe_load(Portal().licence())
    del document["spec"]["signature"]
    return read_licence(yaml.safe_dump(document), file="acme.yaml")


def verdict(signature: str, held: Licence | None, *keys: str) -> tuple[Verdict, str]:
    about = read_airgap(bundles.about(signature=signature, appSlug="letters").decode())
    found = judge(about, held, [key for text in keys for key in read_keys(text, file="k")])
    return found.verdict, found.words


@pytest.mark.parametrize("version", ["v1beta1", "v1beta2"])
def test_the_vendor_s_own(version: str) -> None:
    portal = Portal(version=version)
    assert verdict(portal.sign(1, b"letters"), licence(portal))[0] is Verdict.RIGHT
    assert verdict(portal.sign(1, b"letters"), licence())[0] is Verdict.RIGHT


def test_a_given_key_serves_where_the_licence_holds_none() -> None:
    signature = Portal().sign(1, b"letters")
    assert verdict(signature, unsigned(), public(1))[0] is Verdict.RIGHT
    assert verdict(signature, unsigned(), public(0))[0] is Verdict.WRONG
    assert verdict(signature, unsigned()) == (
        Verdict.UNCHECKED,
        "the licence holds no key of the vendor, and none was given",
    )


@pytest.mark.parametrize(
    "signature",
    [
        Portal().sign(0, b"letters"),
        Portal().sign(1, b"other"),
        Portal().sign(1, b""),
        base64.b64encode(b"x" * 256).decode(),
        "no base64",
    ],
)
def test_another_s_is_wrong(signature: str) -> None:
    assert verdict(signature, licence())[0] is Verdict.WRONG


def test_the_licence_of_another_application() -> None:
    assert verdict(Portal().sign(1, b"letters"), licence(Portal(application="cards"))) == (
        Verdict.WRONG,
        "the licence is for cards, the bundle for letters",
    )


def test_what_cannot_be_checked_says_why() -> None:
    assert verdict("", licence()) == (Verdict.UNCHECKED, "the bundle has no signature")
    assert verdict(Portal().sign(1, b"letters"), None)[0] is Verdict.UNCHECKED
