"""The Release document and a channel's listing."""

import pytest

from changeover.package.package import read_package
from changeover.release import catalog, documents, merge
from changeover.release.documents import ChannelDocument, InvalidDocument, ReleaseDocument
from changeover.release.profile import Profile
from changeover.release.versions import Scheme

FULL = {
    "apiVersion": "changeover.dev/v1alpha1",
    "kind": "Release",
    "version": "2022.09.0",
    "scheme": "calver",
    "requires": {"from": ">=2022.08"},
    "support": {"until": "2023-09-30"},
    "data": {"reads": "1..2", "writes": 2},
    "guide": [
        {"id": "g", "severity": "breaking", "text": "t", "appliesWhen": {"from": "<2022.08", "answers": {"a": "1"}}}
    ],
    "config": {"renames": {"old": "new"}},
    "withdrawn": "",
    "profile": {"soakSeconds": 5},
}


def test_a_full_document_is_read() -> None:
    found = documents.parse(ReleaseDocument, FULL, source="x")
    assert found.requires.from_ == ">=2022.08"
    assert found.data is not None
    assert (found.data.reads, found.data.writes) == ((1, 2), 2)
    assert found.guide[0].applies_when is not None
    assert found.profile is not None
    assert found.profile.soak_seconds == 5


@pytest.mark.parametrize(("reads", "read"), [(2, (2, 2)), ("1..2", (1, 2)), ([1, 2], (1, 2))])
def test_epochs_may_be_written_in_three_ways(reads: object, read: tuple[int, int]) -> None:
    found = documents.parse(ReleaseDocument, {**FULL, "data": {"reads": reads, "writes": 2}}, source="x")
    assert found.data is not None
    assert found.data.reads == read


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2022.1}, "version: Input should be a valid string"),
        ({"colour": "red"}, "colour: Extra inputs"),
        ({"data": {"reads": "2..1", "writes": 1}}, "must be in order"),
        ({"data": {"reads": "one", "writes": 1}}, "data.reads"),
        ({"guide": [{"id": "g"}]}, "guide.0.text"),
        ({"version": "main"}, "main"),
    ],
)
def test_every_wrong_field_is_named(change: dict[str, object], words: str) -> None:
    with pytest.raises((InvalidDocument, documents.versions.UnreadableVersion)) as caught:
        documents.parse(ReleaseDocument, {**FULL, **change}, source="release.yaml line 1")
    assert words in str(caught.value)


def test_a_package_without_one_claims_nothing() -> None:
    package = read_package({"x.yaml": b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"}, "x")
    found = documents.release_of(package)
    assert (found.version, found.data, found.guide) == ("", None, ())


def test_the_schema_names_what_people_write() -> None:
    assert {"requires", "support", "data", "guide", "withdrawn"} <= documents.schema()["properties"].keys()


def _listing(*releases: dict[str, object]) -> ChannelDocument:
    data = {"kind": "Channel", "metadata": {"name": "stable"}, "releases": list(releases)}
    return documents.parse(ChannelDocument, data, source="channel.yaml")


def test_a_listing_becomes_a_catalog_in_order() -> None:
    found = catalog.catalog_of(
        _listing(
            {"version": "2022.09.0", "cursor": 2, "package": "b.tgz", "required": True},
            {"version": "2022.08.0", "cursor": 1, "package": "a.tgz", "createdAt": "2022-08-26T00:00:00Z"},
            {"version": "2022.10.0", "cursor": 3, "package": "c.tgz", "withdrawn": "loses data"},
        )
    )
    assert [release.version for release in found.releases] == ["2022.08.0", "2022.09.0", "2022.10.0"]
    assert (found.name, found.scheme) == ("stable", Scheme.CALVER)
    assert found.newest is not None
    assert found.newest.version == "2022.09.0"
    assert [release.version for release in found.newer_than("2022.08.0")] == ["2022.09.0"]
    assert [release.version for release in found.newer_than("2022.08.5")] == ["2022.09.0"]


@pytest.mark.parametrize(
    "second", [{"version": "b", "cursor": 1, "package": "b"}, {"version": "a", "cursor": 2, "package": "b"}]
)
def test_a_cursor_or_version_twice_is_refused(second: dict[str, object]) -> None:
    with pytest.raises(catalog.UnknownRelease):
        catalog.catalog_of(_listing({"version": "a", "cursor": 1, "package": "a"}, second))


def test_profiles_are_merged_per_key_and_origins_told() -> None:
    shipped = Profile.model_validate({"soakSeconds": 10, "announceSeconds": 10, "data": [{"name": "d", "claim": "c"}]})
    own = Profile.model_validate({"announceSeconds": 20})
    release = Profile.model_validate({"soakSeconds": 120})
    merged = merge.merge_profiles((("release", release), ("operator", own), ("shipped", shipped), ("none", None)))
    assert (merged.profile.soak_seconds, merged.profile.announce_seconds) == (120, 20)
    assert merged.profile.data[0].claim == "c"
    assert merged.origins == {"soakSeconds": "release", "announceSeconds": "operator", "data": "shipped"}
