"""The shipped profile and all ten packages are what Changeover reads, and carry the facts they stand for."""

from pathlib import Path

import pytest
import yaml

from changeover.package.package import Form, read_package
from changeover.release.documents import ChannelDocument, parse, release_of
from changeover.release.profile import Profile
from workbench.releases import components, vendor
from workbench.releases.__main__ import build
from workbench.releases.history import VERSIONS, Version
from workbench.releases.objects import Options

ROOT = Path(__file__).parents[2]
OPTIONS = Options()


def version(number: str) -> Version:
    return next(one for one in VERSIONS if one.number == number)


def named(number: str, kind: str, name: str) -> dict:
    objects = [raw for found in components.files(version(number), OPTIONS).values() for raw in found]
    return next(raw for raw in objects if (raw["kind"], raw["metadata"]["name"]) == (kind, name))


def test_the_shipped_profile_is_valid() -> None:
    profile = Profile.model_validate(yaml.safe_load((ROOT / "src/changeover/profiles/workbench.yaml").read_text()))
    assert profile.sessions
    assert profile.sessions.receipt
    assert profile.sessions.receipt.annotation == "wb.example/disposalStatus"
    assert {one.claim for one in profile.data} == {"data-wb-store-0", "data-wb-db-0"}


@pytest.mark.parametrize("one", VERSIONS, ids=lambda one: one.number)
def test_each_package_is_read_and_says_its_version(one: Version, tmp_path: Path) -> None:
    build(tmp_path, OPTIONS)
    package = read_package({path.name: path.read_bytes() for path in (tmp_path / one.number).iterdir()}, one.number)
    assert package.form is Form.KOTS
    assert release_of(package).version == one.number
    assert not [document.where for document in package.documents if document.problem]


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        build(tmp_path / name, OPTIONS)
    one, two = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*.*")
            if path.is_file()
        }
        for name in ("a", "b")
    )
    assert one == two


def test_the_channel_lists_all_in_order() -> None:
    channel = parse(ChannelDocument, vendor.channel(), source="channel.yaml")
    assert [one.version for one in channel.releases] == [one.number for one in VERSIONS]


def test_selectors_change_with_2022_08() -> None:
    before, after = (named(one, "StatefulSet", "wb-store")["spec"] for one in ("2022.07.1", "2022.08.0"))
    assert before["selector"] != after["selector"]
    assert before["volumeClaimTemplates"] != after["volumeClaimTemplates"]


def test_hotfixes_restart_no_pod() -> None:
    for before, after in (("2022.09.0", "2022.09.2"), ("2022.11.0", "2022.11.3")):
        for name in ("wb-proxy", "wb-manager", "wb-dashboard"):
            assert (
                named(before, "Deployment", name)["spec"]["template"]
                == named(after, "Deployment", name)["spec"]["template"]
            )


def test_the_broken_ones_are_broken() -> None:
    image = named("2022.12.1", "Deployment", "wb-proxy")["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image.endswith(":does-not-exist")
    container = named("2022.12.2", "Deployment", "wb-dashboard")["spec"]["template"]["spec"]["containers"][0]
    assert container["readinessProbe"]["httpGet"]["path"] == "/never"
